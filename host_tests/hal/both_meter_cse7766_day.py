"""A day at full load through the CSE7766, whose counter wraps every 47 s: apart, since it takes so long."""

from host_tests.hal.meter_rig import day


def test_a_day_of_the_cse7766():
    rig, wh = day("cse7766")
    assert wh >= 176600 and rig.chip.pulses() >> 17 > 900
