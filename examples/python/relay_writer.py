#!/usr/bin/env python3
"""Sends what a job prints to a SparkLogRelay, live. One file, standard library only, Python 3.7 or newer, Linux or macOS.

In a job, before anything is printed and before a SparkSession is made:

    import relay_writer
    relay_writer.attach("nightly", "http://relay:8160")

Or around any command: python3 relay_writer.py --session nightly --url http://relay:8160 -- COMMAND…

attach() puts pipes in the place of file descriptors 1 and 2, so it gets what the process, its subprocesses, its forks, its JVM and its C
extensions write. A pump process of its own passes the bytes on to where they would have gone and delivers them to the relay; it needs
nothing of the job, so it goes on when the job holds the GIL, crashes or is killed. docs/python.md says what is promised.
"""
import argparse
import atexit
import collections
import faulthandler
import fcntl
import http.client
import inspect
import io
import json
import os
import random
import select
import signal
import socket
import ssl
import struct
import subprocess
import sys
import termios
import threading
import time
import urllib.parse
import uuid
import warnings
from typing import Any, Callable, Deque, Dict, List, Optional, Sequence, Tuple

DEFAULT_URL = "http://127.0.0.1:8160"
OUTPUTS = ("stdout", "stderr")
PIPE_BYTES = 1024 * 1024
BLOCK_BYTES = 64 * 1024
ACK_BYTES = 4 * 1024 * 1024  # an upload ends after so many bytes: its answer says that they are durable, and frees the buffer
ACK_SECONDS = 10.0  # or so long after its first byte
ANSWER_SECONDS = 30.0  # longest silence of a relay that was asked
UNREACHED_SECONDS = 2.0  # longest wait at the end for a relay that was never reached
ORPHAN_SECONDS = 3.0  # how long the log of a job that ended is open for its background processes
STALL_SECONDS = 3.0  # a relay that took nothing for so long does not slow the job
MOST_ASKED_SECONDS = 30.0  # no relay is believed that it wants to be left alone for longer
LEASE_SECONDS = 30.0  # how long another writer, who may be dead already, is waited for
RETRYABLE = ("storage_full", "storage_failed", "server_stopping", "internal_error", "connection_lost", "too_many_requests", "limit_reached", "fenced")


class Refused(Exception):
    """The relay said no."""

    def __init__(self, status: int, code: str, detail: str, retry_after: Optional[str] = None) -> None:
        super().__init__(detail)
        self.code = code
        self.wait = min(MOST_ASKED_SECONDS, float(retry_after)) if retry_after and retry_after.isdigit() else 0.0
        # Without a problem document it was something in between that answered, such as a proxy.
        self.is_final = code not in RETRYABLE if code else status < 500 and status not in (404, 408, 425, 429)


class Relay:
    """Where a run's bytes go."""

    def __init__(
            self, session: str, url: str, labels: Optional[Dict[str, str]] = None, token: Optional[str] = None, ca: Optional[str] = None) -> None:
        if session in ("", ".", ".."):
            raise ValueError("The session's id is %r; it must have 1-256 UTF-8 bytes and not be . or .." % session)
        parts = urllib.parse.urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("The relay's url is %r; it must begin with http:// or https:// and name a host." % url)
        self.url, self.host, self.port, self.authority = url, parts.hostname, parts.port, parts.netloc.rpartition("@")[2]
        self.tls = _trust(ca) if parts.scheme == "https" else None
        self.run = "py-" + uuid.uuid4().hex
        self.was_reached, self.distrust = False, ""
        self._token, self._labels = token, labels or {}
        self._prefix, self._session = parts.path.rstrip("/"), urllib.parse.quote(session, safe="")
        self._is_created, self._lock = False, threading.Lock()

    def write_path(self, output: str) -> str:
        return "%s/logs/%s/write/%s" % (self._prefix, self._session, output)

    def headers(self) -> List[str]:
        return ["Host: " + self.authority] + (["Authorization: Bearer " + self._token] if self._token else [])

    def create_session(self, channel: "Channel") -> None:
        """On the first connect only: a session that was deleted meanwhile must not rise again."""
        with self._lock:
            if not self._is_created:
                channel.ask("PUT", "%s/logging_session/%s" % (self._prefix, self._session), {"labels": self._labels})
                self._is_created = self.was_reached = True

    def complete(self, channel: "Channel", exit_code: Optional[int], totals: Dict[str, int]) -> None:
        channel.ask("POST", "%s/logging_session/%s/complete" % (self._prefix, self._session), {
            "run": self.run, "exit_code": exit_code, "totals": {name: {"bytes": count} for name, count in totals.items()}})


def _trust(ca: Optional[str]) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=ca)
    except OSError as error:  # of which ssl.SSLError is one
        raise ValueError("ca is %r; it must be a PEM file with certificates: %s" % (ca, error))


class Channel:
    """An HTTP/1.1 connection that notices an answer while its request is still on the way, which http.client does not."""

    def __init__(self, relay: Relay) -> None:
        connection = (
            http.client.HTTPSConnection(relay.host, relay.port, timeout=5, context=relay.tls) if relay.tls
            else http.client.HTTPConnection(relay.host, relay.port, timeout=5))
        try:
            connection.connect()
        except ssl.SSLCertVerificationError as error:
            relay.distrust = ": its certificate is not trusted, %s" % error.verify_message
            raise
        self.sock, self._relay, self._method, self._ahead = connection.sock, relay, "", b""
        self.sock.settimeout(ANSWER_SECONDS)
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for name, seconds in (("TCP_KEEPIDLE", 10), ("TCP_KEEPINTVL", 5), ("TCP_KEEPCNT", 3)):
            if hasattr(socket, name):
                self.sock.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), seconds)

    def ask(self, method: str, path: str, body: Any = None) -> Tuple[http.client.HTTPResponse, Dict[str, Any]]:
        content = b"" if body is None else json.dumps(body).encode()
        self.begin(method, path, "Content-Type: application/json", "Content-Length: %d" % len(content))
        self.sock.sendall(content)
        return self.answer()

    def begin(self, method: str, path: str, *headers: str) -> None:
        self._method = method
        head = ["%s %s HTTP/1.1" % (method, path)] + self._relay.headers() + list(headers)
        self.sock.sendall("".join(line + "\r\n" for line in head + [""]).encode("ascii"))

    def send_chunk(self, data: bytes) -> None:
        """Sends a piece of a chunked body; an empty one ends it."""
        self.sock.sendall(b"%x\r\n%b\r\n" % (len(data), data))

    def has_answer(self) -> bool:
        self.sock.settimeout(0)
        try:
            data = self.sock.recv(4096)
        except (BlockingIOError, ssl.SSLWantReadError):
            return False
        finally:
            self.sock.settimeout(ANSWER_SECONDS)
        if not data:
            raise ConnectionError("the relay closed the connection")
        self._ahead += data
        return True

    def answer(self) -> Tuple[http.client.HTTPResponse, Dict[str, Any]]:
        response = http.client.HTTPResponse(self, method=self._method)  # type: ignore[arg-type]
        response.begin()
        try:
            document = json.loads(response.read() or b"{}")
        except ValueError:
            document = {}
        if response.status >= 300:
            detail = document.get("detail") or "HTTP %d %s" % (response.status, response.reason)
            raise Refused(response.status, document.get("code") or "", detail, response.getheader("Retry-After"))
        return response, document

    def makefile(self, *_: Any) -> io.BufferedReader:
        """What HTTPResponse reads from: first what was received ahead of the answer's turn."""
        return io.BufferedReader(_Received(self))

    def take(self, count: int) -> bytes:
        if self._ahead:
            taken, self._ahead = self._ahead[:count], self._ahead[count:]
            return taken
        return self.sock.recv(count)

    def close(self) -> None:
        self.sock.close()


class _Received(io.RawIOBase):
    def __init__(self, channel: Channel) -> None:
        super().__init__()
        self._channel = channel

    def readable(self) -> bool:
        return True

    def readinto(self, target: Any) -> int:
        data = self._channel.take(len(target))
        target[:len(data)] = data
        return len(data)


class Buffer:
    """The bytes of one output that the relay may not have yet, by their offset in the relay's log. When full, it drops the oldest."""

    def __init__(self, name: str, limit: int) -> None:
        self.name, self.limit = name, limit
        self.dropped = 0  # bytes whose place a notice has taken
        self.origin = 0  # offset of this run's first byte
        self.settled = 0  # the relay has everything below
        self._base = self._start = self.end = 0  # first byte of the first block; first byte that is kept; next byte
        self._blocks: Deque[bytearray] = collections.deque()
        self._lock = threading.Lock()

    @property
    def pending(self) -> int:
        return self.end - self.settled

    def has_room(self, count: int) -> bool:
        return self.end - self._start + count <= self.limit

    def append(self, data: bytes) -> None:
        with self._lock:
            rest = memoryview(data)
            while rest:
                if not self._blocks or len(self._blocks[-1]) == BLOCK_BYTES:
                    self._blocks.append(bytearray())
                room = BLOCK_BYTES - len(self._blocks[-1])
                self._blocks[-1] += rest[:room]
                rest = rest[room:]
            self.end += len(data)
            if self.end - self._start > self.limit:
                self._advance(self.end - self.limit * 3 // 4)  # more than needed: one notice for many bytes, not many for few

    def read(self, offset: int) -> Optional[bytes]:
        """Up to a block from there; empty at the end, None when it was dropped."""
        with self._lock:
            if offset < self._start:
                return None
            index, within = divmod(offset - self._base, BLOCK_BYTES)
            return bytes(self._blocks[index][within:]) if offset < self.end else b""

    def begin_at(self, offset: int) -> None:
        """Before anything was sent: the run begins at this offset of the log."""
        with self._lock:
            self._shift(offset - self.origin)
            self.origin = self.settled = offset

    def lacks(self, offset: int) -> bool:
        return offset < self._start

    def settle(self, offset: int) -> None:
        """The relay has everything below. If what it needs next was dropped, a notice takes that place: a log must not look whole when it is not."""
        with self._lock:
            lost = self._start - offset
            if lost > 0:
                notice = b""
                for _ in range(3):  # the notice overwrites the first bytes that are kept, so its own length counts
                    text = "\n[relay_writer: %d bytes of %s were dropped here: the relay was away and the buffer of %d bytes was full]\n"
                    notice = (text % (lost + len(notice), self.name, self.limit)).encode()
                for i, byte in enumerate(notice, self._start - self._base):
                    self._blocks[i // BLOCK_BYTES][i % BLOCK_BYTES] = byte
                self.dropped += lost + len(notice)
                self._shift(-lost)
            self.settled = offset
            self._advance(offset)

    def _shift(self, distance: int) -> None:
        self._base, self._start, self.end = self._base + distance, self._start + distance, self.end + distance

    def _advance(self, offset: int) -> None:
        self._start = max(self._start, offset)
        while self._blocks and self._base + BLOCK_BYTES <= self._start:
            self._blocks.popleft()
            self._base += BLOCK_BYTES


class Copier(threading.Thread):
    """Passes a pipe on to the descriptor that it has replaced, as the bytes come."""

    def __init__(self, source: int, target: int, also: Callable[[bytes], None]) -> None:
        super().__init__(daemon=True)
        self.ended = threading.Event()
        self._source, self._target, self._also = source, target, also
        self._is_busy = False

    def run(self) -> None:
        is_passing = True
        while True:
            select.select([self._source], [], [])
            self._is_busy = True
            data = os.read(self._source, BLOCK_BYTES)
            if not data:
                break
            self._also(data)
            is_passing = is_passing and _write_all(self._target, data)
            self._is_busy = False
        self.ended.set()

    def is_drained(self) -> bool:
        if self.ended.is_set():
            return True
        # In this order: what is no longer in the pipe was read by a copier that is busy until it has passed it on.
        return self.waiting() == 0 and not self._is_busy

    def waiting(self) -> int:
        """How many bytes are in the pipe."""
        return struct.unpack("i", fcntl.ioctl(self._source, termios.FIONREAD, b"\0\0\0\0"))[0]


def _write_all(target: int, data: bytes) -> bool:
    """Blocks as the job would. False when nobody reads there any more: the job and its log go on."""
    rest = memoryview(data)
    while rest:
        try:
            rest = rest[os.write(target, rest):]
        except BlockingIOError:
            select.select([], [target], [])
        except OSError:
            return False
    return True


class Lane:
    """One output on its way to the relay."""

    def __init__(self, name: str, relay: Relay, limit: int, on_refusal: Callable[[Refused], None]) -> None:
        self.buffer = Buffer(name, limit)
        self.is_refused = False
        self._relay, self._path, self._on_refusal = relay, relay.write_path(name), on_refusal
        self._ack_bytes = min(ACK_BYTES, limit // 4)
        self._closed, self._flush = threading.Event(), threading.Event()
        self._uploads = self._sent = 0
        self._held_since: Optional[float] = None
        self._moved: Optional[float] = None  # when the relay took something last, while it is connected
        self.taken = 0
        self._ear, self._bell = os.pipe()  # wakes the delivery from its select
        os.set_blocking(self._ear, False)
        os.set_blocking(self._bell, False)
        self._thread = threading.Thread(target=self._deliver, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def take(self, data: bytes) -> None:
        """A full buffer slows the job to the pace of a relay that takes what it is sent, and drops the oldest bytes when none does."""
        while not self.buffer.has_room(len(data)) and self._is_moving():
            time.sleep(0.01)
        if not self._closed.is_set() and not self.is_refused:
            self.buffer.append(data)
            self._ring()
        self.taken += len(data)

    def _is_moving(self) -> bool:
        moved = self._moved
        return moved is not None and time.monotonic() - moved < STALL_SECONDS and not self._closed.is_set() and not self.is_refused

    def flush(self, wanted: bool) -> None:
        """While wanted, what is sent is acknowledged at once."""
        (self._flush.set if wanted else self._flush.clear)()
        self._ring()

    def close(self) -> None:
        self._closed.set()
        self._ring()

    def has_all(self) -> bool:
        """Whether nothing is left to deliver now."""
        return self.is_refused or self.buffer.pending == 0

    def is_done(self) -> bool:
        return self._closed.is_set() and self.has_all() or self.is_refused

    def has_ended(self) -> bool:
        return not self._thread.is_alive()

    def _ring(self) -> None:
        try:
            os.write(self._bell, b"!")
        except BlockingIOError:
            pass  # it rings already

    def _deliver(self) -> None:
        delay = 0.1
        while not self.is_done():
            asked = 0.0
            try:
                channel = Channel(self._relay)
                try:
                    self._find_place(channel)
                    delay = 0.1
                    while not self.is_done():
                        self._upload(channel)
                finally:
                    self._moved = None
                    channel.close()
            except Refused as refusal:
                asked = refusal.wait
                if self._is_final(refusal):
                    self.is_refused = True
                    self.buffer.settle(self.buffer.end)
                    self._on_refusal(refusal)
            except (OSError, http.client.HTTPException, ValueError, KeyError):
                pass  # the connection is lost, or something else than a relay answered
            if not self.is_done():
                time.sleep(asked + delay * (0.5 + random.random() / 2))
                delay = min(2.0, delay * 2)

    def _is_final(self, refusal: Refused) -> bool:
        if refusal.code == "writer_already_connected":
            self._held_since = self._held_since or time.monotonic()
            return time.monotonic() - self._held_since > LEASE_SECONDS
        if refusal.code in ("offset_before_run", "offset_mismatch") and self._uploads == 1:
            self._uploads = 0  # somebody else appended between our two requests: begin behind that
            return False
        return refusal.is_final

    def _find_place(self, channel: Channel) -> None:
        self._relay.create_session(channel)
        offset = self._next_offset(channel)
        if self._uploads == 0:
            self.buffer.begin_at(offset)
        elif offset > self._sent:
            raise Refused(409, "offset_mismatch", "Another writer has written to the output meanwhile.")
        elif offset < self.buffer.settled:
            raise Refused(409, "session_replaced", "The session no longer has what it had: it was deleted and created anew, or the relay lost its disk.")
        if self.buffer.lacks(offset):
            # Before a notice is put there, an upload of ours that the relay may still be reading must have ended.
            self._uploads += 1
            _, answer = channel.ask("PUT", self._upload_path(offset))
            offset = int(answer["offset"])
        self._sent = offset
        self.buffer.settle(offset)

    def _next_offset(self, channel: Channel) -> int:
        response, _ = channel.ask("HEAD", self._path)
        return int(response.headers["Relay-Next-Offset"])

    def _upload_path(self, offset: int) -> str:
        return "%s?offset=%d&run=%s" % (self._path, offset, self._relay.run)

    def _upload(self, channel: Channel) -> None:
        """One request. It stays open while the job is silent, so that readers know that there is a writer."""
        begin = offset = self.buffer.settled
        since = 0.0
        self._uploads += 1
        channel.begin("PUT", self._upload_path(begin), "Transfer-Encoding: chunked")
        while not channel.has_answer():
            data = self.buffer.read(offset)
            if data:
                if offset + len(data) - begin >= self._ack_bytes:
                    data = data[:data.rfind(b"\n") + 1] or data  # whole lines: a relay that masks secrets finds none that two uploads share
                since = since or time.monotonic()
                channel.send_chunk(data)
                offset += len(data)
                self._moved = time.monotonic()
                self._sent = max(self._sent, offset)
            patience = since + ACK_SECONDS - time.monotonic() if since else None
            if data is None or offset - begin >= self._ack_bytes or patience is not None and patience <= 0:
                break
            if data:
                continue
            if self._closed.is_set() or since and self._flush.is_set():
                break
            select.select([channel.sock, self._ear], [], [], patience)
            try:
                os.read(self._ear, 4096)
            except BlockingIOError:
                pass
        else:
            channel.answer()
            raise ConnectionError("the relay answered before the request was whole")
        channel.send_chunk(b"")
        _, answer = channel.answer()
        self._held_since, self._moved = None, time.monotonic()
        self.buffer.settle(int(answer["offset"]))


class Pump:
    """Passes both outputs on, and delivers them."""

    def __init__(self, settings: Dict[str, Any], sources: Sequence[int], targets: Sequence[int]) -> None:
        self.relay = Relay(settings["session"], settings["url"], settings["labels"], settings["token"], settings["ca"])
        self._flush_timeout, self._completes, self._stderr = settings["flush_timeout"], settings["complete"], targets[1]
        self._lanes = [Lane(name, self.relay, settings["buffer_bytes"], self._refused) for name in OUTPUTS]
        self._copiers = [Copier(source, target, lane.take) for source, target, lane in zip(sources, targets, self._lanes)]
        self._has_spoken, self._has_given_up, self._has_finished = False, False, False
        self._lock = threading.Lock()

    def start(self) -> None:
        for part in self._copiers + self._lanes:  # type: ignore[operator]
            part.start()

    def sync(self) -> None:
        """Waits until the relay has what was printed so far, as long as the flush time-out allows; else gives up for good."""
        for lane in self._lanes:
            lane.flush(True)
        self._has_given_up = not self._wait(time.monotonic(), lambda: self._is_drained() and all(lane.has_all() for lane in self._lanes))
        for lane in self._lanes:
            lane.flush(False)
        if self._has_given_up:
            self._say_what_is_missing()

    def finish(self, exit_code: Optional[int], grace: float) -> None:
        """The job is over: delivers the rest, and completes the session."""
        if self._has_finished:
            return
        self._has_finished = True
        orphans_until = time.monotonic() + grace
        for copier in self._copiers:
            copier.ended.wait(max(0.0, orphans_until - time.monotonic()))
        since = time.monotonic()
        # A background process may never stop printing; what the job itself left behind is not more than a pipe.
        ends = [lane.taken + PIPE_BYTES for lane in self._lanes]
        is_whole = self._wait(since, lambda: all(
            copier.is_drained() or lane.taken >= end for copier, lane, end in zip(self._copiers, self._lanes, ends)))
        for lane in self._lanes:
            lane.close()
        if not self._has_given_up:
            is_whole = is_whole and self._wait(since, lambda: all(lane.has_ended() for lane in self._lanes))
            self._has_given_up = not (is_whole and self._complete(since, exit_code))
            if self._has_given_up:
                self._say_what_is_missing()

    def pass_on(self) -> None:
        """What still has the outputs open goes on writing to where it would have written."""
        for copier in self._copiers:
            copier.ended.wait()

    def _wait(self, since: float, condition: Callable[[], bool]) -> bool:
        while not condition():
            most = self._flush_timeout if self.relay.was_reached else min(UNREACHED_SECONDS, self._flush_timeout)
            if time.monotonic() - since >= most:
                return False
            time.sleep(0.01)
        return True

    def _is_drained(self) -> bool:
        return all(copier.is_drained() for copier in self._copiers)

    def _complete(self, since: float, exit_code: Optional[int]) -> bool:
        if not self._completes or any(lane.is_refused for lane in self._lanes):
            return True
        over = threading.Event()

        def attempt() -> None:
            while not over.is_set():
                asked = 0.0
                try:
                    channel = Channel(self.relay)
                    try:
                        self.relay.create_session(channel)
                        totals = {lane.buffer.name: lane.buffer.end - lane.buffer.origin for lane in self._lanes}
                        self.relay.complete(channel, exit_code, totals)
                        over.set()
                    finally:
                        channel.close()
                except Refused as refusal:
                    asked = refusal.wait
                    if refusal.is_final:
                        self._refused(refusal)
                        over.set()
                except (OSError, http.client.HTTPException, ValueError):
                    pass
                over.wait(asked + 0.2)

        threading.Thread(target=attempt, daemon=True).start()
        return self._wait(since, over.is_set)

    def _refused(self, refusal: Refused) -> None:
        self._say("the relay refused the log, and the job goes on without it: %s" % refusal)

    def _say_what_is_missing(self) -> None:
        missing = [
            (lane.buffer.pending + lane.buffer.dropped + copier.waiting(), lane.buffer.name) for lane, copier in zip(self._lanes, self._copiers)]
        counts = " and ".join("%d bytes of %s" % lost for lost in missing if lost[0])
        why = self.relay.url + (" did not take them in time" if self.relay.was_reached else " could not be reached" + self.relay.distrust)
        self._say("%s were not delivered: %s" % (counts, why) if counts else "the log was not completed: %s" % why)

    def _say(self, message: str) -> None:
        with self._lock:
            if not self._has_spoken:
                self._has_spoken = True
                _write_all(self._stderr, ("relay_writer: %s\n" % message).encode())


def _open_pipe() -> Tuple[int, int]:
    read, write = os.pipe()
    if sys.platform == "linux":
        try:
            fcntl.fcntl(write, 1031, PIPE_BYTES)  # F_SETPIPE_SZ, which has a name since 3.10 only
        except OSError:
            pass  # the user's share of pipe memory is used up
    return read, write


def pump_main(descriptor: int, sources: Sequence[int]) -> None:
    """The pump process: lives until nobody has the outputs open any more."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
        signal.signal(number, signal.SIG_IGN)  # they are meant for the job, whose end this process waits for
    control = socket.socket(fileno=descriptor)
    messages = control.makefile("rb")
    pump = Pump(json.loads(messages.readline()), sources, (1, 2))
    pump.start()
    exit_code = None
    try:
        for line in iter(messages.readline, b""):
            message = json.loads(line)
            exit_code = message["exit_code"]
            pump.finish(exit_code, 0) if message["detach"] else pump.sync()
            control.sendall(b"done\n")
    except OSError:
        pass  # the job died at this very moment
    pump.finish(exit_code, ORPHAN_SECONDS)
    pump.pass_on()


# What pump processes run. The intermediate process ends at once, so that the job never meets the pump among its own children.
_BOOTSTRAP = """import os, sys
if os.fork(): os._exit(0)
sys.path = [folder for folder in sys.path if folder]  # not the current one: it may hold a queue.py or the like
code = compile(open(%d, "rb").read(), "relay_writer.py", "exec")
names = {"__name__": "relay_writer"}
exec(code, names)
names["pump_main"](%d, (%d, %d))
"""


def _is_outermost() -> bool:
    """Whether the caller was called by the interpreter itself, at the end of the main module."""
    try:
        sys._getframe(2)
        return False
    except ValueError:
        return threading.current_thread() is threading.main_thread() and threading.main_thread().is_alive()


class _Exit(SystemExit):
    """What sys.exit() raises while attached. When nobody catches it, the interpreter drops it after the last frame: then its code is the job's."""

    def __del__(self) -> None:
        if _attached and _is_outermost():
            code = self.code
            _attached.exit_code = 0 if code is None else code & 0xFF if isinstance(code, int) else 1


class Attached:
    """A process whose outputs go to a relay; made by attach(). As a context manager it detaches at the end, with the exit code that follows from it."""

    def __init__(self, settings: Dict[str, Any]) -> None:
        self.session, self.exit_code = settings["session"], None  # type: str, Optional[int]
        self._settings, self._pid, self._is_over = settings, os.getpid(), True
        self._answered = threading.Event()
        self._rescuers: List[Copier] = []

    def begin(self) -> None:
        """Puts the pipes in place. Until then, and if that fails, everything else here does nothing."""
        self._originals = [os.dup(descriptor) for descriptor in (1, 2)]
        pipes = [_open_pipe() for _ in OUTPUTS]
        self._sources, ends = [pipe[0] for pipe in pipes], [pipe[1] for pipe in pipes]
        self._control, theirs = socket.socketpair()
        try:
            self._start_pump(theirs)
            _flush_python()
            for end, descriptor in zip(ends, (1, 2)):
                os.dup2(end, descriptor)
        except BaseException:
            self._let_go()
            raise
        finally:
            theirs.close()
            for end in ends:
                os.close(end)
        self._is_over = False
        os.environ[_MARK] = _mark(self._settings)
        self._follow_the_ends()

    def detach(self, exit_code: Optional[int] = None) -> None:
        """
        Gives the outputs back, delivers what was printed, and completes the session with this exit code, or None if it is not known. Returns
        when that is done, at the latest after the flush time-out.
        """
        if self._is_over or os.getpid() != self._pid:
            return
        self._is_over = True
        _flush_python()
        self._give_back()
        self._tell({"detach": True, "exit_code": exit_code})
        try:
            self._control.shutdown(socket.SHUT_RDWR)  # wakes our watch, which closing would not
        except OSError:
            pass  # the pump is gone
        self._let_go()
        os.environ.pop(_MARK, None)
        _forget(self)

    def __enter__(self) -> "Attached":
        return self

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        code = error.code if isinstance(error, SystemExit) else 0 if kind is None else ""
        if code is None or isinstance(code, int):
            self.detach((code or 0) & 0xFF)
        # Else a message or a traceback is still to come and belongs to the log: the end of the process does the rest.

    def _start_pump(self, theirs: socket.socket) -> None:
        source, feed = os.pipe()
        code = _BOOTSTRAP % (source, theirs.fileno(), self._sources[0], self._sources[1])
        try:
            starter = subprocess.Popen(
                [sys.executable or "python3", "-S", "-c", code, "relay_writer: pump of " + self.session],
                stdin=subprocess.DEVNULL, stdout=self._originals[0], stderr=self._originals[1], cwd="/", start_new_session=True,
                pass_fds=[source, theirs.fileno()] + self._sources)
            with open(feed, "wb") as text:
                text.write(inspect.getsource(sys.modules[__name__]).encode())  # also when the module came out of a zip archive
        finally:
            os.close(source)
        if starter.wait() != 0:
            raise OSError("%s ended with exit code %d" % (sys.executable, starter.returncode))
        self._control.sendall(json.dumps(self._settings).encode() + b"\n")

    def _follow_the_ends(self) -> None:
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, io.TextIOWrapper):
                stream.reconfigure(line_buffering=True)  # type: ignore[attr-defined]  # behind a pipe, lines would wait for a full buffer
        if not faulthandler.is_enabled():
            faulthandler.enable(2)  # type: ignore[arg-type]
        self._hook, self._exit = sys.excepthook, sys.exit

        def hook(kind: Any, error: Any, trace: Any) -> None:
            if _is_outermost() and not hasattr(sys, "ps1"):
                is_interrupt = issubclass(kind, KeyboardInterrupt) and sys.version_info >= (3, 8)
                self.exit_code = 130 if is_interrupt else 1
            self._hook(kind, error, trace)

        def leave(code: Any = None) -> None:
            raise _Exit(code)

        sys.excepthook, sys.exit = hook, leave  # type: ignore[assignment]
        self._hooks = (hook, leave)
        atexit.register(self._leave)
        # Python 3.12 and newer warn at every fork beside a thread. Ours is blocked in one system call and does no harm.
        warnings.filterwarnings("ignore", r"This process \(pid=\d+\) is multi-threaded, use of", DeprecationWarning)
        threading.Thread(target=self._watch, name="relay_writer", daemon=True).start()

    def _leave(self) -> None:
        """At the end of the interpreter. What comes later, such as a JVM's last lines, still goes through the pipes."""
        if self._is_over or os.getpid() != self._pid:
            return
        _flush_python()
        self._tell({"detach": False, "exit_code": self.exit_code})

    def _tell(self, message: Dict[str, Any]) -> None:
        try:
            self._control.sendall(json.dumps(message).encode() + b"\n")
            self._answered.wait(self._settings["flush_timeout"] + 2)
        except OSError:
            pass  # the pump is gone
        self._drain()

    def _drain(self) -> None:
        until = time.monotonic() + 1
        while not all(rescuer.is_drained() for rescuer in self._rescuers) and time.monotonic() < until:
            time.sleep(0.01)

    def _watch(self) -> None:
        try:
            while self._control.recv(64):
                self._answered.set()
        except OSError:
            pass
        self._answered.set()
        if not self._is_over and os.getpid() == self._pid:
            self._rescue()

    def _rescue(self) -> None:
        """The pump was killed: what it did for the original outputs is done here, so that nobody who writes meets a broken or a full pipe."""
        _write_all(self._originals[1], b"relay_writer: the process that delivers the log was killed; the job goes on without it\n")
        self._rescuers = [Copier(source, target, lambda data: None) for source, target in zip(self._sources, self._originals)]
        for rescuer in self._rescuers:
            rescuer.start()
        self._drain()  # first what is in the pipes, then what comes
        self._give_back()

    def _give_back(self) -> None:
        for original, descriptor in zip(self._originals, (1, 2)):
            os.dup2(original, descriptor)

    def _let_go(self) -> None:
        self._is_over = True
        if self._rescuers:
            return  # children may still write to the pipes
        self._control.close()
        for descriptor in self._originals + self._sources:
            os.close(descriptor)

    def _after_fork(self) -> None:
        """In a child: it writes to the same outputs, but their end is not its business."""
        self._rescuers = []
        self._let_go()


_attached: Optional[Attached] = None
_MARK = "_RELAY_WRITER"


def _mark(settings: Dict[str, Any]) -> str:
    """Names a log and the very pipes that lead to it."""
    return json.dumps([settings["url"], settings["session"]] + [os.fstat(descriptor).st_ino for descriptor in (1, 2)])


def attach(
        session: str, url: Optional[str] = None, *, labels: Optional[Dict[str, str]] = None, buffer_bytes: int = 32 * 1024 * 1024,
        flush_timeout: float = 10.0, complete: bool = True, token: Optional[str] = None, ca: Optional[str] = None) -> Attached:
    """
    From now on sends what this process and its children write to stdout and stderr to a session of a relay.

    session        its id; the session is created if it is missing
    url            address of the relay, by default $RELAY_URL, else http://127.0.0.1:8160
    labels         labels of the session, if this creates it
    buffer_bytes   for each output, what is kept while the relay is away; beyond it the oldest bytes are dropped, and a line in the log says so
    flush_timeout  how many seconds the end of the process waits for the delivery; at most 2 if the relay was never reached
    complete       whether the end of the process completes the session
    token          sent as Authorization: Bearer, by default $RELAY_TOKEN
    ca             PEM file with the authorities that may have issued the relay's certificate, by default $RELAY_CA, else the system's

    ValueError: an argument is wrong. RuntimeError: attached to another session already; the same one again changes nothing. If capturing
    cannot begin, one line on stderr says why, and the job goes on without it.
    """
    global _attached
    url = url or os.environ.get("RELAY_URL") or DEFAULT_URL
    ca = ca or os.environ.get("RELAY_CA")
    Relay(session, url, ca=ca)
    if buffer_bytes < 2 * BLOCK_BYTES or flush_timeout < 0:
        raise ValueError("buffer_bytes must be %d or more, flush_timeout 0 or more." % (2 * BLOCK_BYTES))
    if _attached:
        if _attached.session != session:
            raise RuntimeError("This process is attached to session %r already; detach() from it first." % _attached.session)
        return _attached
    settings = {
        "session": session, "url": url, "labels": {name: str(value) for name, value in (labels or {}).items()}, "buffer_bytes": buffer_bytes,
        "flush_timeout": flush_timeout, "complete": complete, "token": token or os.environ.get("RELAY_TOKEN"), "ca": ca}
    attached = Attached(settings)
    _open_missing_descriptors()
    if os.environ.get(_MARK) == _mark(settings):
        return attached  # a spawned child that runs the main module's attach() again: its parent's pipes have it already
    try:
        attached.begin()
        _attached = attached
    except OSError as error:
        _write_all(2, ("relay_writer: the job goes on without a log, which could not be begun: %s\n" % error).encode())
    return attached


def _forget(attached: Attached) -> None:
    global _attached
    _attached = None
    if sys.excepthook is attached._hooks[0]:
        sys.excepthook = attached._hook
    if sys.exit is attached._hooks[1]:
        sys.exit = attached._exit
    atexit.unregister(attached._leave)


def _after_fork() -> None:
    global _attached
    if _attached:
        _attached._after_fork()
        _attached = None


os.register_at_fork(after_in_child=_after_fork)


def _open_missing_descriptors() -> None:
    """A job may be started without some of 0, 1 and 2. Then a pipe of ours must not become one of them."""
    while True:
        descriptor = os.open(os.devnull, os.O_RDWR)
        if descriptor > 2:
            os.close(descriptor)
            return


def _flush_python() -> None:
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (AttributeError, OSError, ValueError):
            pass  # closed, or replaced by something that cannot


def _run_command(settings: Dict[str, Any], command: Sequence[str]) -> int:
    pipes = [_open_pipe() for _ in OUTPUTS]
    pump = Pump(settings, [pipe[0] for pipe in pipes], (1, 2))
    job: List[subprocess.Popen] = []

    def forward(number: int, _: Any) -> None:
        if job and not (number in (signal.SIGINT, signal.SIGQUIT) and os.isatty(0)):  # a terminal sends those to the command itself
            job[0].send_signal(number)

    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGUSR1, signal.SIGUSR2):
        signal.signal(number, forward)
    try:
        job.append(subprocess.Popen(command, stdout=pipes[0][1], stderr=pipes[1][1], env=dict({"PYTHONUNBUFFERED": "1"}, **os.environ)))
        failure = None
    except OSError as error:
        failure = error
        os.write(pipes[1][1], ("relay_writer: %s: %s\n" % (command[0], error.strerror)).encode())
    for pipe in pipes:
        os.close(pipe[1])
    pump.start()
    if failure:
        exit_code = 127 if isinstance(failure, FileNotFoundError) else 126
    else:
        exit_code = job[0].wait()
        exit_code = exit_code if exit_code >= 0 else 128 - exit_code
    pump.finish(exit_code, ORPHAN_SECONDS)
    return exit_code


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> Any:
        self.exit(2, "relay_writer: %s\nrelay_writer: 'relay_writer.py --help' shows how it is used.\n" % message)


def main() -> int:
    parser = _Parser(prog="relay_writer", description="Runs a command and sends its output to a relay.", usage=(
        "%(prog)s --session ID [--url URL] [--label NAME=VALUE]… [--flush-timeout SECONDS] -- COMMAND…"))
    parser.add_argument("--session", required=True, help="the session's id; created if it is missing")
    parser.add_argument("--url", default=os.environ.get("RELAY_URL") or DEFAULT_URL, help="address of the relay (default $RELAY_URL, else %(default)s)")
    parser.add_argument("--ca", default=os.environ.get("RELAY_CA") or None, metavar="FILE", help="PEM file with the relay's authorities (default $RELAY_CA)")
    parser.add_argument("--label", action="append", default=[], metavar="NAME=VALUE", help="a label of the session, if this creates it")
    parser.add_argument("--flush-timeout", type=float, default=10.0, metavar="SECONDS", help="how long to go on delivering (default %(default)g)")
    parser.add_argument("command", nargs=argparse.REMAINDER, help=argparse.SUPPRESS)
    options = parser.parse_args()
    command = options.command[1:] if options.command[:1] == ["--"] else options.command
    if not command:
        parser.error("the command is missing: relay_writer --session ID -- COMMAND…")
    if not all("=" in label for label in options.label):
        parser.error("a label must be NAME=VALUE")
    try:
        Relay(options.session, options.url, ca=options.ca)
    except ValueError as error:
        parser.error(str(error))
    return _run_command({
        "session": options.session, "url": options.url, "labels": dict(label.split("=", 1) for label in options.label),
        "buffer_bytes": 32 * 1024 * 1024, "flush_timeout": options.flush_timeout, "complete": True, "ca": options.ca,
        "token": os.environ.get("RELAY_TOKEN")}, command)


if __name__ == "__main__":
    sys.exit(main())
