"""Sends each line of stdin, with its newline, as one text message; closes at the end of stdin: writer.py URL"""
import sys

import websocket

from peer import argument, report

try:
    connection = websocket.create_connection(argument(1), timeout=30)
except websocket.WebSocketBadStatusException as refusal:
    report("refused", status=refusal.status_code)
    sys.exit(1)

report("open")
for line in sys.stdin:
    connection.send(line)
    report("sent", text=line)
connection.close()
report("closed")
