"""The analogue side of a board without a controller: pilot, proximity, relay, RCD, NTC, tied to a `World`.

The pilot's volts come to the ADC as 1334 mV + 102 mV a volt. Hardware that a board must have is here too, and
can be left out to see what software alone does: gate (a retriggerable watchdog of 1 s that holds the relay) and
comparator (drops the relay 20 ms after the pilot left C, until the relay pin goes low once).
"""

from hal.mock.buses import SimAdc, SimPin, SimPwm
from hal.power.pilot import limit_of

GATE_MS = 1000
COMPARE_MS = 20
_TRIP_MS = 740
_OPEN_MV = 3100
_VOLTS = {"A": 12, "B": 9, "C": 6, "D": 3, "E": 0, "F": -12}

FACTS = {
    "bands_mv": ((2450, 2700), (2170, 2330), (1870, 2010), (1580, 1680)),
    "error_mv": 1450,
    "hysteresis_mv": 30,
    "low_most_mv": 314,  # -10 V: without a diode a vehicle in B or C leaves -9 or -6 V
    "most_ma": 80000,
    "pp_windows": (
        (1500, 1800, 13000),
        (1100, 1300, 20000),
        (550, 700, 32000),
        (270, 350, 63000),
    ),
    "ntc_table": ((3000, -200), (2000, 250), (1000, 600), (800, 700), (500, 900)),
}
PLUG_MV = {1500: 1650, 680: 1200, 220: 620, 100: 310, 0: 5, None: _OPEN_MV}


def volts_mv(volts):
    """Millivolts at the ADC pin."""
    return 1334 + 102 * volts


class PilotCircuit:
    """ports: what `hal.power.direct.Direct` takes. Switches: diode, between_mv (the pilot's high level as it is
    given, None: as the vehicle makes it), plug_ohm, ntc_mv, tripped, rcd_dead, broken (the ADC raises).
    """

    def __init__(self, world, gate=False, comparator=False):
        self.diode = True
        self.between_mv = None
        self.plug_ohm = 220
        self.ntc_mv = 2000
        self.tripped = self.rcd_dead = self.broken = False
        self.relay = False
        self.tests = 0
        self._world = world
        self._comparator = comparator
        self._dropped = False
        self._left_ms = -1
        self._gate_ms = 0 if gate else -1
        self._test_ms = -1
        self.pwm = SimPwm()
        self.pwm.told = self._act
        self.relay_pin = SimPin(0)
        self.relay_pin.told = lambda low: self._act()
        test_pin = SimPin(0)
        test_pin.told = self._tested
        self.ports = {
            "pwm": self.pwm,
            "cp_high": SimAdc(lambda: self._uv(self._high_mv())),
            "cp_low": SimAdc(lambda: self._uv(self._low_mv())),
            "pp": SimAdc(lambda: self._uv(PLUG_MV[self.plug_ohm])),
            "ntc": SimAdc(lambda: self._uv(self.ntc_mv)),
            "relay": self.relay_pin,
            "live": SimPin(0, lambda: 1 if world.closed else 0),
            "rcd": SimPin(0, self._is_tripped),
            "rcd_test": test_pin,
        }
        if gate:
            gate_pin = SimPin(0)
            gate_pin.told = self._fed
            self.ports["gate"] = gate_pin
        world.controller = self
        self._act()

    # ---- the world's side

    def sense(self):
        """Vehicle or contactor may have changed."""
        if not self._comparator:
            return
        if not self.relay_pin.value():
            self._left_ms = -1
        elif self._world.vehicle() == "C":
            self._left_ms = -1
        elif self._left_ms < 0 and not self._dropped:
            self._left_ms = self._world.now_ms + COMPARE_MS

    def due_ms(self):
        """The instant of the hardware's next own act, -1 for none."""
        gate = self._gate_ms if self.relay and self._gate_ms > 0 else -1
        if self._left_ms >= 0 and (gate < 0 or self._left_ms < gate):
            return self._left_ms
        return gate

    def poll(self, now_ms):
        """Act on what is due."""
        if 0 <= self._left_ms <= now_ms:
            self._left_ms = -1
            self._dropped = True
        self._act()

    def renewed(self, at_ms):
        """Take it that the gate has been fed all the while until `at_ms`."""
        if self._gate_ms > 0:
            self._gate_ms = at_ms + GATE_MS

    def trip(self, on=True):
        """A residual current: the device opens the relay and stays tripped until it is reset."""
        self.tripped = on
        self._act()

    # ---- inside

    def _act(self):
        if not self.relay_pin.value():
            self._dropped = False
        gated = self._gate_ms < 0 or self._world.now_ms < self._gate_ms
        relay = bool(self.relay_pin.value()) and gated and not self.tripped and not self._dropped
        offer_ma = limit_of((self.pwm.duty_u16() * 1000 + 32767) // 65535)
        if relay != self.relay or offer_ma != self._world.permit_ma:
            self.relay = relay
            self._world.drive(offer_ma)

    def _fed(self, low):
        self._gate_ms = self._world.now_ms + GATE_MS
        self._act()

    def _tested(self, low):
        if not low:
            self.tests += 1
            self._test_ms = self._world.now_ms

    def _is_tripped(self):
        passed = self._world.now_ms - self._test_ms
        tested = self._test_ms >= 0 and _TRIP_MS <= passed < 2800 and not self.rcd_dead
        return 1 if self.tripped or tested else 0

    def _high_mv(self):
        if self.between_mv is not None:
            return self.between_mv
        if not self.pwm.duty_u16():
            return volts_mv(-12)
        return volts_mv(_VOLTS[self._world.vehicle()])

    def _low_mv(self):
        duty = self.pwm.duty_u16()
        if duty == 65535:
            return self._high_mv()
        if self.diode or not self._world.plugged:
            return volts_mv(-12)
        return volts_mv(-_VOLTS[self._world.vehicle()])

    def _uv(self, mv):
        if self.broken:
            raise OSError(5, "EIO")
        return mv * 1000
