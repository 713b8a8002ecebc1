#!/usr/bin/env python3
"""Reads what a SparkLogRelay has of a job, live. One file, standard library only, Python 3.7 or newer.

    python3 relay_reader.py nightly --url http://relay:8160        exits as the job did

    import relay_reader
    for chunk in relay_reader.read("nightly", "http://relay:8160"):
        ...                                                        # bytes of stdout, as they arrive

A lost connection or a restart of the relay costs no byte: the next request goes on at the next offset. docs/python.md says the rest.
"""
import argparse
import http.client
import json
import os
import random
import re
import select
import signal
import socket
import ssl
import threading
import time
import urllib.parse
from typing import Any, Callable, Dict, Iterator, List, Optional, Tuple

DEFAULT_URL = "http://127.0.0.1:8160"
BLOCK_BYTES = 64 * 1024
ANSWER_SECONDS = 30.0
FIRST_CONNECT_SECONDS = 5.0
RETRYABLE = ("storage_full", "storage_failed", "server_stopping", "internal_error", "connection_lost", "too_many_requests", "limit_reached")
MOST_ASKED_SECONDS = 30.0  # no relay is believed that it wants to be left alone for longer

REFUSED, UNREACHABLE, NOT_FOUND, BYTES_MISSING, GONE = 100, 103, 104, 106, 110
EXIT_CODES = {
    "invalid_session_id": 2, "session_not_found": NOT_FOUND, "session_deleted": GONE, "session_expired": GONE, "session_replaced": GONE,
    "connection_lost": UNREACHABLE}


class RelayError(Exception):
    """The relay said no, or there is none. code is one of docs/protocol.md, section 3, or connection_lost."""

    def __init__(self, code: str, detail: str, retry_after: Optional[str] = None) -> None:
        super().__init__(detail)
        self.code = code
        self.wait = min(MOST_ASKED_SECONDS, float(retry_after)) if retry_after and retry_after.isdigit() else 0.0


class Reader:
    """One output of one session."""

    def __init__(
            self, session: str, url: Optional[str] = None, *, output: str = "stdout", follow: bool = True, start: int = 0, tail: Optional[int] = None,
            wait: bool = False, token: Optional[str] = None, ca: Optional[str] = None, on_gap: Optional[Callable[[str], None]] = None) -> None:
        parts = urllib.parse.urlsplit(url or os.environ.get("RELAY_URL") or DEFAULT_URL)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("The relay's url is %r; it must begin with http:// or https:// and name a host." % parts.geturl())
        if session in ("", ".", ".."):
            raise ValueError("The session's id is %r; it must have 1-256 UTF-8 bytes and not be . or .." % session)
        if output not in ("stdout", "stderr"):
            raise ValueError("output is %r; it must be stdout or stderr." % output)
        ca = ca or os.environ.get("RELAY_CA")
        try:
            self._tls = ssl.create_default_context(cafile=ca) if parts.scheme == "https" else None
        except OSError as error:  # of which ssl.SSLError is one
            raise ValueError("ca is %r; it must be a PEM file with certificates: %s" % (ca, error))
        self.offset = start  # of the next byte
        self.status: Dict[str, Any] = {}  # of the session, as it was asked for last
        self._parts, self._output, self._follow, self._tail, self._wait, self._on_gap = parts, output, follow, tail, wait, on_gap
        self._headers = {"Authorization": "Bearer " + (token or os.environ["RELAY_TOKEN"])} if token or os.environ.get("RELAY_TOKEN") else {}
        session = urllib.parse.quote(session, safe="")
        self._status_path = "%s/logging_session/%s" % (parts.path.rstrip("/"), session)
        self._read_path = "%s/logs/%s/read/%s" % (parts.path.rstrip("/"), session, output)
        self._began = time.monotonic()
        self._created_at = None  # type: Optional[str]

    def __iter__(self) -> Iterator[bytes]:
        delay = 0.1
        while True:
            asked = 0.0
            try:
                self._check_session()
                if self._tail is not None:
                    self.offset, self._tail = self._start_of_tail(self._tail), None
                for chunk in self._body("from=%d%s" % (self.offset, "&follow=true" if self._follow else "")):
                    delay = 0.1
                    self.offset += len(chunk)
                    yield chunk
                self._check_session()
                return
            except RelayError as error:
                if error.code in ("bytes_missing", "range_not_satisfiable"):
                    self._skip(error)
                    continue
                if not self._is_worth_another_try(error):
                    raise
                asked = error.wait
            except (OSError, http.client.HTTPException) as error:
                lost = RelayError("connection_lost", "%s could not be reached: %s" % (self._parts.geturl(), error))
                if not self._is_worth_another_try(lost):
                    raise lost
            time.sleep(asked + delay * (0.5 + random.random() / 2))
            delay = min(2.0, delay * 2)

    def _is_worth_another_try(self, error: RelayError) -> bool:
        if self._created_at or self._wait:
            return error.code in RETRYABLE or error.code == "session_not_found" and not self._created_at
        return error.code in RETRYABLE and time.monotonic() - self._began < FIRST_CONNECT_SECONDS

    def _check_session(self) -> None:
        """The bytes go on only if the session is still the one that they came from."""
        response = self._get(self._status_path)
        try:
            self.status = json.loads(response.read())
            self._created_at = self._created_at or self.status["created_at"]
        except (ValueError, KeyError, TypeError):
            raise RelayError("connection_lost", "%s is no relay: it answers with something else" % self._parts.geturl())
        if self.status["created_at"] != self._created_at:
            raise RelayError("session_replaced", "The session was deleted and created anew; this is not the one that was read so far.")

    def _start_of_tail(self, lines: int) -> int:
        """Counts the last lines' bytes first, so that reading them can be resumed by offset."""
        counted: List[int] = []
        headers: Dict[str, str] = {}
        for chunk in self._body("tail=%d" % lines, headers):
            counted.append(len(chunk))
        return int(headers["Relay-Next-Offset"]) - sum(counted)

    def _skip(self, error: RelayError) -> None:
        """Goes on behind bytes that the relay does not have, and says so."""
        behind = re.search(r"\?from=(\d+)", str(error))
        # Without a place, what was read did not survive a failure of the relay's disk: what comes next stands where the output ends now.
        offset = int(behind.group(1)) if behind else int(self._get(self._read_path, "HEAD").headers["Relay-Next-Offset"])
        if self._on_gap:
            self._on_gap("bytes of %s are missing from offset %d on: %s" % (self._output, self.offset, error))
        self.offset = offset

    def _body(self, query: str, headers: Optional[Dict[str, str]] = None) -> Iterator[bytes]:
        response = self._get("%s?%s" % (self._read_path, query))
        if headers is not None:
            headers.update(response.headers)
        with response:
            while True:
                chunk = response.read1(BLOCK_BYTES)  # raises IncompleteRead when the relay broke the body off
                if not chunk:
                    break
                yield chunk
            if response.length:
                raise http.client.IncompleteRead(b"", response.length)

    def _get(self, path: str, method: str = "GET") -> http.client.HTTPResponse:
        patience = ANSWER_SECONDS if self._created_at else FIRST_CONNECT_SECONDS
        host, port = self._parts.hostname or "", self._parts.port
        connection = (
            http.client.HTTPSConnection(host, port, timeout=patience, context=self._tls) if self._tls
            else http.client.HTTPConnection(host, port, timeout=patience))
        connection.request(method, path, headers=dict(self._headers, Connection="close"))
        sock = connection.sock
        response = connection.getresponse()
        if response.status >= 300:
            raise _refusal(response)
        sock.settimeout(None)  # a job may be silent for hours; a relay that vanished is found by keep-alive
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for name, seconds in (("TCP_KEEPIDLE", 10), ("TCP_KEEPINTVL", 5), ("TCP_KEEPCNT", 3)):
            if hasattr(socket, name):
                sock.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), seconds)
        return response


def _refusal(response: http.client.HTTPResponse) -> RelayError:
    retry_after = response.getheader("Retry-After")
    try:
        problem = json.loads(response.read())
        return RelayError(problem["code"], problem["detail"], retry_after)
    except (ValueError, KeyError, TypeError):
        # Something in between answered, such as a proxy.
        is_passing = response.status >= 500 or response.status in (404, 408, 425, 429)
        return RelayError("connection_lost" if is_passing else "refused", "HTTP %d %s" % (response.status, response.reason), retry_after)


def read(session: str, url: Optional[str] = None, **options: Any) -> Iterator[bytes]:
    """
    The bytes of one output, from the beginning and, unless follow is off, until the job completed or its writer left.

    url      address of the relay, by default $RELAY_URL, else http://127.0.0.1:8160
    output   stdout (default) or stderr
    follow   stay and wait for what comes; on by default
    start    offset of the first byte; or tail: begin at the last so many lines
    wait     wait for a session or a relay that is not there yet
    token    sent as Authorization: Bearer, by default $RELAY_TOKEN
    ca       PEM file with the authorities that may have issued the relay's certificate, by default $RELAY_CA, else the system's
    on_gap   called with a line of text where bytes are missing

    RelayError: refused, or no relay could be reached within 5 s. A connection that is lost later is made again, for as long as it takes.
    """
    return iter(Reader(session, url, **options))


class Display:
    """Both outputs of a session on our own."""

    def __init__(self, readers: List[Tuple[int, Reader]]) -> None:
        self._readers = readers
        self._failures: List[int] = []
        self._is_incomplete = False
        self._lock = threading.Lock()

    def run(self) -> int:
        threads = [threading.Thread(target=self._show, args=pair, daemon=True) for pair in self._readers]
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads) and not self._failures:
            for thread in threads:
                thread.join(0.05)
        if self._failures:
            return self._failures[0]
        if self._is_incomplete:
            return BYTES_MISSING
        return next((reader.status["exit_code"] & 0xFF for _, reader in self._readers if reader.status.get("exit_code") is not None), 0)

    def say_gap(self, message: str) -> None:
        self._is_incomplete = True
        self._say(message)

    def _show(self, target: int, reader: Reader) -> None:
        try:
            for chunk in reader:
                _write_all(target, chunk)
        except RelayError as error:
            self._fail(EXIT_CODES.get(error.code, REFUSED), str(error))
        except BrokenPipeError:
            self._fail(128 + signal.SIGPIPE, None)  # nobody reads our output any more
        except OSError as error:
            self._fail(BYTES_MISSING, "cannot write the log: %s" % error)

    def _fail(self, exit_code: int, message: Optional[str]) -> None:
        with self._lock:
            if not self._failures and message:
                self._say(message)
            self._failures.append(exit_code)

    @staticmethod
    def _say(message: str) -> None:
        _write_all(2, ("relay_reader: %s\n" % message).encode())


def _write_all(target: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        try:
            rest = rest[os.write(target, rest):]
        except BlockingIOError:
            select.select([], [target], [])


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> Any:
        self.exit(2, "relay_reader: %s\nrelay_reader: 'relay_reader.py --help' shows how it is used.\n" % message)


def main() -> int:
    parser = _Parser(prog="relay_reader", description="Shows a job's stdout and stderr, byte for byte, and exits as the job did.", epilog=(
        "Exit codes: the job's own once it completed; else 0 all was shown, 2 wrong command line, 100 refused, 103 no relay could be reached, "
        "104 no such session, 106 bytes are missing, 110 the session is gone, 130 interrupted, 141 nobody reads, 143 terminated."))
    parser.add_argument("session", metavar="SESSION", help="the session's id")
    parser.add_argument("--url", help="address of the relay (default $RELAY_URL, else %s)" % DEFAULT_URL)
    parser.add_argument("--ca", metavar="FILE", help="PEM file with the relay's authorities (default $RELAY_CA)")
    parser.add_argument("--output", choices=("stdout", "stderr", "both"), default="both", help="what to show (default both)")
    parser.add_argument("--no-follow", action="store_true", help="show what there is and stop")
    parser.add_argument("--tail", type=int, metavar="N", help="begin at the last N lines of each output")
    parser.add_argument("--wait", action="store_true", help="wait for a session or a relay that is not there yet")
    options = parser.parse_args()
    if options.tail is not None and options.tail < 0:
        parser.error("--tail must be 0 or more")
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda which, _: os._exit(128 + which))
    readers: List[Tuple[int, Reader]] = []
    display = Display(readers)
    try:
        for target, output in enumerate(("stdout", "stderr"), 1):
            if options.output in (output, "both"):
                readers.append((target, Reader(
                    options.session, options.url, output=output, follow=not options.no_follow, tail=options.tail, wait=options.wait, ca=options.ca,
                    on_gap=display.say_gap)))
    except ValueError as error:
        parser.error(str(error))
    return display.run()


if __name__ == "__main__":
    os._exit(main())  # a reader of the other output may be blocked; nothing is buffered
