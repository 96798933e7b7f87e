"""Makes umqtt.simple importable under CPython too: `make setup` has put it in .deps/lib.

Version 1.3.4 asks for the u-names that MicroPython gives its modules. Nothing to do on MicroPython.
"""

import sys

if sys.implementation.name == "cpython":
    import binascii
    import socket
    import struct
    from pathlib import Path

    for module in (binascii, socket, struct):
        sys.modules.setdefault("u" + module.__name__, module)
    sys.path.append(str(Path(__file__).resolve().parents[2] / ".deps" / "lib"))
