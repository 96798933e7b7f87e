"""A power board without a controller, wired to the simulated circuit."""

from hal.mock.chips.pilot_circuit import FACTS, PilotCircuit
from hal.power.direct import Direct
from host_tests.hal.power_bench import PowerBench


class Bench(PowerBench):
    def __init__(self, world=None, volume=None, **hardware):
        super().__init__(world, volume)
        self.circuit = PilotCircuit(self.world, **hardware)
        self.boot()

    def boot(self):
        """The processor starts again: pins are low, the PWM stands high, RAM is empty."""
        ports = self.circuit.ports
        ports["relay"].value(0)
        ports["rcd_test"].value(0)
        self.circuit.pwm.duty_u16(65535)
        self.power = Direct(ports, FACTS, self.clock())
        self.power.begin(self.volume)

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
