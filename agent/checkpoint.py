"""The running session in flash: what a power cut may take is bounded, and what it may not is here.

The journal is the truth about which session is open: the begin record opens it, the end record closes
it. The checkpoint carries what the begin record cannot know: the times so far, the register, the stop.

    open u8 | stop u8 | phase u8 | stop quality u8 | session u32 | begin_seq u32 | next_seq u32
    boot u32 | up_ms u64 | unix_s u32 | register_wh u64 | flags u32
    charging_ms u64 | ev_ms u64 | evse_ms u64 | outage_ms u64
    stop_boot u32 | stop_up_ms u64 | stop_unix_s u32

Samples lie beside it in files of at most 128 bytes: session u32 | samples | crc32 u32.
"""

import binascii
import struct

from .const import const
from .packing import member
from .reasons import STOP_REASONS
from .samples import CHUNK, MOST, SIZE, Samples
from .session import Session
from .slots import Slots
from .timekeeping import QUALITIES, Instant

_FORM = "<BBBBIIIIQIQIQQQQIQI"
_SIZE = const(92)
assert struct.calcsize(_FORM) == _SIZE
_FILES = MOST // CHUNK
_FAR = const(64)  # records looked through at boot for a begin or end after the last checkpoint


class Checkpoint:
    """volume: hal volume; ledger: Ledger. OSError from the volume goes through."""

    def __init__(self, volume, ledger):
        self._volume = volume
        self._ledger = ledger
        self._slots = Slots(volume, "session")
        self.number = 0  # the last session number used
        self.register_wh = None  # at the last checkpoint, for the sanity of the first reading
        self.taken = None  # Instant of the last checkpoint of the session found open at boot

    def save(self, up_ms, time, session):
        """Note the running session as it is now."""
        self.number = session.number
        self.register_wh = session.register_wh
        self._write(time.now(up_ms), session, 1)

    def clear(self, up_ms, time):
        """Note that no session is open, and where the register stands."""
        nothing = Session(self.number, 0, (), self.register_wh or 0, "")
        self._write(time.now(up_ms), nothing, 0)

    def save_samples(self, session):
        """Write the file that the newest sample lies in."""
        self._save_chunk(session, (len(session.samples) - 1) // CHUNK)

    def save_all_samples(self, session):
        """Write every file: after thinning, nothing lies where it lay."""
        for n in range(_FILES):
            self._save_chunk(session, n)

    def find_open(self):
        """The session that was open when the power went, or None. Sets `number` and `taken`."""
        begin_seq, next_seq, saved = 0, 1, None
        if self._slots.state is not None and len(self._slots.state) == _SIZE:
            saved = struct.unpack(_FORM, self._slots.state)
            self.number = saved[4]
            self.register_wh = saved[10]
            next_seq = saved[6]
            begin_seq = saved[5] if saved[0] else 0
        last = self._ledger.last
        for seq in range(max(next_seq, last - _FAR), last + 1):
            record = self._ledger.read(seq)
            if record is not None and record.kind == "session_begin":
                begin_seq = seq
            elif record is not None and record.kind == "session_end":
                begin_seq = 0
        if begin_seq == 0:
            return None
        session = self._reopen(begin_seq)
        if session is not None and saved is not None and saved[5] == begin_seq and saved[0]:
            self._restore(session, saved)
        return session

    def _reopen(self, begin_seq):
        record = self._ledger.read(begin_seq)
        if record is None:
            return None
        body = record.body
        number = int(member(body, "session").rsplit("-", 1)[1])
        self.number = max(self.number, number)
        self.taken = record.at
        return Session(
            number, begin_seq, body, member(body, "reg_begin_wh"), member(body, "meter", "serial")
        )

    def _restore(self, session, saved):
        session.register_wh = saved[10]
        session.flags = saved[11]
        session.ms = list(saved[12:16])
        session.phase = saved[2]
        if saved[1]:
            session.stop_reason = STOP_REASONS[saved[1] - 1]
            quality = QUALITIES[saved[3]]
            session.t_stop = Instant(saved[16], saved[17], saved[18] or None, quality)
        unix_s = saved[9] or None
        self.taken = Instant(saved[7], saved[8], unix_s, "S" if unix_s else "U")
        data = b""
        for n in range(_FILES):
            part = _read_chunk(self._volume.read(_chunk_path(n)), session.number)
            data += part
            if len(part) < CHUNK * SIZE:
                break
        session.samples = Samples(session.reg_begin_wh, data)

    def _write(self, at, session, opened):
        stop = session.t_stop or Instant(0, 0, None, "U")
        self._slots.save(
            struct.pack(
                _FORM,
                opened,
                STOP_REASONS.index(session.stop_reason) + 1 if session.stop_reason else 0,
                session.phase,
                QUALITIES.index(stop.quality),
                session.number,
                session.begin_seq,
                self._ledger.last + 1,
                at.boot,
                at.up_ms,
                at.unix_s or 0,
                session.register_wh,
                session.flags,
                session.ms[0],
                session.ms[1],
                session.ms[2],
                session.ms[3],
                stop.boot,
                stop.up_ms,
                stop.unix_s or 0,
            )
        )

    def _save_chunk(self, session, n):
        data = struct.pack("<I", session.number) + session.samples.chunk(n)
        crc = struct.pack("<I", binascii.crc32(data) & 0xFFFFFFFF)
        self._volume.write(_chunk_path(n), data + crc)


def _chunk_path(n):
    return "samples/%02d" % n


def _read_chunk(data, number):
    if not data or len(data) < 8:
        return b""
    if struct.unpack_from("<I", data)[0] != number:
        return b""
    (crc,) = struct.unpack_from("<I", data, len(data) - 4)
    if crc != binascii.crc32(data[:-4]) & 0xFFFFFFFF:
        return b""
    return data[4:-4]
