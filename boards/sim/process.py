"""Restart of the simulated processor: the process replaces itself, its number stays.

MicroPython on a computer has no exec; it has ffi.
"""

import struct
import sys


def restart(command):
    """Run `command` (a list, program first) in place of this process. Does not return.

    Where the interpreter cannot do it the process ends with code 3: start it again.
    """
    try:
        import ffi
        import uctypes
    except ImportError:
        try:
            from os import execv
        except ImportError:
            print("reset: start the charger again")
            sys.exit(3)
        execv(command[0], command)
    libc = ffi.open(None)
    close = libc.func("i", "close", "i")
    for handle in range(3, 64):
        close(handle)  # else the next boot finds its own control port taken
    texts = [part.encode() + b"\0" for part in command]
    form = "P" * (len(texts) + 1)
    table = bytearray(struct.calcsize(form))
    struct.pack_into(form, table, 0, *([uctypes.addressof(text) for text in texts] + [0]))
    libc.func("i", "execv", "sP")(command[0], table)
    print("reset: %s cannot be run" % command[0])
    sys.exit(3)
