"""Bytes on the bus: what each meter's driver moves in its turns, through its simulated chip."""

from hal.meters.atm90e32 import Atm90e32
from hal.meters.bl0942 import Bl0942
from hal.meters.cse7766 import Cse7766
from hal.mock.buses import SimPin, SimSpi, SimUart
from hal.mock.chips import atm90e32, bl0942, cse7766
from hal.mock.ports import MockClock
from hal.mock.world import World

TURN_MS = 50
MOST_W = 8096
BAD_BUS = (0, 5, 7, 11, 13, 17, 29)
_CSE = {"voltage_permille": 1000, "current_permille": 1000}


def _atm90e32(world, clock):
    pin = SimPin()
    bus = SimSpi({pin: atm90e32.Atm90e32Chip(world)})
    return bus, Atm90e32(bus, pin, clock, "M", atm90e32.CONSTANTS, MOST_W)


def _bl0942(world, clock):
    chip = bl0942.Bl0942Chip(world)
    bus = chip.uart = SimUart(lambda: world.now_ms, chip, 4800)
    return bus, Bl0942(bus, clock, "M", bl0942.CONSTANTS, MOST_W)


def _cse7766(world, clock):
    chip = cse7766.Cse7766Chip(world)
    bus = chip.uart = SimUart(lambda: world.now_ms, chip, 4800)
    return bus, Cse7766(bus, clock, "M", _CSE, MOST_W)


METERS = {"atm90e32": _atm90e32, "bl0942": _bl0942, "cse7766": _cse7766}


def bus_bytes(name, flip_every=0, seconds=60):
    """(most bytes in one turn, bytes a second) of a meter at full load, its start included.

    flip_every: one byte of so many comes with an error, from a second after the start.
    """
    world = World()
    bus, meter = METERS[name](world, MockClock(world))
    world.plug(32000, 3 if name == "atm90e32" else 1)
    world.demand(32000)
    world.permit(32000)
    most = before = 0
    for _ in range(seconds * 1000 // TURN_MS):
        world.step(world.now_ms + TURN_MS, leased=True)
        meter.attend()
        if world.now_ms == 1000:
            bus.lines.flip_every = flip_every
        most = max(most, bus.lines.passed - before)
        before = bus.lines.passed
    return most, before // seconds


def bus_table():
    """Lines of text, one a meter."""
    rows = []
    for name in METERS:
        most = max(bus_bytes(name, every, 20)[0] for every in BAD_BUS)
        rows.append((name, most, bus_bytes(name)[1]))
    return ["%-10s %4d bytes in the worst turn, %5d a second" % row for row in rows]
