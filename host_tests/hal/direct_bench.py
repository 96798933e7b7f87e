"""A power board without a controller, wired to the simulated circuit: turns of 50 ms."""

from hal.mock.chips.pilot_circuit import FACTS, PilotCircuit
from hal.mock.ports import MockClock
from hal.mock.volume import MemoryVolume
from hal.mock.world import World
from hal.power.direct import Direct

TURN_MS = 50


class Bench:
    """permit_ma is given in every turn, as the control task does."""

    def __init__(self, world=None, volume=None, **hardware):
        self.world = world or World()
        self.circuit = PilotCircuit(self.world, **hardware)
        self.volume = volume or MemoryVolume()
        self.permit_ma = 0
        self.boot()

    def boot(self):
        """The processor starts again: pins are low, the PWM stands high, RAM is empty."""
        ports = self.circuit.ports
        ports["relay"].value(0)
        ports["rcd_test"].value(0)
        self.circuit.pwm.duty_u16(65535)
        self.power = Direct(ports, FACTS, MockClock(self.world, (1 << 30) - 3000))
        self.power.begin(self.volume)

    def turn(self, leased=True):
        self.world.step(self.world.now_ms + TURN_MS)
        self.power.attend()
        if leased:
            self.power.permit(self.permit_ma)

    def turns(self, ms, leased=True):
        """Let `ms` pass; in how much of it the contactor was closed, ms."""
        closed = 0
        for _ in range(ms // TURN_MS):
            self.turn(leased)
            closed += TURN_MS if self.world.closed else 0
        return closed

    def until(self, true, most_ms=20000):
        """Turns until `true()`; how many ms that took."""
        for ms in range(0, most_ms, TURN_MS):
            if true():
                return ms
            self.turn()
        raise AssertionError("not within %d ms: %s" % (most_ms, self.power._state))

    def ready(self):
        """Booted, and the RCD has been tested."""
        self.turns(6000)
        assert (self.power._state, self.told()) == ("idle", ("A", False, ""))
        return self

    def charge(self, ma=16000, permit_ma=16000):
        self.ready()
        self.world.plug(80000)
        self.world.demand(ma)
        self.permit_ma = permit_ma
        self.until(self.power.contactor)
        self.turns(1500)
        return self

    def told(self):
        power = self.power
        return power.vehicle(), power.contactor(), power.fault()
