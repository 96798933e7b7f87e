"""The card of the running session, so that a list that comes after a power cut can still revoke it.

    session u32 | type u8 | UID length u8 | UID 10 | crc32 u32

It never leaves flash: outside, a card is its keyed reference.
"""

import binascii
import struct

from .const import const
from .subscribers import TYPES

_PATH = "card"
_FORM = "<IBB10s"
_SIZE = const(20)


class CardFile:
    """volume: hal volume. OSError from the volume goes through."""

    def __init__(self, volume):
        self._volume = volume

    def write(self, number, card):
        """Keep the (kind, uid) of session `number`."""
        kind, uid = card
        data = struct.pack(_FORM, number, TYPES.index(kind), len(uid), uid)
        self._volume.write(_PATH, data + struct.pack("<I", binascii.crc32(data) & 0xFFFFFFFF))

    def read(self, number):
        """The (kind, uid) of session `number`, or None."""
        data = self._volume.read(_PATH)
        if not data or len(data) != _SIZE:
            return None
        if struct.unpack_from("<I", data, 16)[0] != binascii.crc32(data[:16]) & 0xFFFFFFFF:
            return None
        session, kind, size, uid = struct.unpack_from(_FORM, data)
        return (TYPES[kind], uid[:size]) if session == number else None
