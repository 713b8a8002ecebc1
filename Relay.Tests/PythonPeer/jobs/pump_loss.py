"""Kills the pump under itself, and goes on printing more than a pipe holds; so does a child that was there before."""
import os
import signal
import subprocess
import sys

import relay_writer

relay_writer.attach(sys.argv[1], sys.argv[2])
child = subprocess.Popen(["sh", "-c", "read line; seq 300000 >&2; echo child $? >&2"], stdin=subprocess.PIPE)
print("before")
sys.stdin.readline()


def is_pump(process):
    try:
        with open("/proc/%s/cmdline" % process) as line:
            return line.read().endswith("pump of %s\0" % sys.argv[1])
    except OSError:
        return False


os.kill(next(int(process) for process in os.listdir("/proc") if process.isdigit() and is_pump(process)), signal.SIGKILL)
for number in range(300000):
    print(number)
child.communicate(b"go\n")
sys.exit(4)
