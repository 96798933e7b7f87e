"""The highest read counter of every card that proved itself, in flash.

    file sun/<two hex digits>:   card ...  | crc32 u32 of all before it
    card:                        UID 7 | counter 3, low byte first

128 files of at most 11 cards each: 114 bytes, which LittleFS keeps inside the directory entry. A UID's
file is the low bits of its CRC-32. A file that is full makes room by forgetting cards that the caller
knows no more; if it knows them all, the new one is refused: a counter that is forgotten is a replay let in.
"""

import binascii
import struct

from .const import const

FILES = const(128)
MOST = const(11)  # cards in a file
_SIZE = const(10)


class SunCounters:
    """volume: hal volume; its OSErrors go through. known: called with a UID, whether it still matters."""

    def __init__(self, volume, known):
        self._volume = volume
        self._known = known

    def last(self, uid):
        """The highest counter accepted of this card, -1 for none. ValueError when the file is damaged."""
        cards = self._load(_path(uid))
        at = _find(cards, uid)
        if at < 0:
            return -1
        return cards[at + 7] | cards[at + 8] << 8 | cards[at + 9] << 16

    def accept(self, uid, counter):
        """Keep `counter` for the card: True when it is durable and higher than the one before.

        Only then may the card be accepted. ValueError when the file is damaged.
        """
        if counter <= self.last(uid):
            return False
        path = _path(uid)
        cards = self._load(path)
        entry = uid + bytes((counter & 0xFF, counter >> 8 & 0xFF, counter >> 16))
        at = _find(cards, uid)
        if at >= 0:
            cards = cards[:at] + entry + cards[at + _SIZE :]
        else:
            if len(cards) >= MOST * _SIZE:
                cards = self._needed(cards)
            if len(cards) >= MOST * _SIZE:
                return False
            cards += entry
        self._volume.write(path, cards + struct.pack("<I", binascii.crc32(cards) & 0xFFFFFFFF))
        return True

    def _needed(self, cards):
        kept = b""
        for at in range(0, len(cards), _SIZE):
            if self._known(cards[at : at + 7]):
                kept += cards[at : at + _SIZE]
        return kept

    def _load(self, path):
        data = self._volume.read(path)
        if not data:
            return b""
        cards = bytes(data[:-4])
        crc = struct.pack("<I", binascii.crc32(cards) & 0xFFFFFFFF)
        if len(cards) % _SIZE or len(cards) > MOST * _SIZE or crc != data[-4:]:
            # nobody is let in on a counter that cannot be read
            raise ValueError("sun counters: damaged")
        return cards


def _path(uid):
    return "sun/%02x" % (binascii.crc32(uid) & (FILES - 1))


def _find(cards, uid):
    for at in range(0, len(cards), _SIZE):
        if cards[at : at + 7] == uid:
            return at
    return -1
