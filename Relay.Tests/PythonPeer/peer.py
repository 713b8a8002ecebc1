"""What the peers share: reporting, one JSON object a line."""
import json
import sys
import time


def report(event, **fields):
    """Times are CLOCK_MONOTONIC, which all processes of a machine share."""
    print(json.dumps(dict(fields, event=event, at=time.monotonic())), flush=True)


def argument(number):
    return sys.argv[number]
