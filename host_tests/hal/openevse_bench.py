"""A charger's OpenEVSE driver and meter, wired to the simulated controller: turns of 50 ms."""

from hal.meters.openevse import OpenEvseMeter
from hal.mock.buses import SimUart
from hal.mock.chips.openevse import OpenEvseChip
from hal.mock.ports import MockClock
from hal.mock.volume import MemoryVolume
from hal.mock.world import World
from hal.power.openevse import BAUD, OpenEvse

TURN_MS = 50


class Bench:
    """permit_ma is given in every turn, as the control task does."""

    def __init__(self, world=None, chip=None, volume=None, noted=(None, ""), **options):
        self.world = world or World()
        self.chip = chip or OpenEvseChip(self.world, **options)
        self.uart = SimUart(lambda: self.world.now_ms, self.chip, BAUD)
        self.chip.uart = self.uart
        self.permit_ma = 0
        self.volume = volume or MemoryVolume()
        self.power = OpenEvse(self.uart, MockClock(self.world, (1 << 30) - 3000))
        self.meter = OpenEvseMeter(self.power, "EVSE-1")
        self.meter.begin(self.volume, noted[0], noted[1])

    def turn(self, leased=True):
        self.world.step(self.world.now_ms + TURN_MS)
        self.power.attend()
        self.meter.attend()
        if leased:
            self.power.permit(self.permit_ma)

    def turns(self, ms, leased=True):
        """Let `ms` pass; the most of time in which the contactor was closed, in ms."""
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
        raise AssertionError("not within %d ms" % most_ms)

    def charge(self, ma=16000, permit_ma=16000):
        self.turns(1000)
        self.world.plug(32000)
        self.world.demand(ma)
        self.permit_ma = permit_ma
        self.until(lambda: self.world.closed and self.power.contactor())
        return self

    def told(self):
        power = self.power
        return power.vehicle(), power.contactor(), power.fault(), power.complaint()
