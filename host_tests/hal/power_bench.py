"""A power board's driver in turns of 50 ms, whichever chip or circuit is below it."""

from hal.mock.ports import MockClock
from hal.mock.volume import MemoryVolume
from hal.mock.world import World

TURN_MS = 50


class PowerBench:
    """permit_ma is given in every turn, as the control task does. A bench makes `power`; see `clock`."""

    power = None

    def __init__(self, world=None, volume=None):
        self.world = world or World()
        self.volume = volume or MemoryVolume()
        self.permit_ma = 0

    def clock(self):
        """Of a processor that starts now, three seconds before its ticks wrap."""
        return MockClock(self.world, (1 << 30) - 3000)

    def attend(self):
        """The turn of every driver."""
        self.power.attend()

    def turn(self, leased=True):
        self.world.step(self.world.now_ms + TURN_MS)
        self.attend()
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
        raise AssertionError("not within %d ms: %s" % (most_ms, self.told()))

    def told(self):
        power = self.power
        return power.vehicle(), power.contactor(), power.fault()
