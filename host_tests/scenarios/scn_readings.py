"""Law 3, rule by rule: a single wrong answer, whatever driver it comes from, never becomes energy."""

from hal.ports import Reading
from host_tests.scenarios.bench import ANNA, Bench


def charging():
    bench = Bench(register_wh=70000)
    bench.tap(ANNA)
    bench.plug(wh=3000)
    bench.run(600)
    return bench


def answers(bench, make, times=1):
    """Let the meter give `make(its true reading)` for so many answers, then the truth again."""
    meter = bench.board.meter
    true = meter.read
    left = [times]

    def read():
        if not left[0]:
            return true()
        left[0] -= 1
        return make(true())

    meter.read = read
    while left[0]:
        bench.run(1)


def changed(reading, **members):
    for name in members:
        setattr(reading, name, members[name])
    return reading


def ends_whole(bench, anomalies):
    """The session ends with its energy to the watt-hour."""
    bench.run(4000)
    bench.unplug()
    end = bench.last("session_end")
    assert end["energy_wh"] == 3000 and end["reg_begin_wh"] == 70000, end
    assert bench.count("meter_anomaly") == anomalies
    assert bench.count("session_end") == 1
    bench.check_numbers()


def test_law_3_one_zero_is_one_anomaly_and_no_energy():
    bench = charging()
    answers(bench, lambda reading: changed(reading, register_wh=0))
    assert bench.last("meter_anomaly")["flag"] == "meter_backward"
    ends_whole(bench, 1)


def test_law_3_one_answer_backwards():
    bench = charging()
    answers(bench, lambda reading: changed(reading, register_wh=reading.register_wh - 100))
    assert bench.last("meter_anomaly")["flag"] == "meter_backward"
    ends_whole(bench, 1)


def test_law_3_one_answer_faster_than_any_connection():
    bench = charging()
    answers(bench, lambda reading: changed(reading, register_wh=reading.register_wh + 500))
    assert bench.last("meter_anomaly")["flag"] == "meter_implausible"
    ends_whole(bench, 1)


def test_law_3_one_answer_of_another_meter():
    bench = charging()
    answers(bench, lambda reading: changed(reading, serial="another"))
    assert bench.last("meter_anomaly")["flag"] == "meter_replaced"
    ends_whole(bench, 1)


def test_law_3_stale_for_a_moment_is_nothing():
    bench = charging()
    answers(bench, lambda reading: None)
    assert bench.world.closed
    ends_whole(bench, 0)


def test_law_3_stale_for_longer_stops_energy_until_it_is_fresh():
    bench = charging()
    answers(bench, lambda reading: None, 8)
    assert not bench.world.closed
    ends_whole(bench, 0)


def test_law_3_nan_is_no_answer():
    nan = float("nan")
    bench = charging()
    for make in (
        lambda reading: changed(reading, register_wh=nan),
        lambda reading: changed(reading, power_w=nan),
        lambda reading: changed(reading, register_wh=float(reading.register_wh)),
        lambda reading: changed(reading, register_wh=-1),
    ):
        answers(bench, make)
    assert bench.world.closed
    ends_whole(bench, 0)


def test_law_3_nan_that_lasts_stops_energy():
    bench = charging()
    answers(bench, lambda reading: changed(reading, register_wh=float("nan")), 8)
    assert not bench.world.closed
    ends_whole(bench, 0)


def test_law_3_nan_at_boot_is_no_begin_register():
    bench = Bench(boot=False, register_wh=70000)
    bench.boot()
    bench.commission()
    bench.board.meter.read = lambda: Reading(float("nan"), "SIM-0001")
    bench.run(10)
    bench.tap(ANNA)
    assert bench.last("access_refused")["reason"] == "meter_fault"


def test_law_3_frozen_for_less_than_100_wh_is_believed_and_costs_nothing():
    bench = charging()
    bench.world.set_meter_fault("frozen")
    bench.run(60)
    bench.world.set_meter_fault("")
    ends_whole(bench, 0)


def test_law_3_the_end_waits_for_what_a_slow_meter_tells_late():
    bench = charging()
    true = bench.board.meter.read
    shown = []

    def late():
        """What the meter showed a second ago."""
        shown.append((bench.up_ms, true()))
        while len(shown) > 1 and shown[1][0] <= bench.up_ms - 1000:
            shown.pop(0)
        return changed(shown[0][1], age_ms=bench.up_ms - shown[0][0])

    bench.board.meter.read = late
    bench.run(60)
    bench.world.unplug()
    bench.run(10)
    end = bench.of_kind("session_end")[-1]
    assert end["reg_end_wh"] == bench.world.register_wh(), end
    bench.board.meter.read = true
    bench.run(60)
    assert bench.count("meter_anomaly") == 0
