"""The card of the running session, so that a list that comes after a power cut can still revoke it.

    session u32 | 2 u8 | the card's key in the list 12 | crc32 u32

The 2 is the format: 1 held a UID.
"""

import binascii
import struct

from .const import const

_PATH = "card"
_FORM = "<IB12s"
_FORMAT = const(2)
_SIZE = const(21)


class CardFile:
    """volume: hal volume. OSError from the volume goes through."""

    def __init__(self, volume):
        self._volume = volume

    def write(self, number, key):
        """Keep the card of session `number`: its 12-byte key."""
        data = struct.pack(_FORM, number, _FORMAT, key)
        self._volume.write(_PATH, data + struct.pack("<I", binascii.crc32(data) & 0xFFFFFFFF))

    def read(self, number):
        """The key of the card of session `number`, or None."""
        data = self._volume.read(_PATH)
        if not data or len(data) != _SIZE:
            return None
        if struct.unpack_from("<I", data, 17)[0] != binascii.crc32(data[:17]) & 0xFFFFFFFF:
            return None
        session, form, key = struct.unpack_from(_FORM, data)
        return key if form == _FORMAT and session == number else None
