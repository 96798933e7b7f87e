"""The OpenEVSE controller as power board: its ATmega owns pilot, relay, GFI, earth and self tests.

This driver wakes it and puts it to sleep, tells it a current and looks at what it says. One command is in
flight, an answer has 500 ms. What is wanted (permit) is held against what is heard (`$GS`, `$AT`) again and
again, so that a controller which has booted, and is awake by itself then, is put to sleep again.

    unknown --FS--> setup --SY, GS--> ready        silent: nothing valid for 1.5 s; FS, then FD
       ^                                |   $AB: the controller has booted
       +--------------------------------+

The self tests ($FF) stay as they are: nothing here switches one. See docs/hardware/openevse.md.
"""

from hal.elapsed import passed_ms
from hal.opening import need
from hal.ports import LEAST_LIMIT_MA, MOST_LIMIT_MA, PowerBoard
from hal.power import rapi

BAUD = 115200
ANSWER_MS = 500
STALE_MS = 1500
READ_MOST = 96  # bytes looked at in a turn
HEARTBEAT_MOST_S = 65  # the controller counts its milliseconds in 16 bits

_STATE_MS = 250
_ENERGY_MS = 400
_CURRENT_MS = 1000
_PILOT_MS = 5000
_BEAT_MS = 1000
_CHANGE_MS = 5000  # between two currents while the vehicle draws
_STOP_MS = 6000  # a vehicle that goes on so long after FS is switched off under load
_GARBLED_MS = 10000

_SLEEPING, _DISABLED = 0xFE, 0xFF
_CLOSED = 0x0040
_CONNECTED = 0x0100
_BOOT_LOCKED = 0x4000
_LETTERS = {1: "A", 2: "B", 3: "C", 4: "D", 5: "E"}
_FAULTS = {
    5: "pilot",  # diode missing
    6: "residual_current",
    7: "ground",
    8: "welded",
    9: "internal",  # its test of the GFI failed
    10: "over_temperature",
    11: "over_current",
    14: "stuck_open",
    15: "pilot",  # 15, 16: proximity, newer firmware
    16: "pilot",
    17: "internal",  # EEPROM
}
_HEALTHY = (1, 2, 3, 4, _SLEEPING, _DISABLED)


def worst_turn_bytes():
    """Bytes on the bus in the worst turn: (sent, looked at)."""
    return len(rapi.encode("SY %d 80" % HEARTBEAT_MOST_S, 255)), READ_MOST


class OpenEvse(PowerBoard):
    """uart: 115200 8N1. heartbeat_s: 1..65; missed that long, the controller goes down to fallback_a.

    sequence: commands carry a number (RAPI 3 and newer); without, a late answer can be taken for another.
    What the meter looks at: energy (session Ws, lifetime Wh), energy_seen rises with each of them,
    energy_ms its age; current_ma, voltage_mv.
    """

    def __init__(self, uart, clock, heartbeat_s=5, fallback_a=6, sequence=True):
        if not 1 <= heartbeat_s <= HEARTBEAT_MOST_S:
            raise ValueError("heartbeat_s: %r, 1 to %d" % (heartbeat_s, HEARTBEAT_MOST_S))
        if not 6 <= fallback_a <= 80:
            raise ValueError("fallback_a: %r, 6 to 80" % fallback_a)
        self.energy = (0, 0)
        self.energy_seen = 0
        self.current_ma = self.voltage_mv = 0
        self.boots = 0  # of the controller, as far as it was heard
        self._uart = uart
        self._clock = clock
        self._ticks = clock.ticks_ms()
        self._now_ms = 0
        self._heartbeat = "SY %d %d" % (heartbeat_s, fallback_a)
        self._numbered = sequence
        self._sequence = 0
        self._cutter = rapi.Cutter()
        self._buf = bytearray(READ_MOST)
        self._contact = "unknown"
        self._since_ms = 0
        self._sent = ""
        self._sent_ms = 0
        self._permit_ma = 0
        self._permit_ms = 0
        self._set_for = 0  # the wanted amperes that the controller has answered
        self._amps = 0  # what it then offers; 0: it cannot offer so little
        self._amps_ms = -_CHANGE_MS
        self._code = 0
        self._pilot = 0
        self._flags = 0
        self._heard_ms = 0
        self._stop_ms = 0
        self._beating = False
        self._alarm = False  # the controller missed a heartbeat and wants it acknowledged
        self._polled = {}
        self._energy_at = -STALE_MS
        self._garbled_ms = -_GARBLED_MS

    # ---- hal.ports.PowerBoard

    def vehicle(self):
        if self._contact == "silent" or not self._pilot or self._code == _DISABLED:
            return "F"
        letter = _LETTERS.get(self._pilot)
        if letter:
            return letter
        return "B" if self._flags & _CONNECTED else "A"

    def permit(self, limit_ma):
        if not LEAST_LIMIT_MA <= limit_ma <= MOST_LIMIT_MA or self._contact == "silent":
            limit_ma = 0
        self._permit_ms = self._now_ms
        if limit_ma != self._permit_ma:
            self._want(limit_ma)
            if not limit_ma and not self._sent:
                self._say()

    def contactor(self):
        return self._contact != "silent" and bool(self._flags & _CLOSED)

    def fault(self):
        if self._contact == "silent":
            return "internal"
        if not self._code or self._code in _HEALTHY:
            return ""
        return _FAULTS.get(self._code, "internal")

    # ---- hal.ports.Driver

    def attend(self):
        passed = passed_ms(self._clock, self._ticks)
        self._ticks = self._clock.ticks_ms()
        self._now_ms += passed
        self._listen()
        now = self._now_ms
        if self._sent and now - self._sent_ms >= ANSWER_MS:
            self._sent = ""
        if self._permit_ma and now - self._permit_ms > self.lease_ms:
            self._want(0)
        if self._contact != "silent" and now - self._heard_ms > STALE_MS:
            self._lose()
        if not self._sent:
            self._say()

    def complaint(self):
        return "power_bus" if self._now_ms - self._garbled_ms < _GARBLED_MS else ""

    def energy_ms(self):
        """Milliseconds since `energy` was heard."""
        return self._now_ms - self._energy_at

    # ---- what is said

    def _say(self):
        command = self._next()
        if not command:
            return
        if self._numbered:
            self._sequence = self._sequence % 255 + 1
        self._sent = command
        self._sent_ms = self._now_ms
        try:
            self._uart.write(rapi.encode(command, self._sequence))
        except OSError:
            self._garbled_ms = self._now_ms

    def _next(self):
        if self._contact == "silent" and self._now_ms - self._stop_ms >= _STOP_MS:
            return "FD"  # each FS may give the vehicle its 3 s anew, and nobody says whether it has stopped
        if self._contact in ("unknown", "silent"):
            return "FS"
        if not self._beating:
            return self._heartbeat
        if self._contact == "setup":
            return "GS"
        return self._correction() or self._routine()

    def _correction(self):
        """The command that brings the controller where it is wanted, "" when it is there."""
        now = self._now_ms
        wanted_a = self._permit_ma // 1000
        if wanted_a and self._set_for != wanted_a:
            if not self._amps or not self._flags & _CLOSED or now - self._amps_ms >= _CHANGE_MS:
                return "SC %d V" % wanted_a
        if self._set_for and not self._amps:
            wanted_a = 0
        asleep = self._code in (_SLEEPING, _DISABLED)
        if not wanted_a:
            if self._flags & _CLOSED and self._code != _DISABLED:
                if now - self._stop_ms >= _STOP_MS:
                    return "FD"
            return "" if asleep or self._code in _FAULTS else "FS"
        if self._alarm:
            return "SY 165"
        if self._flags & _BOOT_LOCKED:
            return "SB"
        return "FE" if asleep else ""

    def _routine(self):
        for command, period_ms in (
            ("GS", _STATE_MS), ("SY", _BEAT_MS), ("GU", _ENERGY_MS), ("GG", _CURRENT_MS), ("GC", _PILOT_MS)
        ):  # fmt: skip
            if self._now_ms - self._polled.get(command, -_PILOT_MS) >= period_ms:
                self._polled[command] = self._now_ms
                return "SY 165" if command == "SY" and self._alarm else command
        return ""

    # ---- what is heard

    def _listen(self):
        try:
            waiting = self._uart.any()
            count = self._uart.readinto(self._buf, min(waiting, READ_MOST)) if waiting else 0
        except OSError:
            self._garbled_ms = self._now_ms
            return
        cutter = self._cutter
        before = cutter.refused
        for i in range(count or 0):
            used = cutter.take(self._buf[i])
            if used:
                reason, kind, tokens, sequence = rapi.decode(cutter.line(used))
                if reason:
                    cutter.refused += 1
                elif kind in rapi.ASYNCHRONOUS:
                    self._unasked(kind, tokens)
                elif self._sent and (not self._numbered or sequence == self._sequence):
                    command, self._sent = self._sent, ""
                    self._answered(command, kind == "OK", tokens)
        if cutter.refused != before:
            self._garbled_ms = self._now_ms

    def _unasked(self, kind, tokens):
        if kind == "AB":
            # Awake, at the current of its EEPROM, and without a heartbeat: from the beginning.
            self.boots += 1
            self._sent = ""
            self._begin("unknown")
        elif kind == "AT" and len(tokens) >= 4 and self._contact == "ready":
            amps = rapi.number(tokens[2], 10, 0, 80)
            if self._take_state(tokens[0], tokens[1], tokens[3]) and amps > self._amps:
                self._raised()

    def _answered(self, command, good, tokens):
        name = command[:2]
        if name == "FS" and good:
            self._obeyed(_SLEEPING)
            if self._contact != "ready":
                self._begin("setup")
            self._polled["GS"] = -_PILOT_MS
        elif name == "FD" and good:
            self._obeyed(_DISABLED)
            self._stop_ms = self._now_ms  # in silence FS is next, which leads back
        elif name == "FE" and good:
            self._obeyed(0)
            self._polled["GS"] = -_PILOT_MS
        elif name == "SB" and good:
            self._flags &= ~_BOOT_LOCKED
        elif name == "SC":
            self._take_current(command, good, tokens)
        elif name == "SY":
            self._take_heartbeat(command, good, tokens)
        elif good:
            self._take_poll(name, tokens)

    def _obeyed(self, code):
        """It has taken an order. A fault that it told of stands until it tells of something else."""
        if self._code not in _FAULTS:
            self._code = code

    def _take_current(self, command, good, tokens):
        wanted_a = rapi.number(command.split()[1])
        amps = rapi.number(tokens[0], 10, 0, 80) if tokens else wanted_a if good else -1
        if amps < 0:
            return  # not understood; asked again
        self._set_for = wanted_a
        self._amps = amps if amps <= wanted_a else 0
        self._amps_ms = self._now_ms
        if not self._amps:
            self._stop_ms = self._now_ms

    def _take_heartbeat(self, command, good, tokens):
        if command == self._heartbeat:
            self._beating = good
            self._alarm = False
        elif good:
            self._alarm = False
        elif tokens:
            if not self._alarm:
                self._set_for = 0  # it has gone down to its fallback
            self._alarm = True
        else:
            self._beating = False  # it knows of no heartbeat: it has booted

    def _take_poll(self, name, tokens):
        if name == "GS" and len(tokens) >= 4:
            if self._take_state(tokens[0], tokens[2], tokens[3]) and self._contact == "setup":
                self._contact = "ready"
        elif name == "GU" and len(tokens) >= 2:
            session_ws, lifetime_wh = rapi.number(tokens[0]), rapi.number(tokens[1])
            if session_ws >= 0 and lifetime_wh >= 0:
                self.energy = (session_ws, lifetime_wh)
                self.energy_seen += 1
                self._energy_at = self._now_ms
        elif name == "GG" and len(tokens) >= 2:
            self.current_ma = max(0, rapi.number(tokens[0], 10, 0, 100000))
            self.voltage_mv = max(0, rapi.number(tokens[1], 10, 0, 500000))
        elif name == "GC" and len(tokens) >= 3:
            if rapi.number(tokens[2]) > self._amps:
                self._raised()

    def _take_state(self, code, pilot, flags):
        code, pilot = rapi.number(code, 16, 1, 255), rapi.number(pilot, 16, 1, 255)
        flags = rapi.number(flags, 16, 0, 0xFFFF)
        if code < 0 or pilot < 0 or flags < 0:
            self._garbled_ms = self._now_ms
            return False
        self._code, self._pilot, self._flags = code, pilot, flags
        self._heard_ms = self._now_ms
        return True

    # ---- where it stands

    def _want(self, limit_ma):
        if self._permit_ma and not limit_ma:
            self._stop_ms = self._now_ms
        self._permit_ma = limit_ma

    def _raised(self):
        # By the cable's code at plugging in, say. More than is permitted is corrected at once.
        self._set_for = 0
        self._amps_ms = self._now_ms - _CHANGE_MS

    def _begin(self, contact):
        self._contact = contact
        self._beating = self._alarm = False
        self._set_for = self._amps = 0
        self._heard_ms = self._now_ms

    def _lose(self):
        self._begin("silent")
        self._want(0)
        self._flags = 0


def open_driver(chip, objects, clock):
    """See boards/drivers.py. chip: heartbeat_s, fallback_a. objects: bus."""
    return OpenEvse(
        need(objects, "bus"), clock, chip.get("heartbeat_s", 5), chip.get("fallback_a", 6)
    )
