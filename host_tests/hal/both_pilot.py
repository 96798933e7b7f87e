"""The arithmetic of pilot, proximity and temperature."""

from hal.mock.chips.pilot_circuit import FACTS, PLUG_MV, volts_mv
from hal.power import pilot


def test_duties():
    for limit_ma, permille in (
        (6000, 100), (10000, 167), (13000, 217), (16000, 267), (20000, 333), (32000, 533), (48000, 800),
        (51000, 850), (51001, 850), (52500, 850), (60000, 880), (63000, 892), (70000, 920), (80000, 960),
        (5999, 0), (80001, 0), (0, 0), (-6000, 0),
    ):  # fmt: skip
        assert (limit_ma, pilot.duty_permille(limit_ma)) == (limit_ma, permille)


def test_80_a_is_96_percent():
    # Maths in whole percent gives 93.8 % here, which a vehicle takes for 74.6 A.
    assert pilot.duty_permille(80000) == 960
    assert pilot.limit_of(938) == 74500
    assert pilot.duty_u16(960) == 62914


def test_a_vehicle_takes_what_was_meant():
    before = 0
    for limit_ma in range(6000, 80001, 50):
        permille = pilot.duty_permille(limit_ma)
        taken = pilot.limit_of(permille)
        assert taken >= before
        before = taken
        # half a permille: 30 mA below the knee, 125 mA above; a little over 51 A it gets 51
        if 51000 < limit_ma < 52625:
            assert taken == 51000
        else:
            assert abs(taken - limit_ma) <= (30 if limit_ma <= 51000 else 125)
        exact = (pilot.duty_u16(permille) * 1000 + 32767) // 65535
        assert exact == permille


def test_duties_that_offer_nothing():
    for permille in (0, 29, 50, 79, 971, 1000):
        assert pilot.limit_of(permille) == 0
    assert (pilot.limit_of(80), pilot.limit_of(99), pilot.limit_of(965)) == (6000, 6000, 80000)


def see(mv, last=""):
    return pilot.vehicle_of(mv, FACTS["bands_mv"], FACTS["error_mv"], FACTS["hysteresis_mv"], last)


def test_states_and_what_lies_between():
    for volts, letter in ((12, "A"), (9, "B"), (6, "C"), (3, "D"), (0, "E"), (-12, "E")):
        assert see(volts_mv(volts)) == letter
    for mv in (2400, 2090, 1750, 1500, 2800):
        assert see(mv) == ""


def test_the_band_it_is_in_is_wider():
    least, most = FACTS["bands_mv"][2]
    for mv in (least - 30, most + 30):
        assert (see(mv), see(mv, "C"), see(mv, "B")) == ("", "C", "")
    assert see(least - 31, "C") == ""


def test_plugs():
    for ohm, limit_ma in (
        (1500, 13000),
        (680, 20000),
        (220, 32000),
        (100, 63000),
        (0, 0),
        (None, 0),
    ):
        assert (ohm, pilot.plug_limit_ma(PLUG_MV[ohm], FACTS["pp_windows"])) == (ohm, limit_ma)
    for mv in (0, 269, 400, 900, 1400, 1801, 3300):
        assert pilot.plug_limit_ma(mv, FACTS["pp_windows"]) == 0


def test_temperatures():
    table = FACTS["ntc_table"]
    for mv, tenths in (
        (3000, -200),
        (2000, 250),
        (1500, 425),
        (1000, 600),
        (900, 650),
        (500, 900),
    ):
        assert (mv, pilot.tenths_of(mv, table)) == (mv, tenths)
    assert pilot.tenths_of(3001, table) is None and pilot.tenths_of(499, table) is None


def test_derating():
    for tenths, limit_ma in (
        (250, 32000), (600, 32000), (650, 19000), (699, 6260), (700, 0), (900, 0), (None, 6000),
    ):  # fmt: skip
        assert (tenths, pilot.derated_ma(32000, tenths)) == (tenths, limit_ma)
    assert pilot.derated_ma(6000, 699) == 6000 and pilot.derated_ma(0, 250) == 0
