"""Prints in every way a job may print, then ends in the way that argv[3] names."""
import ctypes
import multiprocessing
import os
import signal
import subprocess
import sys

import relay_writer

attached = relay_writer.attach(sys.argv[1], sys.argv[2])
libc = ctypes.CDLL(None)

print("print")
os.write(1, b"os.write\xff\n")
subprocess.run(["sh", "-c", "echo subprocess; echo a warning >&2"])
child = os.fork()
if child == 0:
    print("fork")
    sys.exit(9)
os.waitpid(child, 0)
worker = multiprocessing.get_context("fork").Process(target=print, args=("multiprocessing",))
worker.start()
worker.join()
libc.puts(b"libc")
libc.fflush(None)

end = sys.argv[3]
if end == "exit":
    sys.exit(3)
if end == "raise":
    raise RuntimeError("nobody catches this")
if end == "caught":
    try:
        sys.exit(3)
    except SystemExit:
        pass
if end == "with":
    with attached:
        sys.exit(4)
if end == "segfault":
    ctypes.string_at(0)
if end == "os._exit":
    os._exit(5)
if end == "kill":
    os.kill(os.getpid(), signal.SIGKILL)
