"""No energy without permission, whatever happens in whatever order: a seeded walk against a small oracle.

The oracle knows the truth of the world and of what was switched in it, and nothing of the driver's states.
"""

from hal.mock.chips.pilot_circuit import PLUG_MV
from host_tests.hal.direct_bench import Bench
from host_tests.hal.power_bench import TURN_MS

STEPS = 3000
FOLLOW_MS = 2 * TURN_MS  # a cause is seen in the next turn at the latest; a diode needs one more
GRACE_MS = 6000 + FOLLOW_MS
LEASE_MS = 2000 + FOLLOW_MS


class Random:
    """The same numbers on every interpreter."""

    def __init__(self, seed):
        self._state = seed

    def below(self, n):
        self._state = (self._state * 1103515245 + 12345) & 0x3FFFFFFF
        return (self._state >> 8) % n


class Oracle:
    """What allows the contactor to be closed. `look` after every turn."""

    def __init__(self, bench):
        self.bench = bench
        self.permit_ms = self.call_ms = -1000000  # the last permit above 0; the last permit at all
        self.asked_ms = -1  # since when the vehicle has asked without a gap
        self.asking_ms = -1000000  # when it last asked
        self.sound_ms = 0  # when nothing was wrong last
        self.opened_ms = 0
        self.was_closed = False
        self.closings = 0
        self.energy_uj = 0

    def called(self, limit_ma):
        now = self.bench.world.now_ms
        self.call_ms = now
        if limit_ma:
            self.permit_ms = now

    def look(self):
        world, circuit = self.bench.world, self.bench.circuit
        now = world.now_ms
        asks = world.vehicle() == "C" and circuit.between_mv is None
        if asks:
            self.asking_ms = now
            self.asked_ms = now if self.asked_ms < 0 else self.asked_ms
        wrong = circuit.broken or circuit.tripped or circuit.ntc_mv == 700 or circuit.between_mv
        if not wrong and (circuit.diode or not world.plugged):
            self.sound_ms = now
        if world.closed and not self.was_closed:
            self.closings += 1
            assert now - self.opened_ms >= 5000 - TURN_MS, "closed again too early"
            assert asks and now - self.asked_ms >= 500 - TURN_MS, "closed without being asked"
            assert now - self.permit_ms <= LEASE_MS, "closed without a permit"
            assert self.call_ms - self.permit_ms <= FOLLOW_MS, "closed after the permit was taken"
            assert circuit.plug_ohm, "closed with a bad plug"
        if world.closed:
            assert now - self.asking_ms <= FOLLOW_MS, "nobody asks"
            assert now - self.sound_ms <= 2 * FOLLOW_MS, "something is wrong"
            assert now - self.permit_ms <= GRACE_MS, "no permit"
            assert now - self.call_ms <= LEASE_MS, "no lease"
        elif self.was_closed:
            self.opened_ms = now
        if not asks:
            self.asked_ms = -1
        if world.energy_uj != self.energy_uj:
            assert world.closed or self.was_closed
            self.energy_uj = world.energy_uj
        self.was_closed = world.closed


def walk(seed, **hardware):
    random = Random(seed)
    bench = Bench(**hardware)
    world, circuit = bench.world, bench.circuit
    oracle = Oracle(bench)
    hung_until = 0
    for _ in range(STEPS):
        act = random.below(64)
        if act < 10:
            bench.permit_ma = (0, 6000, 16000, 32000, 80000)[random.below(5)]
        elif act < 13:
            world.plug(32000) if not world.plugged else world.unplug()
            circuit.plug_ohm = (220, 220, 100, 1500, 680, 0, None)[random.below(7)]
        elif act < 30:
            world.demand(16000 if random.below(6) else 0)
        elif act == 30:
            world.stubborn = not random.below(3)
        elif act == 31:
            circuit.between_mv = 1500 if not random.below(4) else None
        elif act == 32:
            circuit.diode = random.below(4) > 0
        elif act == 33:
            circuit.ntc_mv = (2000, 2000, 900, 700, 3300)[random.below(5)]
        elif act == 34:
            circuit.broken = not random.below(4)
        elif act == 35:
            world.set_pilot_fault(("", "", "D", "E")[random.below(4)])
        elif act == 36 and not random.below(4):
            circuit.trip()
        elif act == 37:
            circuit.trip(False)
            bench.power.reset_latched()
        elif act == 38 and not random.below(3):
            bench.boot()
        elif act == 39:
            hung_until = world.now_ms + random.below(4000)
        elif act < 44:
            heal(bench)
        for _ in range(1 + random.below(20)):
            world.step(world.now_ms + TURN_MS)
            bench.power.attend()
            oracle.look()
            if world.now_ms >= hung_until:
                bench.power.permit(bench.permit_ma)
                oracle.called(bench.permit_ma)
    return oracle


def heal(bench):
    circuit, world = bench.circuit, bench.world
    circuit.between_mv = None
    circuit.diode = True
    circuit.broken = False
    circuit.ntc_mv = 2000
    circuit.trip(False)
    bench.power.reset_latched()
    world.set_pilot_fault("")
    if PLUG_MV[circuit.plug_ohm] == PLUG_MV[0] or circuit.plug_ohm is None:
        world.unplug()
        circuit.plug_ohm = 220
    elif not world.plugged:
        world.plug(32000)
    world.demand(16000)
    bench.permit_ma = bench.permit_ma or 16000


def test_a_walk_with_software_alone():
    oracle = walk(1)
    assert oracle.closings > 20 and oracle.energy_uj > 0


def test_a_walk_with_the_hardware():
    oracle = walk(2, gate=True, comparator=True)
    assert oracle.closings > 20 and oracle.energy_uj > 0
