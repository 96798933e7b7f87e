"""A charger's OpenEVSE driver and meter, wired to the simulated controller."""

from hal.meters.openevse import OpenEvseMeter
from hal.mock.buses import SimUart
from hal.mock.chips.openevse import OpenEvseChip
from hal.power.openevse import BAUD, OpenEvse
from host_tests.hal.power_bench import PowerBench


class Bench(PowerBench):
    def __init__(self, world=None, chip=None, volume=None, noted=(None, ""), **options):
        super().__init__(world, volume)
        self.chip = chip or OpenEvseChip(self.world, **options)
        self.uart = SimUart(lambda: self.world.now_ms, self.chip, BAUD)
        self.chip.uart = self.uart
        self.power = OpenEvse(self.uart, self.clock())
        self.meter = OpenEvseMeter(self.power, "EVSE-1")
        self.meter.begin(self.volume, noted[0], noted[1])

    def attend(self):
        super().attend()
        self.meter.attend()

    def charge(self, ma=16000, permit_ma=16000):
        self.turns(1000)
        self.world.plug(32000)
        self.world.demand(ma)
        self.permit_ma = permit_ma
        self.until(lambda: self.world.closed and self.power.contactor())
        return self

    def told(self):
        return super().told() + (self.power.complaint(),)
