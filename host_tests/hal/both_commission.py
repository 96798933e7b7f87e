"""The installer's check catches every wrong energy constant, through the simulated chips."""

from hal.commission import FAILED, LEAST_POSSIBLE_WH, LEAST_WH, MARGIN, PASSED, WAIT, EnergyCheck
from hal.ports import Reading
from host_tests.hal.meter_rig import CHIPS, MOST_W, Rig


def held(kind, count_permille, ma=32000, least_wh=LEAST_WH, most_s=1200):
    """(verdict, seconds) of a load through the chip, whose counts are worth something else."""
    rig = Rig(kind, count_permille, ma, most_w=MARGIN * MOST_W)
    check = EnergyCheck(least_wh)
    rig.load()
    for second in range(most_s):
        rig.run(1000)
        check.take(rig.world.now_ms, rig.newest)
        if check.verdict()[0] != WAIT:
            return check.verdict(), second
    return check.verdict(), most_s


def test_a_right_constant_passes_at_full_and_at_little_load():
    for kind in CHIPS:
        for ma in (32000, 6000):
            (word, ratio, reason), seconds = held(kind, 1000, ma)
            assert (word, reason) == (PASSED, "") and 980 <= ratio <= 1020, (kind, ma, ratio)
            assert seconds <= 280


def test_a_right_constant_passes_with_the_least_energy():
    for kind in CHIPS:
        (word, ratio, _), _ = held(kind, 1000, 16000, LEAST_POSSIBLE_WH)
        assert word == PASSED, (kind, ratio)


def test_every_wrong_constant_of_public_drivers_fails():
    """Taken for x times its worth: 10, 0.1, 0.65, 1.55, 3; the chip's count is worth 1/x of what we think."""
    for kind in CHIPS:
        for permille, low, high in (
            (100, 9700, 10300),
            (10000, 80, 120),
            (1538, 630, 670),
            (645, 1510, 1590),
            (333, 2940, 3070),
            (1080, 890, 949),
            (920, 1051, 1110),
        ):
            (word, ratio, reason), _ = held(kind, permille)
            assert (word, reason) == (FAILED, "energy_constant"), (kind, permille, word, ratio)
            assert low <= ratio <= high, (kind, permille, ratio)


def fed(*readings):
    check = EnergyCheck()
    for now_ms, reading in readings:
        check.take(now_ms, reading)
    return check.verdict()


def test_it_waits_and_says_why():
    def full(wh, serial="M"):
        return Reading(wh, serial, 7000)

    assert fed() == (WAIT, None, "no_load")
    assert fed((0, full(0))) == (WAIT, None, "too_little")
    assert fed((0, full(0)), (1000, None)) == (WAIT, None, "no_reading")
    assert fed((0, full(0)), (1000, Reading(0, "M", 499))) == (WAIT, None, "no_load")
    assert fed((0, full(0)), (1000, full(2, "N"))) == (WAIT, None, "serial_changed")
    assert fed((0, full(9)), (1000, full(8))) == (WAIT, None, "went_back")
    assert fed((0, full(0)), (3000, full(5))) == (WAIT, None, "interrupted")


def test_what_interrupts_it_begins_it_anew_and_a_verdict_stands():
    check = EnergyCheck(40)
    for second in range(120):
        reading = Reading(second * 2, "M", 7200)
        check.take(second * 1000, None if second == 15 else reading)
        if second in (15, 20):
            assert check.verdict() == (WAIT, None, "no_reading" if second == 15 else "too_little")
    assert check.verdict() == (PASSED, 1000, "")
    check.take(500000, None)
    assert check.verdict() == (PASSED, 1000, "")


def test_less_than_it_can_judge_is_refused():
    try:
        EnergyCheck(39)
    except ValueError as error:
        assert str(error) == "least_wh: 39, at least 40"
    else:
        raise AssertionError("taken")
