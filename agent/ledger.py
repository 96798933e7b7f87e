"""Records: what happened, numbered, durable before anything follows from it, told the same for ever.

A record is stored in a packed form (24 bytes and its body) and rendered to signed JSON when it is
sent; the same record gives the same bytes at every resend.

    number u32 | format u8 | connector u8 | kind u8 | quality u8 | boot u32 | up_ms u64 | unix_s u32
"""

import struct

from . import jws
from .const import const
from .counters import MOST
from .journal import Journal
from .packing import pack, unpack
from .render import render
from .timekeeping import QUALITIES, UNKNOWN, Instant

KINDS = (
    "session_begin",
    "session_end",
    "access_refused",
    "config_applied",
    "list_applied",
    "power_restored",
    "clock_set",
    "meter_anomaly",
    "store_full",
    "month_closed",
    "firmware_changed",
    "fault",
    "key_changed",
)

_FAR = const(64)  # records looked through at boot, damaged ones
_WITNESSES = const(3)
_FORMAT = const(1)
_HEAD = "<IBBBBIQI"
_HEAD_SIZE = const(24)
assert struct.calcsize(_HEAD) == _HEAD_SIZE


class Record:
    """One record: seq, boot, kind, connector, at (Instant), body (see packing.py)."""

    def __init__(self, seq, kind, connector, at, body):
        self.seq = seq
        self.kind = kind
        self.connector = connector
        self.at = at
        self.boot = at.boot
        self.body = body


class Ledger:
    """charger: id; keys: keyring.Keyring; time: Timekeeper; floor: a record number known to have been used.

    Every method raises OSError where the volume does.
    """

    def __init__(self, volume, charger, keys, time, floor):
        self._charger = charger
        self._keys = keys
        self._time = time
        self.journal = Journal(volume, floor)

    def first_boot(self, boot):
        """The earliest boot that a record which is held tells an instant of; `boot` when there is none.

        Boots rise with the numbers: one record that says more than those behind it is damaged, so the
        oldest few are asked. A session's end tells instants of the boot that it began in, whose own
        records may be gone: the oldest session's records are asked, too.
        """
        left = _FAR
        for seq in self.journal.numbers(1):
            record = self.read(seq)
            if record is not None:  # of a damaged one nobody knows
                boot = min(boot, record.boot)
                for _, value in record.body:
                    if isinstance(value, Instant) and value.boot:
                        boot = min(boot, value.boot)
                left -= 1
                asked = _FAR - left >= _WITNESSES
                if not left or asked and record.kind in ("session_begin", "session_end"):
                    break
        return boot

    def newest_boot(self):
        """The boot of the newest record, of the last few that can be read; 0 when there is none."""
        newest = self.journal.newest
        for seq in range(newest, max(0, newest - _FAR), -1):
            record = self.read(seq)
            if record is not None and record.boot < MOST:
                return record.boot
        return 0

    @property
    def last(self):
        """The newest record's number, 0 before the first."""
        return self.journal.last

    def write(self, up_ms, kind, body, connector=1):
        """Store a record made now; returns its number. It is durable when this returns."""
        at = self._time.now(up_ms)
        seq = self.journal.last + 1
        head = struct.pack(
            _HEAD,
            seq,
            _FORMAT,
            connector,
            KINDS.index(kind),
            QUALITIES.index(at.quality),
            at.boot,
            at.up_ms,
            at.unix_s or 0,
        )
        self.journal.append(head + pack(body))
        return seq

    def read(self, seq):
        """The Record with this number, or None when it is not held, damaged or of an unknown format."""
        data = self.journal.read(seq)
        if data is None or len(data) < _HEAD_SIZE:
            return None
        seq, form, connector, kind, quality, boot, up_ms, unix_s = struct.unpack_from(_HEAD, data)
        if form != _FORMAT or kind >= len(KINDS):
            return None
        try:
            at = Instant(boot, up_ms, unix_s or None, QUALITIES[quality])
            body = unpack(memoryview(data)[_HEAD_SIZE:])
        except (ValueError, IndexError):
            return None
        return Record(seq, KINDS[kind], connector, at, body) if isinstance(body, tuple) else None

    def signed(self, seq):
        """The record as it travels (compact JWS), or None when its number is not held any more.

        A record that flash has damaged is told as a fault under its number: the loss is said, and the
        numbers behind it flow. One that only a newer firmware understands, or whose key is damaged,
        waits for it.
        """
        if not self.journal.first <= seq <= self.journal.last:
            return None
        record = self.read(seq)
        if record is None and self.journal.read(seq) is not None:
            return None
        if record is None:
            unknown = Instant(0, 0, None, UNKNOWN)
            record = Record(seq, "fault", 1, unknown, (("fault", "record_lost"), ("on", True)))
        keys = self._keys.of(seq)
        if keys is None:
            return None
        payload = render(self._charger, record, self._time.settle)
        return keys.sign(jws.UP, "record+jws", payload)
