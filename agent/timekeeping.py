"""Monotonic time, and instants that carry their quality (OCMF 1.4.1, time states U I S R).

Durations are differences of `up_ms`, which never wraps and never steps. An instant is noted as
(boot, up_ms) and, when the clock was known, its Unix second. An instant noted before the clock was
known is filled in later from the same boot's first synchronisation, but only in records that no
one has seen yet: a record sent once keeps its bytes for ever.
"""

import struct

from .const import const

UNKNOWN = "U"
INFORMATIVE = "I"
SYNCHRONISED = "S"
RELATIVE = "R"  # reckoned backwards by the monotonic clock from a later synchronisation
QUALITIES = "UISR"

# No charger of this kind existed earlier: a clock that says less has just been reset.
EARLIEST_S = const(1546300800)  # 2019-01-01T00:00:00Z
LATEST_S = const(4102444800)  # 2100-01-01, well inside an unsigned 32-bit second
STEP_S = const(2)  # a smaller correction is drift, not news
_CORRECTION_S = const(3600)  # a fast clock may be put back by this much behind the floor
_FLOOR_EVERY_S = const(3600)

_FILL = "<III"
_FILL_SIZE = const(12)
_FILLS = "timefill"


class Instant:
    """A moment: (boot, up_ms), with `unix_s` (int or None) and a quality letter."""

    def __init__(self, boot, up_ms, unix_s, quality):
        self.boot = boot
        self.up_ms = up_ms
        self.unix_s = unix_s
        self.quality = quality


class Timekeeper:
    """The charger's idea of the time.

    volume: hal volume; boot: this boot's number, which only grows; floor_s: no trusted time may be earlier.
    Raises OSError where the volume does.
    """

    def __init__(self, volume, boot, floor_s):
        self._volume = volume
        self.boot = boot
        self._base_ms = None
        self._contradicted = False  # the last source said less than can be believed
        self.quality = UNKNOWN
        self.floor_s = max(floor_s, EARLIEST_S)
        self._fills = {}
        data = volume.read(_FILLS) or b""
        for at in range(0, len(data) - _FILL_SIZE + 1, _FILL_SIZE):
            told_boot, base_s, from_seq = struct.unpack_from(_FILL, data, at)
            self._fills[told_boot] = (base_s, from_seq)

    def unix_s(self, up_ms):
        """Unix seconds at `up_ms` of this boot, or None while unknown."""
        if self._base_ms is None:
            return None
        return (self._base_ms + up_ms) // 1000

    def least_s(self, up_ms):
        """The Unix second that has certainly come: the floor, and while the clock is unknown the uptime."""
        if self._base_ms is None:
            return self.floor_s + up_ms // 1000
        return self.floor_s

    def unix_ms(self, up_ms):
        """Unix milliseconds at `up_ms` of this boot, or None while unknown."""
        return None if self._base_ms is None else self._base_ms + up_ms

    def now(self, up_ms):
        """This moment as an Instant."""
        return Instant(self.boot, up_ms, self.unix_s(up_ms), self.quality)

    def set(self, up_ms, unix_ms, quality, next_unseen_seq, signed=False):
        """Take a time from outside. Returns True when it is news (first, or a step), False else.

        ValueError when it is well before the floor or later than 2100: such a clock is not believed.
        signed: the service vouches for it, and may put back what a wrong clock has raised.
        next_unseen_seq: the first record number that has not been handed to the link in this boot.
        """
        new_s = unix_ms // 1000
        floor_s = EARLIEST_S if signed else max(EARLIEST_S, self.floor_s - _CORRECTION_S)
        if new_s < floor_s:
            self._contradicted = True
            raise ValueError("time: %d is before the last trusted instant" % new_s)
        if new_s >= LATEST_S:
            raise ValueError("time: %d is after 2100" % new_s)
        before = self.unix_s(up_ms)
        base_ms = unix_ms - up_ms
        if before is None:
            fills = dict(self._fills)
            fills[self.boot] = (base_ms // 1000, next_unseen_seq)
            self._save_fills(fills)  # first durable, then told: a resend must find the same
        self._base_ms = base_ms
        self._contradicted = False
        self.quality = quality
        if signed and new_s < self.floor_s:
            self.floor_s = new_s
        return before is None or abs(new_s - before) >= STEP_S

    def raise_floor(self, up_ms):
        """Note hourly that it is not earlier than now any more. True when the floor has risen.

        Not while a source says less: a clock that was led forward would otherwise never be put right.
        """
        now_s = self.unix_s(up_ms)
        if self._contradicted:
            return False
        if now_s is None or self.quality != SYNCHRONISED or now_s - self.floor_s < _FLOOR_EVERY_S:
            return False
        self.floor_s = now_s
        return True

    def settle(self, instant, seq):
        """(unix_s or None, quality) of an instant as record `seq` tells it, now and at every resend."""
        if instant.unix_s is not None:
            return instant.unix_s, instant.quality
        fill = self._fills.get(instant.boot)
        if fill is None or seq < fill[1]:
            return None, UNKNOWN
        return fill[0] + instant.up_ms // 1000, RELATIVE

    def forget_before(self, boot):
        """Drop what is needed for records of earlier boots only."""
        kept = {b: self._fills[b] for b in self._fills if b >= boot}
        if len(kept) < len(self._fills):
            self._save_fills(kept)

    def _save_fills(self, fills):
        data = b"".join(struct.pack(_FILL, b, *fills[b]) for b in sorted(fills))
        self._volume.write(_FILLS, data)
        self._fills = fills
