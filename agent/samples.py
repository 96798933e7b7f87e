"""Register samples of one session: quarter hours of the clock, state changes, begin and end.

One sample is 7 bytes, so that a day of quarter hours fits in a record:

    offset_s  u24   seconds since the session began, 0..16777215 (194 days)
    taken_wh  u24   register minus the session's begin register, 0..16777215 (16 MWh)
    reason    u8    index in REASONS
"""

from .const import const

REASONS = ("begin", "clock", "state", "end", "resume", "month")
SIZE = const(7)
CHUNK = const(16)  # samples a file: 112 bytes and 9 more stay inline in LittleFS, see slots.py
MOST = const(112)  # a day of quarter hours and more; beyond, the older half is thinned
_TOP = const(0xFFFFFF)


def known(data):
    """Whether packed samples have reasons that this firmware knows."""
    for at in range(SIZE - 1, len(data), SIZE):
        if data[at] >= len(REASONS):
            return False
    return True


class Samples:
    """reg_begin_wh: Wh, the register that offsets count from; data: packed samples."""

    def __init__(self, reg_begin_wh, data=b""):
        self.reg_begin_wh = reg_begin_wh
        self._data = bytearray(data)
        self.thinned = 0  # how often room was made; tells old files from new ones in flash

    def __len__(self):
        return len(self._data) // SIZE

    def __getitem__(self, i):
        """(offset_s, register_wh, reason) of sample i. IndexError past the end."""
        if not 0 <= i < len(self):
            raise IndexError("sample")
        d = self._data
        at = i * SIZE
        offset_s = d[at] | d[at + 1] << 8 | d[at + 2] << 16
        taken_wh = d[at + 3] | d[at + 4] << 8 | d[at + 5] << 16
        return offset_s, self.reg_begin_wh + taken_wh, REASONS[d[at + 6]]

    def add(self, offset_s, register_wh, reason):
        """Append a sample. Returns False when it cannot be expressed (a register behind the begin)."""
        taken_wh = register_wh - self.reg_begin_wh
        if not 0 <= taken_wh <= _TOP or offset_s < 0:
            return False
        offset_s = min(offset_s, _TOP)
        d = self._data
        for value in (offset_s, taken_wh):
            d.append(value & 0xFF)
            d.append(value >> 8 & 0xFF)
            d.append(value >> 16)
        d.append(REASONS.index(reason))
        return True

    def thin(self):
        """Make room: drop every second clock or state sample of the older half."""
        old = self._data
        half = len(self) // 2
        kept = bytearray()
        for i in range(len(self)):
            if i >= half or i % 2 == 0 or old[i * SIZE + 6] not in (1, 2):
                kept.extend(old[i * SIZE : (i + 1) * SIZE])
        self._data = kept
        self.thinned += 1

    def packed(self):
        """All samples as they lie in flash."""
        return bytes(self._data)

    def chunk(self, n):
        """The bytes of the n-th file's worth of samples, b"" past the end."""
        return bytes(self._data[n * CHUNK * SIZE : (n + 1) * CHUNK * SIZE])
