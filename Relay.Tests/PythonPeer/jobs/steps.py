"""For each line on stdin, prints so many numbered lines; then says on stderr that it did. Keeps at most argv[3] bytes for the relay."""
import sys

import relay_writer

with relay_writer.attach(sys.argv[1], sys.argv[2], buffer_bytes=int(sys.argv[3])):
    for number, count in enumerate(sys.stdin):
        for line in range(int(count)):
            print("step %d, line %d" % (number, line))
        print("step %d" % number, file=sys.stderr)
