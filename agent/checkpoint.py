"""The running session in flash: what a power cut may take is bounded, and what it may not is here.

The journal is the truth about which session is open: the begin record opens it, the end record closes
it. The checkpoint carries what the begin record cannot know: the times so far, the register, the stop.

    open u8 (1, or 2: the vehicle has left) | stop u8 | phase u8 | stop quality u8 | session u32 | begin_seq u32 | next_seq u32
    boot u32 | up_ms u64 | unix_s u32 | register_wh u64 | flags u32
    charging_ms u64 | ev_ms u64 | evse_ms u64 | outage_ms u64
    stop_boot u32 | stop_up_ms u64 | stop_unix_s u32 | serial 24

Between two checkpoints a pulse of 12 bytes says what has been added since: generation of the checkpoint
u32 | ms u32 | wh u32. It costs a third of a checkpoint's wear.

Samples lie beside it in files of at most 128 bytes: session u32 | thinned u8 | samples | crc32 u32.
"""

import binascii
import struct

from .const import const
from .counters import MOST as MOST_NUMBERED
from .packing import member
from .reasons import STOP_REASONS
from .samples import CHUNK, MOST, SIZE, Samples, known
from .session import OUTAGE_MS, Session
from .slots import Slots
from .timekeeping import QUALITIES, Instant

_FORM = "<BBBBIIIIQIQIQQQQIQI24s"
_SIZE = const(116)
assert struct.calcsize(_FORM) == _SIZE
_OPEN = const(1)
_GONE = const(2)  # open, and its vehicle has been seen leaving
_PULSE = "<III"
_PULSE_SIZE = const(12)
_FILES = MOST // CHUNK
_MOST_WH = const(1 << 40)
_FAR = const(64)  # records looked through at boot for a begin or end after the last checkpoint


class Checkpoint:
    """volume: hal volume. `ledger` is set once there is one. OSError from the volume goes through."""

    def __init__(self, volume):
        self._volume = volume
        self.ledger = None
        self._slots = Slots(volume, "session")
        self._pulses = Slots(volume, "pulse")
        self._base_ms = self._base_wh = (
            0  # of the last checkpoint: all times together, the register
        )
        self._looked = False
        self._found = None  # the session found open at boot
        self.number = 0  # the last session number used
        self.register_wh = None  # at the last checkpoint, for the sanity of the first reading
        self.serial = ""
        self.next_seq = 1  # the record number that was next at the last checkpoint
        self.taken = None  # Instant of the last checkpoint of the session found open at boot
        self._saved = None
        if self._slots.state is not None and len(self._slots.state) == _SIZE:
            saved = struct.unpack(_FORM, self._slots.state)
            if max(saved[4], saved[6]) >= MOST_NUMBERED:
                return
            self.number, self.next_seq, self.register_wh = saved[4], saved[6], saved[10]
            self.serial = _serial(saved[19])
            if _makes_sense(saved):
                self._saved = saved

    @property
    def is_open(self):
        """Whether the checkpoint found at boot says that a session is open, whatever the journal says."""
        return bool(self._saved and self._saved[0])

    def save(self, up_ms, time, session):
        """Note the running session as it is now."""
        self.number = session.number
        self.register_wh = session.register_wh
        self.serial = session.serial
        self._write(time.now(up_ms), session, _GONE if session.gone else _OPEN)

    def save_gone(self, session):
        """Note, beside what is kept of the session found open, that its vehicle has left in the dark."""
        self._write(self.taken, session, _GONE)

    def pulse(self, session):
        """Note what the running session has added since the last checkpoint, in the same phase."""
        self.register_wh = session.register_wh
        self._pulses.save(
            struct.pack(
                _PULSE,
                self._slots.generation,
                sum(session.ms) - self._base_ms,
                session.register_wh - self._base_wh,
            )
        )

    def clear(self, up_ms, time):
        """Note that no session is open, and where the register stands."""
        nothing = Session(self.number, 0, (), self.register_wh or 0, self.serial)
        self._write(time.now(up_ms), nothing, 0)

    def save_samples(self, session):
        """Write the file that the newest sample lies in."""
        self._save_chunk(session, (len(session.samples) - 1) // CHUNK)

    def save_all_samples(self, session):
        """Write every file: after thinning, nothing lies where it lay."""
        for n in range(_FILES):
            self._save_chunk(session, n)

    def recall(self):
        """(register_wh or None, serial): the newest that anything durable says of the meter's register."""
        self.find_open()
        return self.register_wh, self.serial

    def find_open(self):
        """The session that was open when the power went, or None. Sets `number` and `taken`."""
        if not self._looked:
            self._found = self._look()
            self._looked = True
        return self._found

    def _look(self):
        saved = self._saved
        begin_seq = saved[5] if saved and saved[0] else 0
        last = self.ledger.last
        for seq in range(max(self.next_seq, last - _FAR), last + 1):
            record = self.ledger.read(seq)
            if record is not None and record.kind == "session_begin":
                begin_seq = seq
            elif record is not None and record.kind == "session_end":
                begin_seq = 0
                self._note_end(record)
        if begin_seq == 0:
            return None
        session = self._reopen(begin_seq)
        if session is not None and saved is not None and saved[5] == begin_seq and saved[0]:
            self._restore(session, saved)
        return session

    def _note_end(self, record):
        self._note_meter(member(record.body, "reg_end_wh"), record.body)

    def _note_meter(self, register_wh, body):
        """Take the register of a record; False when the record is none that this firmware writes."""
        serial = member(body, "meter", "serial")
        if not isinstance(register_wh, int) or not isinstance(serial, str):
            return False
        if not 0 <= register_wh <= _MOST_WH:
            return False
        self.register_wh, self.serial = register_wh, serial
        return True

    def _reopen(self, begin_seq):
        record = self.ledger.read(begin_seq)
        if record is None:
            return None
        body = record.body
        number = _number(member(body, "session"))
        if not number or not self._note_meter(member(body, "reg_begin_wh"), body):
            return None
        self.number = max(self.number, number)
        self.taken = record.at
        return Session(number, begin_seq, body, self.register_wh, self.serial)

    def _restore(self, session, saved):
        session.register_wh = self.register_wh = saved[10]
        session.flags = saved[11]
        session.ms = list(saved[12:16])
        session.phase = saved[2]
        session.gone = saved[0] == _GONE
        # A pulse counts from the checkpoint, not from what an earlier pulse has added to it.
        self._base_ms, self._base_wh = sum(session.ms), session.register_wh
        added_ms = self._add_pulse(session)
        if saved[1]:
            session.stop_reason = STOP_REASONS[saved[1] - 1]
            quality = QUALITIES[saved[3]]
            session.t_stop = Instant(saved[16], saved[17], saved[18] or None, quality)
        unix_s = saved[9] or None
        if unix_s:
            unix_s += added_ms // 1000
        self.taken = Instant(saved[7], saved[8] + added_ms, unix_s, "S" if unix_s else "U")
        session.samples = self._read_samples(session)

    def _add_pulse(self, session):
        state = self._pulses.state
        if state is None or len(state) != _PULSE_SIZE:
            return 0
        generation, added_ms, added_wh = struct.unpack(_PULSE, state)
        if generation != self._slots.generation:
            return 0
        session.ms[session.phase] += added_ms
        session.register_wh += added_wh
        self.register_wh = session.register_wh
        return added_ms

    def _read_samples(self, session):
        """The samples kept, as far as they belong together and to the times and register kept."""
        samples = Samples(session.reg_begin_wh)
        thinned = None
        for n in range(_FILES):
            part = _read_chunk(self._volume.read(_chunk_path(n)), session.number)
            if part is None or (thinned is not None and part[0] != thinned):
                break
            thinned = samples.thinned = part[0]
            kept = Samples(session.reg_begin_wh, part[1])
            for i in range(len(kept)):
                sample = kept[i]
                if sample[0] > session.lasted_s() or sample[1] > session.register_wh:
                    return samples  # a cut came between this file and the checkpoint
                samples.add(*sample)
            if len(part[1]) < CHUNK * SIZE:
                break
        return samples

    def _write(self, at, session, opened):
        stop = session.t_stop or Instant(0, 0, None, "U")
        self._base_ms, self._base_wh = sum(session.ms), session.register_wh
        self._slots.save(
            struct.pack(
                _FORM,
                opened,
                STOP_REASONS.index(session.stop_reason) + 1 if session.stop_reason else 0,
                session.phase,
                QUALITIES.index(stop.quality),
                session.number,
                session.begin_seq,
                self.ledger.last + 1,
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
                session.serial.encode()[:24],
            )
        )

    def _save_chunk(self, session, n):
        samples = session.samples
        data = struct.pack("<IB", session.number, samples.thinned & 0xFF) + samples.chunk(n)
        crc = struct.pack("<I", binascii.crc32(data) & 0xFFFFFFFF)
        self._volume.overwrite(_chunk_path(n), data + crc)


def _chunk_path(n):
    return "samples/%02d" % n


def _number(name):
    """The counter in a session's id, 0 when it is none."""
    try:
        number = int(name.rsplit("-", 1)[1])
    except (AttributeError, IndexError, ValueError):
        return 0
    return number if 0 < number < MOST_NUMBERED else 0


def _makes_sense(saved):
    """Whether stop reason, phase and quality are ones that this firmware knows."""
    return saved[1] <= len(STOP_REASONS) and saved[2] <= OUTAGE_MS and saved[3] < len(QUALITIES)


def _serial(padded):
    try:
        return padded.rstrip(b"\x00").decode()
    except UnicodeError:
        return ""  # unknown: no meter is held against it


def _read_chunk(data, number):
    """(thinned, samples) of a file that belongs to session `number`, else None."""
    if not data or len(data) < 9:
        return None
    session, thinned = struct.unpack_from("<IB", data)
    (crc,) = struct.unpack_from("<I", data, len(data) - 4)
    if session != number or crc != binascii.crc32(data[:-4]) & 0xFFFFFFFF:
        return None
    return (thinned, data[5:-4]) if known(data[5:-4]) else None
