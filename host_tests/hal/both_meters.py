"""Meter chips that count: the register is the world's truth, whatever happens to chip, bus and supply (law 3)."""

from hal.energy import UJ_PER_WH
from hal.meters.atm90e32 import uj_per_count
from host_tests.hal.meter_rig import CHIPS, COUNT_UJ, PHASES, Rig, each

SECOND_UJ = {kind: 7360 * PHASES[kind] * 1000000 for kind in CHIPS}  # at 32 A


def test_five_minutes_in_turns_of_50_ms():
    def check(rig):
        rig.load()
        rig.run(300000)
        assert None not in rig.readings and rig.meter.complaint() == ""
        reading = rig.newest
        phases = PHASES[rig.kind]
        assert abs(reading.power_w - 7360 * phases) <= 2
        assert [abs(ma - 32000) < 50 for ma in reading.current_ma[:phases]] == [True] * phases
        assert [abs(v - 230) <= 1 for v in reading.voltage_v[:phases]] == [True] * phases
        assert rig.settle() >= 0

    each(check)


def test_a_reset_of_the_chip_loses_a_second_at_most_and_is_told():
    def check(rig):
        rig.load()
        lost_uj = 0
        for _ in range(3):
            rig.run(20000)
            rig.chip.reset()
            rig.run(3000)
            assert rig.meter.complaint() == "meter_bus", rig.kind
            rig.run(70000)
            assert rig.meter.complaint() == "" and rig.newest, rig.kind
            lost_uj += SECOND_UJ[rig.kind]
        assert 0 < rig.settle(lost_uj)

    each(check)


def test_a_power_cut_with_a_warning_loses_a_count():
    def check(rig):
        for _ in range(3):
            rig.load()
            rig.run(60000)
            rig.power_cut(warned=True)
        missing = rig.missing_uj()
        # a count for each life of the chip: what it had not yet made a count of, it forgot
        assert 0 <= missing <= 4 * COUNT_UJ[rig.kind], (rig.kind, missing)

    each(check)


def test_a_power_cut_without_a_warning_loses_what_nobody_noted_and_never_invents():
    def check(rig):
        rig.load()
        rig.run(100000)
        noted_wh = rig.look().register_wh
        rig.run(50000)
        before_wh = rig.look().register_wh
        rig.power_cut(noted_wh=noted_wh)
        after_wh = rig.look().register_wh
        assert noted_wh <= after_wh <= before_wh
        rig.load()
        rig.run(10000)
        assert rig.missing_uj() >= 0

    each(check)


def test_the_register_is_kept_when_the_current_stops():
    def check(rig):
        rig.load()
        rig.run(60000)
        rig.settle()
        rig.run(3000)
        wh = rig.look().register_wh
        rig.power_cut()
        assert rig.look().register_wh == wh > 100

    each(check)


def test_a_processor_that_begins_anew_finds_its_chip_counting():
    def check(rig):
        rig.load()
        rig.run(60000)
        wh = rig.look().register_wh
        rig.build()
        rig.meter.begin(rig.volume, wh, "M-1")
        rig._newest = None
        rig.run(5000)
        rig.settle(UJ_PER_WH + 3 * SECOND_UJ[rig.kind])

    each(check)


def test_without_constants_there_is_no_reading():
    for kind in CHIPS:
        rig = Rig(kind, begun=False)
        rig.build(constants=False)
        rig.run(3000)
        assert rig.newest is None and rig.meter.complaint() == "meter_uncalibrated"


def test_the_unit_of_the_atm90e32_follows_from_what_is_written():
    assert uj_per_count(140625000, 0x0087) == 112500000
    assert uj_per_count(140625000, 0x0287) == 11250000
    assert uj_per_count(140625000, 0x0087, 2) == 225000000
    assert uj_per_count(450000000, 0x0087) == 360000000  # 1000 pulses a kWh


def test_an_uncalibrated_cse7766_says_so():
    rig = Rig("cse7766")
    rig.chip.calibrated = False
    rig.run(3000)
    assert rig.newest is None and rig.meter.complaint() == "meter_uncalibrated"
    rig.chip.calibrated = True
    rig.run(3000)
    assert rig.newest is not None and rig.meter.complaint() == ""


def test_energy_the_wrong_way_is_no_import_and_is_seen_as_power():
    rig = Rig("bl0942")
    rig.chip.backward = True
    rig.load()
    rig.run(10000)
    assert rig.newest.power_w == 7360 and rig.newest.register_wh == 0


def test_a_chip_that_counts_faster_than_the_connection_allows_falls_silent():
    for kind in CHIPS:
        rig = Rig(kind, 100)
        rig.load()
        rig.run(20000)
        assert rig.newest is None and rig.meter.complaint() == "meter_bus", kind
        assert rig.meter._register.register_wh < 100, kind


def test_current_without_voltage_is_no_reading():
    for kind in ("bl0942", "cse7766"):
        rig = Rig(kind)
        rig.load()
        rig.run(3000)
        rig.chip.tap_broken = True
        rig.run(5000)
        assert rig.newest is None and rig.meter.complaint() == "meter_bus", kind
