"""Small state in two generations: whichever power cut comes, one whole generation stands.

    generation  u32   the later one of the two valid slots counts; after 2^32 - 1 comes 0
    size        u8
    state       0..119 bytes
    crc32       u32   over all before it

128 bytes at most, because LittleFS keeps such a file inside its directory entry (micropython.md
section 3), and a folder of their own, because a commit rewrites its neighbours now and then: 33 erases for
1,000 commits of 100 bytes, 15 for 1,000 of 32.
"""

import binascii
import struct

from .const import const

_HEAD = "<IB"
_HEAD_SIZE = const(5)
LONGEST = const(119)


class Slots:
    """State kept in turn in two files of the folder `name`. OSError where the volume gives one."""

    def __init__(self, volume, name):
        self._volume = volume
        self._paths = (name + "/0", name + "/1")
        self.generation = 0
        self.state = None
        for path in self._paths:
            found = _parse(volume.read(path))
            if found and (self.state is None or _later(found[0], self.generation)):
                self.generation, self.state = found

    def save(self, state):
        """Make `state` (at most 119 bytes) the one that counts. Durable on return."""
        if len(state) > LONGEST:
            raise ValueError("slot: %d bytes, %d fit" % (len(state), LONGEST))
        generation = (self.generation + 1) & 0xFFFFFFFF
        data = struct.pack(_HEAD, generation, len(state)) + state
        data += struct.pack("<I", binascii.crc32(data) & 0xFFFFFFFF)
        self._volume.overwrite(self._paths[generation & 1], data)
        self.generation = generation
        self.state = bytes(state)


def _later(a, b):
    """Whether generation `a` follows `b`, by the shorter way round."""
    return 0 < (a - b) & 0xFFFFFFFF < 1 << 31


def _parse(data):
    if not data or len(data) < _HEAD_SIZE + 4:
        return None
    generation, size = struct.unpack_from(_HEAD, data)
    if len(data) != _HEAD_SIZE + size + 4:
        return None
    (crc,) = struct.unpack_from("<I", data, _HEAD_SIZE + size)
    if crc != binascii.crc32(data[:-4]) & 0xFFFFFFFF:
        return None
    return generation, bytes(data[_HEAD_SIZE : _HEAD_SIZE + size])
