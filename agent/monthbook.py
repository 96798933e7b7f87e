"""The month is closed on the charger (law 18): a record states what all records of a range add up to.

The range is exact and has no gap to the one before: it ends with the record just before the closing
one. So the service can prove that nothing is missing without trusting any clock. The sums are kept in a
small slot as sessions end, since acknowledged records may have left the flash by the month's end:

    month u16 | first_seq u32 | counted u32 | sessions u32 | unknown u32 | energy_wh u64 | seconds 5 x u32

`counted` is the last record that the sums know. What came after it, before a power cut, is read again.
"""

import struct

from . import calendar
from .const import const
from .packing import member
from .slots import Slots

_FORM = "<HIIIIQIIIII"
_SIZE = const(46)
assert struct.calcsize(_FORM) == _SIZE
_TIMES = ("connected", "charging", "ev_suspended", "evse_suspended", "outage")
_MOST_MONTHS = const(24)  # closed at once: longer in the dark than any charger's record is kept
_COUNTED = ("session_end", "month_closed")
_NEVER_S = const(1 << 40)
_MOST = const(0xFFFFFFFF)
_MOST_MONTH = const(0xFFFF)
_MOST_WH = const(0xFFFFFFFFFFFFFFFF)


class MonthBook:
    """volume: hal volume; ledger: Ledger. OSError from the volume goes through."""

    def __init__(self, volume, ledger):
        self._ledger = ledger
        self._slots = Slots(volume, "month")
        self._month = 0  # index of the open month, 0 while the clock was never known
        self._first = 1
        self._counted = 0
        self._clear()
        self._close_s = None
        if self._slots.state is not None and len(self._slots.state) == _SIZE:
            (
                self._month,
                self._first,
                self._counted,
                self._sessions,
                self._unknown,
                self._energy_wh,
                *self._seconds,
            ) = struct.unpack(_FORM, self._slots.state)
        if self._catch_up():
            self._save()  # before what was read again can leave the flash

    @property
    def opened(self):
        """Whether a month is open: from the first time that the clock was known."""
        return self._month != 0

    def ended(self):
        """A session's end record has just been written: count what is new."""
        self._catch_up()
        self._save()

    def due_s(self, config):
        """The Unix second at which the open month ends."""
        if not self._month:
            return _NEVER_S
        if self._close_s is None:
            local_s = calendar.start_of(self._month + 1)
            unix_s = local_s - config.utc_offset_s(local_s)
            self._close_s = local_s - config.utc_offset_s(unix_s)
        return self._close_s

    def rules_changed(self):
        """The offsets from UTC may be others now."""
        self._close_s = None

    def close(self, up_ms, now_s, config, write):
        """Open the first month, or close those that are over. write(kind, body) -> record number."""
        month = calendar.month_of(now_s + config.utc_offset_s(now_s))
        if not self._month:
            self._month = month
            self._save()
            return
        for _ in range(_MOST_MONTHS):
            if self._month >= month:
                return
            if not write(up_ms, "month_closed", self._body()):
                return
            self._begin(self._month + 1, self._ledger.last)
            self._save()
        self._begin(month, self._first)
        self._save()

    def _catch_up(self):
        """Count the records that are new; True when one of them matters here."""
        ledger = self._ledger
        news = False
        for seq in ledger.journal.numbers(self._counted + 1):
            record = ledger.read(seq)
            self._count(seq, record)
            news = news or (record is not None and record.kind in _COUNTED)
        self._counted = max(self._counted, ledger.last)
        return news

    def _body(self):
        return (
            ("month", calendar.name_of(self._month)),
            ("sessions", self._sessions),
            ("energy_wh", self._energy_wh),
            ("unknown", self._unknown),
            ("seconds", tuple(zip(_TIMES, self._seconds))),
            ("first_seq", self._first),
            ("last_seq", self._ledger.last),
        )

    def _count(self, seq, record):
        self._counted = seq
        if record is None:
            return
        if record.kind == "month_closed":
            self._begin(calendar.index_of(member(record.body, "month")) + 1, seq)
        elif record.kind == "session_end":
            energy_wh = member(record.body, "energy_wh")
            self._sessions += 1
            self._unknown += energy_wh is None
            self._energy_wh += energy_wh or 0
            seconds = member(record.body, "seconds")
            for i in range(len(_TIMES)):
                self._seconds[i] += member(seconds, _TIMES[i])

    def _begin(self, month, first):
        """Start the sums of a month whose first record is number `first`."""
        self._month = month
        self._first = first
        self._counted = max(self._counted, first)
        self._clear()
        self._close_s = None

    def _clear(self):
        self._sessions = self._unknown = self._energy_wh = 0
        self._seconds = [0] * len(_TIMES)

    def _save(self):
        # Damaged flash may hold times that no session has: the slot takes what fits, and the service's sum
        # tells that it does not hold.
        month = min(self._month, _MOST_MONTH)
        numbers = (self._first, self._counted, self._sessions, self._unknown)
        small = [min(number, _MOST) for number in numbers]
        seconds = [min(number, _MOST) for number in self._seconds]
        self._slots.save(
            struct.pack(_FORM, month, *small, min(self._energy_wh, _MOST_WH), *seconds)
        )
