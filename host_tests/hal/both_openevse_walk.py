"""No energy without permission and none invented, over a bad line to a controller that boots when it likes.

A seeded walk against an oracle that knows the world and what was switched, and nothing of the driver.
"""

from hal.mock.chips.openevse import GFI
from host_tests.hal.both_direct_walk import Random
from host_tests.hal.openevse_bench import Bench
from host_tests.hal.power_bench import TURN_MS

STEPS = 1500
# The controller gives the vehicle 3 s; where it does not, or cannot be heard, 6 s. A command waits for the answer
# to the one before it (500 ms).
END_MS = 6000 + 2 * 500 + 4 * TURN_MS
LEASE_MS = 2000


class Oracle:
    """`look` after every turn."""

    def __init__(self, bench):
        self.bench = bench
        self.allowed_ms = -1000000  # a permit stood, or the line to the controller was cut
        self.permit_ms = -1000000
        self.called_ma = 0
        self.closings = 0
        self.was_closed = False

    def called(self, limit_ma):
        self.called_ma = limit_ma
        self.permit_ms = self.bench.world.now_ms

    def look(self):
        world = self.bench.world
        now = world.now_ms
        leased = self.called_ma and now - self.permit_ms <= LEASE_MS + TURN_MS
        if leased or self.bench.uart.lines.cut:
            self.allowed_ms = now
        if world.closed:
            assert now - self.allowed_ms <= END_MS, "nobody permits it"
            self.closings += 0 if self.was_closed else 1
        self.was_closed = world.closed
        register = self.bench.meter.register
        counted_uj = register.register_wh * 3600000000 + register.rest_uj
        assert counted_uj <= world.energy_uj, "invented"


def mended(bench):
    lines = bench.uart.lines
    lines.flip_every = lines.drop_every = 0
    lines.cut = bench.chip.mute = bench.chip.chatty = False
    lines.stuck = None
    bench.chip.set_fault(0)


def act(bench, number, random):
    world, chip, lines = bench.world, bench.chip, bench.uart.lines
    if number < 10:
        bench.permit_ma = (0, 6000, 16000, 32000)[random.below(4)]
    elif number < 12:
        world.plug(32000) if not world.plugged else world.unplug()
    elif number < 24:
        world.demand(16000 if random.below(6) else 0)
    elif number == 24:
        world.stubborn = not random.below(3)
    elif number == 25:
        lines.flip_bit = random.below(8)
        lines.flip_every = (0, 3, 7, 11, 40)[random.below(5)]
    elif number == 26:
        lines.drop_every = (0, 2, 9, 31)[random.below(4)]
    elif number == 27:
        chip.mute = not random.below(3)
    elif number == 28:
        chip.chatty = not random.below(2)
    elif number == 29:
        chip.lose_cr = random.below(3)
        chip.bad_sum = random.below(3)
    elif number == 30:
        lines.stuck = (None, 0, 255, 36)[random.below(4)]
    elif number == 31:
        chip.set_fault(GFI if not random.below(3) else 0)
    elif number == 32 and not random.below(3):
        chip.reboot()
    elif number == 33 and not random.below(4):
        lines.cut = True
    elif number < 44:
        mended(bench)
        if number < 38:
            bench.permit_ma = 16000
            if not world.plugged:
                world.plug(32000)
            world.demand(16000)


def walk(seed):
    random = Random(seed)
    bench = Bench()
    bench.chip.boot_lock = True
    oracle = Oracle(bench)
    hung_until = 0
    for _ in range(STEPS):
        number = random.below(64)
        act(bench, number, random)
        if number == 44:
            hung_until = bench.world.now_ms + random.below(4000)
        for _ in range(1 + random.below(20)):
            bench.turn(leased=False)
            oracle.look()
            if bench.world.now_ms >= hung_until:
                limit_ma = 0 if bench.power.fault() else bench.permit_ma
                bench.power.permit(limit_ma)
                oracle.called(limit_ma)
    mended(bench)
    bench.world.stubborn = False
    bench.permit_ma = 0
    bench.turns(6000)
    assert (bench.world.closed, bench.power.fault()) == (False, "")
    return oracle


def test_a_walk():
    oracle = walk(7)
    assert oracle.closings > 20
