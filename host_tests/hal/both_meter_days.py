"""A day at full load through each meter chip, with its rollovers: the register is the world's truth (law 3)."""

from hal.energy import UJ_PER_WH
from host_tests.hal.meter_rig import COUNT_UJ, Rig

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


def test_a_day_of_the_atm90e32():
    rig, wh = day("atm90e32")
    assert wh >= 529900 and rig.chip.saturated == 0


def test_a_day_of_the_bl0942():
    rig, wh = day("bl0942")
    assert wh >= 176600 and rig.chip.count() < 240000


def test_a_day_of_the_cse7766():
    rig, wh = day("cse7766")
    assert wh >= 176600 and rig.chip.pulses() >> 17 > 900
