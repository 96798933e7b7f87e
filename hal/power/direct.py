"""Power board without a controller of its own: PWM, ADC and pins of this processor.

What is in the state table is the orderly part of IEC 61851-1. What protects a person is hardware that the
board must have: docs/hardware/direct.md. Turns of 50 ms alone do not open within 100 ms.

    start -> idle <-> offer -> charge -> stop -> idle       any -> error (pilot at F) -> held -> idle
               |                                            idle, held -> test (of the RCD) -> idle
"""

from hal.elapsed import passed_ms
from hal.opening import need
from hal.ports import LEAST_LIMIT_MA, MOST_LIMIT_MA, PowerBoard
from hal.power import pilot
from hal.power.latch import Latch
from hal.power.rcd import RcdTest

PROVE_MS = 1000  # a contactor that was told has moved by then
CONFIRM_MS = 500  # some vehicles show C for 250 ms and do not mean it
STOP_MS = 6000  # a vehicle that draws on after the pilot stopped is switched off under load
CHANGE_MS = 5000  # between two duties
REST_MS = 5000
ERROR_REST_MS = 30000
OFF_MS = 300  # the pilot at F after a fault, at least

_BAD_TURNS = 2
_STEADY, _PWM, _OFF = 0, 1, 2

# state: (relay, pilot). `_enter` is the only place that sets them.
_OUTPUTS = {
    "start": (0, _STEADY),
    "idle": (0, _STEADY),
    "test": (0, _STEADY),
    "offer": (0, _PWM),
    "charge": (1, _PWM),
    "stop": (1, _STEADY),
    "error": (0, _OFF),
    "held": (0, _STEADY),
}
_NEXT = {
    ("start", "done"): "idle",
    ("idle", "allow"): "offer",
    ("idle", "test"): "test",
    ("test", "done"): "idle",
    ("offer", "forbid"): "idle",
    ("offer", "ready"): "charge",
    ("charge", "forbid"): "stop",
    ("charge", "left"): "offer",
    ("charge", "lapse"): "idle",
    ("stop", "left"): "idle",
    ("stop", "late"): "idle",
    ("stop", "lapse"): "idle",
    ("error", "done"): "held",
    ("held", "clear"): "idle",
    ("held", "test"): "test",
}
for _state in _OUTPUTS:
    if _state not in ("error", "held"):
        _NEXT[(_state, "fault")] = "error"


def worst_turn_reads():
    """What the worst turn asks of the hardware: (ADC reads, pins read or set). No bus has bytes here."""
    return 4, 6


class Direct(PowerBoard):
    """ports: a dict with pwm, cp_high, cp_low (ADCs behind peak detectors), relay (pin, high closes), live (pin,
    1 while the load side is live); where the board has them pp and ntc (ADCs), rcd (pin, 1 tripped), rcd_test
    (pin), gate (pin of the watchdog that holds the relay: toggled in every turn that has seen the pilot).

    facts: bands_mv, error_mv, hysteresis_mv (see pilot.vehicle_of), low_most_mv (the low half of the PWM with
    a diode), most_ma, pp_windows with a pp, ntc_table with an ntc.
    """

    def __init__(self, ports, facts, clock):
        self._ports = ports
        self._facts = facts
        self._clock = clock
        self._ticks = clock.ticks_ms()
        self._now_ms = 0
        self._latch = Latch()
        self._rcd = RcdTest(ports.get("rcd"), ports.get("rcd_test"))
        self._permit_ma = 0
        self._permit_ms = 0
        self._word = ""
        self._seen = ""  # the pilot in this turn: a state, "" between bands, "?" not to be judged
        self._seen_turns = 0
        self._letter = "F"
        self._bad_turns = 0
        self._asks_ms = 0  # since when it shows C without a gap
        self._pilot_ms = 0  # when the pilot's kind was changed
        self._duty_ms = 0
        self._offered_ma = 0
        self._moved_ms = 0  # when the relay was told last
        self._agreed_ms = 0  # when the contactor was last where it was told to be
        self._rest_until_ms = 0
        self._diode = False
        self._plug_ma = 0
        self._tenths = None
        self._failed = False
        self._state = "start"
        self._since_ms = 0
        self._enter("start")

    # ---- hal.ports.PowerBoard

    def begin(self, volume):
        self._latch.begin(volume)

    def vehicle(self):
        if self._state == "error":
            return "F"
        return "E" if self._bad_turns >= _BAD_TURNS else self._letter

    def permit(self, limit_ma):
        if not LEAST_LIMIT_MA <= limit_ma <= MOST_LIMIT_MA:
            limit_ma = 0
        self._permit_ma = limit_ma
        self._permit_ms = self._now_ms
        if not limit_ma:
            self._take("forbid")

    def contactor(self):
        return bool(self._ports["live"].value())

    def fault(self):
        return self._word

    def reset_latched(self):
        """A person at the charger has looked at a weld or a tripped RCD. What is still so is found again."""
        self._latch.clear()

    # ---- hal.ports.Driver

    def attend(self):
        self._now_ms += passed_ms(self._clock, self._ticks)
        self._ticks = self._clock.ticks_ms()
        try:
            self._sense()
            self._failed = False
        except OSError:
            self._failed = True
            self._seen = "?"
        if self._word == self._latch.word or not self._latch.word:
            self._latch.keep()  # slow, so in the turn after the one that opened
        self._take(self._event())
        self._adjust()
        gate = self._ports.get("gate")
        if gate and not self._failed:
            gate.value(1 - gate.value())

    # ---- what is seen

    def _sense(self):
        facts, ports = self._facts, self._ports
        high_mv = ports["cp_high"].read_uv() // 1000
        low_mv = ports["cp_low"].read_uv() // 1000
        if "ntc" in ports:
            self._tenths = pilot.tenths_of(ports["ntc"].read_uv() // 1000, facts["ntc_table"])
        settled = self._now_ms - self._pilot_ms >= 100
        kind = _OUTPUTS[self._state][1]
        if kind == _OFF or (self._state in ("held", "start") and not settled):
            self._see("?")
            return
        last = self._seen or self._letter
        self._see(
            pilot.vehicle_of(
                high_mv, facts["bands_mv"], facts["error_mv"], facts["hysteresis_mv"], last
            )
        )
        self._diode = kind == _PWM and settled and low_mv <= facts["low_most_mv"]
        if not _OUTPUTS[self._state][0] and self._letter != "A":
            self._read_plug()  # not only at plugging in: another cable can come within two turns
        bad = self._seen in ("", "E") or (kind == _PWM and settled and not self._diode)
        self._bad_turns = self._bad_turns + 1 if bad else 0

    def _see(self, seen):
        if seen != self._seen:
            self._seen = seen
            self._seen_turns = 0
            self._asks_ms = self._now_ms
        self._seen_turns += 1
        if seen == self._letter or seen not in ("A", "B", "C", "D"):
            return
        if self._seen_turns >= (3 if self._letter in "AF" else 2):
            before, self._letter = self._letter, seen
            if seen == "A":
                self._rcd.due = self._rcd.due or before != "F"

    def _read_plug(self):
        if "pp" in self._ports:
            pp_mv = self._ports["pp"].read_uv() // 1000
            self._plug_ma = pilot.plug_limit_ma(pp_mv, self._facts["pp_windows"])
        else:
            self._plug_ma = MOST_LIMIT_MA

    def _cause(self):
        """The fault that can be seen now, "" for none."""
        closed = _OUTPUTS[self._state][0]
        live = self._ports["live"].value()
        if live == closed:
            self._agreed_ms = self._now_ms
        proven = self._now_ms - self._agreed_ms >= PROVE_MS
        if self._now_ms >= self._rcd.quiet_ms and self._rcd.tripped():
            self._latch.set("residual_current")
        if live and not closed and proven:
            self._latch.set("welded")
        if self._latch.word:
            return self._latch.word
        if closed and not live and proven:
            return "stuck_open"
        if self._failed or (self._rcd.bad and self._state != "test"):
            return "internal"
        if self._bad_turns >= _BAD_TURNS or (self._letter in "BCD" and not self._plug_ma):
            return "pilot"
        if self._tenths is not None:
            worst = pilot.DERATE_FROM if self._word == "over_temperature" else pilot.DERATE_TO
            if self._tenths >= worst:
                return "over_temperature"
        return ""

    # ---- what is decided

    def _event(self):
        state, now = self._state, self._now_ms
        passed = now - self._since_ms
        cause = self._cause()
        if cause and state not in ("error", "held"):
            self._word = cause
            return "fault"
        if self._latch.word:
            self._word = self._latch.word
        if self._permit_ma and now - self._permit_ms > self.lease_ms:
            self._permit_ma = 0
        if state == "start":
            return "done" if passed >= PROVE_MS and self._letter != "F" else ""
        if state == "idle":
            if self._letter == "A":
                return "test" if self._rcd.is_due(now) else ""
            return "allow" if self._can_offer() else ""
        if state == "test":
            return "done" if self._rcd.go_on(passed, now) else ""
        if state == "offer":
            return self._offering()
        if state in ("charge", "stop"):
            return self._charging(passed)
        return self._in_error(cause, passed)

    def _can_offer(self):
        return (
            self._limit_ma() > 0 and self._letter in "BC" and self._now_ms >= self._rest_until_ms
        )

    def _offering(self):
        now = self._now_ms
        if not self._limit_ma() or self._letter not in "BC":
            return "forbid"
        asked = self._seen == "C" and now - self._asks_ms >= CONFIRM_MS
        ready = asked and self._diode and now - self._moved_ms >= REST_MS
        return "ready" if ready else ""

    def _charging(self, passed):
        if self._seen != "C":
            return "left"  # in the very turn that sees it
        if self._now_ms - self._permit_ms > self.lease_ms:
            return "lapse"
        if self._state == "stop":
            return "late" if passed >= STOP_MS else ""
        return "" if self._limit_ma() else "forbid"

    def _in_error(self, cause, passed):
        if self._state == "error":
            done = passed >= OFF_MS and self._latch.word != "welded"
            return "done" if done else ""
        if self._latch.word:
            return ""
        over = self._letter == "A" or passed >= ERROR_REST_MS
        if self._rcd.bad:
            return "test" if passed >= ERROR_REST_MS and self._letter == "A" else ""
        return "clear" if over and not cause and self._seen in ("A", "B", "C") else ""

    def _limit_ma(self):
        limit_ma = min(self._permit_ma, self._plug_ma, self._facts["most_ma"])
        if "ntc" in self._ports:
            limit_ma = pilot.derated_ma(limit_ma, self._tenths)
        return limit_ma if limit_ma >= LEAST_LIMIT_MA else 0

    # ---- what is set

    def _take(self, event):
        after = _NEXT.get((self._state, event))
        if after:
            self._enter(after)

    def _enter(self, state):
        now = self._now_ms
        before, self._state = self._state, state
        self._since_ms = now
        relay, kind = _OUTPUTS[state]
        if relay != _OUTPUTS[before][0]:
            self._moved_ms = self._agreed_ms = now
        if kind != _OUTPUTS[before][1]:
            self._pilot_ms = now
            self._diode = False
            self._bad_turns = 0
        if state == "error":
            self._rest_until_ms = now + ERROR_REST_MS
        elif state == "idle":
            self._word = ""
        self._ports["relay"].value(relay)
        if kind == _PWM:
            self._offer(self._limit_ma())
        else:
            self._ports["pwm"].duty_u16(65535 if kind == _STEADY else 0)
        self._rcd.pulse(state == "test", now)

    def _adjust(self):
        if _OUTPUTS[self._state][1] == _PWM and self._now_ms - self._duty_ms >= CHANGE_MS:
            limit_ma = self._limit_ma()
            if limit_ma and limit_ma != self._offered_ma:
                self._offer(limit_ma)

    def _offer(self, limit_ma):
        self._offered_ma = limit_ma
        self._duty_ms = self._now_ms
        self._ports["pwm"].duty_u16(pilot.duty_u16(pilot.duty_permille(limit_ma)))


def open_driver(chip, objects, clock):
    """See boards/drivers.py. chip: facts. objects: see Direct; limits."""
    for name in ("pwm", "cp_high", "cp_low", "relay", "live"):
        need(objects, name)
    facts = dict(need(chip, "facts"))
    for name in ("bands_mv", "error_mv", "hysteresis_mv", "low_most_mv"):
        if facts.get(name) is None:
            raise ValueError("facts.%s: missing" % name)
    for pin, name in (("pp", "pp_windows"), ("ntc", "ntc_table")):
        if pin in objects and not facts.get(name):
            raise ValueError("facts.%s: missing" % name)
    facts["most_ma"] = need(need(objects, "limits"), "limit_ma")
    return Direct(objects, facts, clock)
