"""A day at full load through meter chips, with their rollovers: the register is the world's truth (law 3)."""

from host_tests.hal.meter_rig import day


def test_a_day_of_the_atm90e32():
    rig, wh = day("atm90e32")
    assert wh >= 529900 and rig.chip.saturated == 0


def test_a_day_of_the_bl0942():
    rig, wh = day("bl0942")
    assert wh >= 176600 and rig.chip.count() < 240000
