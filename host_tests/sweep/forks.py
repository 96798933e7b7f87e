"""Fork, wait and end, on CPython and on MicroPython's unix port."""

import sys

try:
    import ffi
except ImportError:
    ffi = None

if ffi is None:
    import os
    import signal

    fork = os.fork
    leave = os._exit

    def say(line):
        os.write(1, (line + "\n").encode())

    def wait():
        """(process, status) of a child that ended."""
        return os.waitpid(-1, 0)

    def limit(seconds):
        """End this process if it lives longer."""
        signal.alarm(seconds)

else:
    _libc = ffi.open(None)
    fork = _libc.func("i", "fork", "")
    leave = _libc.func("v", "_exit", "i")
    limit = _libc.func("I", "alarm", "I")
    _waitpid = _libc.func("i", "waitpid", "ipi")

    def say(line):
        sys.stdout.write(line + "\n")

    def wait():
        status = bytearray(4)
        process = _waitpid(-1, status, 0)
        return process, status[0] | status[1] << 8
