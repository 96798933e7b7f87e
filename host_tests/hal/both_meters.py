"""Meter chips that count: the register is the world's truth, whatever happens to chip, bus and supply (law 3)."""

from hal.energy import UJ_PER_WH
from hal.meters.atm90e32 import uj_per_count
from host_tests.hal.meter_rig import CHIPS, COUNT_UJ, PHASES, Rig, each

SECOND_UJ = {kind: 7360 * PHASES[kind] * 1000000 for kind in CHIPS}  # at 32 A
GAP_MS = {"atm90e32": 60000, "bl0942": 60000, "cse7766": 30000}


def test_ten_minutes_in_turns_of_50_ms():
    def check(rig):
        rig.load()
        rig.run(600000)
        assert None not in rig.readings and rig.meter.complaint() == ""
        reading = rig.newest
        phases = PHASES[rig.kind]
        assert abs(reading.power_w - 7360 * phases) <= 2
        assert [abs(ma - 32000) < 50 for ma in reading.current_ma[:phases]] == [True] * phases
        assert [abs(v - 230) <= 1 for v in reading.voltage_v[:phases]] == [True] * phases
        assert rig.settle() >= 0

    each(check)


def test_a_day_with_its_rollovers():
    """22.08 kW on three phases, 7.36 kW on one for the single-phase chips, looked at in bursts."""

    def check(rig):
        if rig.kind == "bl0942":  # it wraps in the afternoon
            rig.world.energy_uj += ((1 << 24) - 120000) * COUNT_UJ["bl0942"]
            rig.meter._register.add(rig.world.energy_uj)
            rig.meter._counter.forget()
            rig.run(3000)
        start_ms = rig.world.now_ms
        rig.load()
        while rig.world.now_ms - start_ms < 86400000:
            rig.turn(GAP_MS[rig.kind])
            for _ in range(12):
                rig.turn()
            rig.look()
        rig.settle()
        wh = rig.world.energy_uj // UJ_PER_WH
        if rig.kind == "bl0942":
            assert rig.chip.count() < 400000
        elif rig.kind == "cse7766":
            assert rig.chip.pulses() >> 17 > 900
        else:
            assert wh >= 529900 and rig.chip.saturated == 0

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
            rig.run(120000)
            rig.power_cut(warned=True)
        missing = rig.missing_uj()
        # a count for each life of the chip: what it had not yet made a count of, it forgot
        assert 0 <= missing <= 4 * COUNT_UJ[rig.kind], (rig.kind, missing)

    each(check)


def test_a_power_cut_without_a_warning_loses_what_nobody_noted_and_never_invents():
    def check(rig):
        rig.load()
        rig.run(300000)
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


def test_a_reading_is_never_older_than_a_second():
    def check(rig):
        rig.bus.lines.cut = True
        rig.turn(1000)
        assert rig.look() is None
        rig.bus.lines.cut = False
        rig.run(3000)
        assert rig.newest is not None

    each(check)


def faults(lines):
    """Each fault of a bus in turn, as something to switch it on."""
    for every in (1, 2, 3, 4, 5, 7, 8, 10, 11, 12, 13, 16, 17, 23, 24, 31, 97):
        for bit in (0, 3, 7):
            yield "flip %d of %d" % (bit, every), {"flip_every": every, "flip_bit": bit}
    for every in (2, 5, 23, 24, 25, 31):
        yield "drop %d" % every, {"drop_every": every}
    yield "low", {"stuck": 0x00}
    yield "high", {"stuck": 0xFF}
    yield "cut", {"cut": True}


def test_a_bad_bus_never_invents_is_told_and_passes():
    """Eleven seconds of each fault under load. `look` holds every reading against the truth."""

    def check(rig):
        lines = rig.bus.lines
        for name, switched in faults(lines):
            rig.name = name
            rig.load()
            rig.run(1000)
            for switch in switched:
                setattr(lines, switch, switched[switch])
            noticed = False
            for _ in range(11):
                rig.run(1000)
                noticed = noticed or rig.newest is None or rig.meter.complaint() != ""
            lines.flip_every = lines.drop_every = 0
            lines.stuck, lines.cut = None, False
            if switched.get("flip_every", 9) < 4 or "stuck" in switched or "cut" in switched:
                assert noticed, (rig.kind, name)
            rig.run(9000)
            assert rig.newest is not None, (rig.kind, name)
            assert rig.missing_uj() >= 0, (rig.kind, name)
        rig.run(80000)
        assert rig.meter.complaint() == "", rig.kind

    each(check)


def test_what_a_bad_bus_garbled_is_had_again():
    """Errors that come and go lose nothing: clear-on-read energies are asked for again, counters stand."""

    def check(rig):
        rig.load()
        for every in (13, 29, 53, 97):
            rig.bus.lines.flip_every = every
            rig.bus.lines.flip_bit = every % 8
            rig.run(20000)
        rig.bus.lines.flip_every = 0
        rig.run(20000)
        rig.settle()

    each(check)


def test_a_short_silence_of_the_bus_loses_nothing():
    def check(rig):
        rig.load()
        for ms in (700, 3000, 20000):
            rig.bus.lines.cut = True
            rig.run(ms)
            rig.bus.lines.cut = False
            rig.run(9000)
        assert rig.meter._silent_until_ms == 0
        rig.settle()

    each(check)


def test_the_unit_of_the_atm90e32_follows_from_what_is_written():
    assert uj_per_count(140625000, 0x0087) == 112500000
    assert uj_per_count(140625000, 0x0287) == 11250000
    assert uj_per_count(140625000, 0x0087, 2) == 225000000
    assert uj_per_count(450000000, 0x0087) == 360000000  # 1000 pulses a kWh


def test_an_energy_register_at_its_end_is_told_and_not_filled_up():
    rig = Rig("atm90e32")
    rig.load()
    rig.bus.lines.cut = True
    rig.run(3000)
    rig.turn(20 * 60000)
    rig.bus.lines.cut = False
    rig.run(2000)
    assert rig.chip.saturated == 3
    assert rig.newest is None and rig.meter.complaint() == "meter_bus"
    rig.run(70000)
    assert rig.newest is not None and rig.meter.complaint() == ""
    assert rig.missing_uj() > 400 * UJ_PER_WH


def test_a_stream_lost_for_less_than_two_wraps_loses_nothing_and_more_is_not_guessed():
    rig = Rig("cse7766")
    rig.load()
    rig.run(5000)
    rig.chip.speaking = False
    rig.run(80000)
    rig.chip.speaking = True
    rig.run(2000)
    assert rig.newest is not None
    rig.settle()
    rig.load()
    rig.run(5000)
    before_uj = rig.register_uj()
    rig.chip.speaking = False
    rig.run(200000)
    rig.chip.speaking = True
    rig.run(2000)
    assert rig.newest is None and rig.meter.complaint() == "meter_bus"
    assert rig.register_uj() - before_uj < 5 * SECOND_UJ["cse7766"]
    rig.run(70000)
    assert rig.newest is not None and rig.meter.complaint() == ""


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
