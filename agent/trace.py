"""The last decisions about access, in RAM: what support asks for when somebody says "it did not let me in".

    rule 3 | method u8 | quality u8 | offline u8 | count u16 | list version u32 | up_ms u64 | unix_s u32 | ref 4

A card is the first 4 bytes of its keyed reference. The same decision again only counts, so that a card
that is left on the reader does not push out what came before.
"""

import binascii
import struct

from .access import reason_of
from .const import const
from .timekeeping import QUALITIES

DECISIONS = const(16)
METHODS = ("none", "rfid_list", "rfid_online", "app_ble", "app_cloud", "rfid_guest")

_FORM = "<3sBBBHIQI4s"
_SIZE = const(28)
_NO_CARD = b"\x00\x00\x00\x00"
assert struct.calcsize(_FORM) == _SIZE


class Trace:
    """A ring of DECISIONS entries."""

    def __init__(self):
        self._ring = bytearray(DECISIONS * _SIZE)
        self._count = 0  # of all that ever came in

    def note(self, now, rule, method, ref, list_version, offline):
        """Keep one decision. now: Instant; rule, method, ref: str."""
        card = binascii.unhexlify(ref[:8]) if ref else _NO_CARD
        at = (self._count - 1) % DECISIONS * _SIZE
        count = 1
        name = rule.encode()
        if self._count:
            old = struct.unpack_from(_FORM, self._ring, at)
            if (_name(old[0]), old[1], old[8]) == (rule, METHODS.index(method), card):
                count = min(old[4] + 1, 0xFFFF)
        if count == 1:
            self._count += 1
            at = (self._count - 1) % DECISIONS * _SIZE
        struct.pack_into(
            _FORM,
            self._ring,
            at,
            name,
            METHODS.index(method),
            QUALITIES.index(now.quality),
            int(offline),
            count,
            list_version,
            now.up_ms,
            now.unix_s or 0,
            card,
        )

    def rows(self):
        """The decisions as JSON-able dicts, oldest first (docs/wire/schemas/trace.json)."""
        rows = []
        for n in range(max(0, self._count - DECISIONS), self._count):
            packed = struct.unpack_from(_FORM, self._ring, n % DECISIONS * _SIZE)
            rule, method, quality, offline, count, list_version, up_ms, unix_s, card = packed
            rows.append(
                {
                    "up_ms": up_ms,
                    "at": {"t": unix_s or None, "q": QUALITIES[quality]},
                    "rule": _name(rule),
                    "reason": reason_of(_name(rule)),
                    "method": METHODS[method],
                    "card": "" if card == _NO_CARD else binascii.hexlify(card).decode(),
                    "list_version": list_version,
                    "offline": bool(offline),
                    "count": count,
                }
            )
        return rows


def _name(padded):
    return padded.rstrip(b"\x00").decode()
