"""A meter's driver on its bus, its simulated chip, and a world whose truth the register is held against."""

from hal.energy import UJ_PER_WH
from hal.meters.atm90e32 import Atm90e32
from hal.meters.bl0942 import Bl0942
from hal.meters.cse7766 import Cse7766
from hal.mock.buses import SimPin, SimSpi, SimUart
from hal.mock.chips import atm90e32, bl0942, cse7766
from hal.mock.ports import MockClock
from hal.mock.volume import MemoryVolume
from hal.mock.world import World

SERIAL = "M-1"
MOST_W = 8096  # 32 A at 253 V
CHIPS = ("atm90e32", "bl0942", "cse7766")
PHASES = {"atm90e32": 3, "bl0942": 1, "cse7766": 1}
# what one count is worth, uJ; of three phases each has its own
COUNT_UJ = {"atm90e32": 3 * 112500000, "bl0942": bl0942.UJ_PER_COUNT, "cse7766": cse7766.COEF_P}
CSE_CONSTANTS = {"voltage_permille": 1000, "current_permille": 1000}


class Rig:
    """kind: one of CHIPS. `run` lets time pass in turns of 50 ms and holds every reading against law 3."""

    def __init__(self, kind, count_permille=1000, ma=32000, begun=True, most_w=MOST_W):
        self.kind = kind
        self.world = World()
        self.world.plug(32000, PHASES[kind])
        self.ma = ma
        self.most_w = most_w
        self.volume = MemoryVolume()
        self.readings = []  # the last 20 answers of `read`
        self._newest = None
        self.permille = count_permille
        self.chip = None
        self.name = ""  # of what is tried, for a failure
        self.build()
        if begun:
            self.meter.begin(self.volume, None, "")
            self.run(3000)
            assert self.newest, "no reading"

    def build(self, constants=True):
        """Driver and processor anew; the chip only the first time."""
        world, clock = self.world, MockClock(self.world, (1 << 30) - 5000)
        now = self.now
        fresh = self.chip is None
        if self.kind == "atm90e32":
            if fresh:
                self.chip = atm90e32.Atm90e32Chip(world, self.permille)
                self.pin = SimPin()
                self.bus = SimSpi({self.pin: self.chip})
            given = atm90e32.CONSTANTS if constants else None
            self.meter = Atm90e32(self.bus, self.pin, clock, SERIAL, given, self.most_w)
            return
        module = bl0942 if self.kind == "bl0942" else cse7766
        made = module.Bl0942Chip if self.kind == "bl0942" else module.Cse7766Chip
        if fresh:
            self.chip = made(world, self.permille)
            self.bus = SimUart(now, self.chip, 4800)
            self.chip.uart = self.bus
        if self.kind == "bl0942":
            given = bl0942.CONSTANTS if constants else None
            self.meter = Bl0942(self.bus, clock, SERIAL, given, self.most_w)
        else:
            given = CSE_CONSTANTS if constants else None
            self.meter = Cse7766(self.bus, clock, SERIAL, given, self.most_w)

    def now(self):
        return self.world.now_ms

    def load(self, on=True):
        self.world.demand(self.ma if on else 0)
        self.world.permit(32000)

    def turn(self, ms=50):
        self.world.step(self.world.now_ms + ms, leased=True)
        self.meter.attend()

    def run(self, ms):
        """Turns, with a reading every second."""
        world = self.world
        end = world.now_ms + ms
        while world.now_ms < end:
            self.turn()
            if world.now_ms % 1000 < 50:
                self.look()

    def look(self):
        """One reading, which may be None and may never be more than the truth nor fall."""
        reading = self.meter.read()
        if reading is not None:
            assert reading.serial == SERIAL
            if self._newest is not None:
                assert reading.register_wh >= self._newest.register_wh, "it fell"
            if self.permille == 1000:
                assert self.register_uj() <= self.world.energy_uj, (
                    self.kind,
                    self.name,
                    self.world.energy_uj - self.register_uj(),
                )
            self._newest = reading
        self.readings.append(reading)
        del self.readings[:-20]
        return reading

    @property
    def newest(self):
        return self.readings[-1]

    def register_uj(self):
        register = self.meter._register
        return register.register_wh * UJ_PER_WH + register.rest_uj

    def missing_uj(self):
        """How much of the truth the register lacks; negative is invented."""
        return self.world.energy_uj - self.register_uj()

    def settle(self, allowed_uj=0):
        """The load off, two seconds later: the register is the truth, within one count and `allowed_uj`."""
        self.load(False)
        self.run(2500)
        missing = self.missing_uj()
        assert 0 <= missing <= COUNT_UJ[self.kind] + allowed_uj, (self.kind, missing)
        return missing

    def power_cut(self, dark_ms=5000, noted_wh=None, warned=False):
        """The supply of chip, processor and vehicle is gone."""
        self.world.set_mains(False)
        if warned:
            for _ in range(10):  # what the capacitors hold: half a second
                self.turn()
            self.meter.keep()
        self.world.restart(dark_ms)
        self.world.set_mains(True)
        self.chip.reset()
        self.build()
        self.meter.begin(self.volume, noted_wh, SERIAL)
        self._newest = None
        self.run(3000)


def each(check):
    """Run `check(rig)` for every chip."""
    for kind in CHIPS:
        check(Rig(kind))


# (how long between two looks, turns in a look): the sixteen bits of the CSE7766 wrap every 48 s
LOOKS = {"atm90e32": (120000, 10), "bl0942": (120000, 12), "cse7766": (4900, 4)}


def day(kind):
    """22.08 kW on three phases, 7.36 kW on the one of a single-phase chip."""
    rig = Rig(kind)
    if kind == "bl0942":  # it wraps in the afternoon
        rig.world.energy_uj += ((1 << 24) - 240000) * COUNT_UJ[kind]
        rig.meter._register.add(rig.world.energy_uj)
        rig.meter._counter.forget()
        rig.run(3000)
    start_ms, start_uj = rig.world.now_ms, rig.world.energy_uj
    between_ms, turns = LOOKS[kind]
    rig.load()
    while rig.world.now_ms - start_ms < 86400000:
        rig.turn(between_ms)
        for _ in range(turns):
            rig.turn()
        rig.look()
    rig.settle()
    return rig, (rig.world.energy_uj - start_uj) // UJ_PER_WH
