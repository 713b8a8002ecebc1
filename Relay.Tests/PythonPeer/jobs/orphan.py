"""Ends at once, with 6, and leaves a process behind that prints when it is told to."""
import subprocess
import sys

import relay_writer

relay_writer.attach(sys.argv[1], sys.argv[2])
subprocess.Popen(["sh", "-c", "read line; echo $line"])
print("job")
sys.exit(6)
