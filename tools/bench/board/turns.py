"""What a turn of each driver takes, over its simulated chip and in a charging world. Argument: turns of each.

The time is the driver's and its chip's together, for both are in this interpreter: a bound from above.
"""

import gc
import time

from boards.sim.hardware import TURN_MS, Hardware
from hal.mock.volume import MemoryVolume
from hal.mock.world import World
from tools.bench.board.report import calibrate, say, spread

_ROUNDS = 4
DRIVERS = (
    ("meter", "atm90e32"),
    ("meter", "bl0942"),
    ("meter", "cse7766"),
    ("meter", "sdm630"),
    ("reader", "pn532"),
    ("reader", "pn532_i2c"),
    ("reader", "pn532_spi"),
    ("reader", "mfrc522"),
    ("power", "openevse"),
    ("power", "direct"),
)


def main(turns):
    """Measure each driver for itself."""
    unit = calibrate()
    found = {name: spread(quietest(role, name, turns)) for role, name in DRIVERS}
    say(unit_us=min(unit, calibrate()), turns=turns, found=found)


def quietest(role, name, turns):
    """Microseconds of each turn, the least of several rounds: the same turn does the same in each, and what
    else the host did meanwhile is not the driver's.
    """
    least = times(role, name, turns)
    for _ in range(_ROUNDS - 1):
        again = times(role, name, turns)
        for i in range(turns):
            least[i] = min(least[i], again[i])
    return least


def times(role, name, turns):
    """Microseconds of each turn."""
    world = World()
    names = {"meter": "mock", "reader": "mock", "power": "mock"}
    names[role] = name
    driver = getattr(Hardware(world, names, "M-1"), role)
    if role == "meter":
        driver.begin(MemoryVolume(), None, "")
    world.plug(32000, 1)
    world.demand(16000)
    took = []
    for _ in range(turns):
        if role == "power":
            driver.permit(16000)
        else:
            world.permit(16000)
        world.step(world.now_ms + TURN_MS, leased=True)
        began = time.ticks_us()
        driver.attend()
        took.append(time.ticks_diff(time.ticks_us(), began))
    gc.collect()
    return took
