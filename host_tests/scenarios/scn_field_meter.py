"""Acceptance in the field, 21 to 24: registers, meters that fail, and the five times."""

from host_tests.scenarios.bench import ANNA, Bench


def test_21_energy_is_the_difference_of_two_registers_exactly():
    bench = Bench(register_wh=2935600)
    bench.world.meter_source = "mid"
    end = bench.charge(ANNA, 29500)
    assert end["energy_wh"] == 29500
    assert (end["reg_begin_wh"], end["reg_end_wh"]) == (2935600, 2965100)
    assert end["meter"] == {"serial": "SIM-0001", "source": "mid"}
    assert bench.last("session_begin")["reg_begin_wh"] == 2935600
    assert end["samples"][0][1] == 2935600 and end["samples"][-1][1] == 2965100


def test_22_a_begin_register_that_cannot_be_read_begins_nothing():
    bench = Bench(register_wh=2935600)
    bench.world.set_meter_fault("silent")
    bench.run(20)
    bench.plug()
    bench.tap(ANNA)
    bench.run(300)
    assert bench.last("access_refused")["rule"] == "M1"
    assert bench.world.energy_uj == 0 and bench.count("session_begin") == 0
    bench.unplug()
    bench.world.set_meter_fault("")
    bench.run(20)
    bench.tap(ANNA)  # let in, and then the meter goes
    bench.world.set_meter_fault("silent")
    bench.run(15)
    bench.plug()
    bench.run(30)
    assert bench.world.energy_uj == 0 and bench.count("session_begin") == 0
    bench.world.set_meter_fault("")
    bench.run(10)
    bench.unplug()
    end = bench.last("session_end")
    assert end["reg_begin_wh"] == 2935600, "the register of when it began"


def test_22_an_end_register_that_cannot_be_read_is_no_energy_and_never_register_minus_zero():
    bench = Bench(register_wh=2935600)
    bench.tap(ANNA)
    bench.plug()
    bench.run(900)
    bench.world.set_meter_fault("silent")
    bench.unplug()
    bench.run(60)
    end = bench.last("session_end")
    assert (end["energy_wh"], end["reg_end_wh"], end["reg_begin_wh"]) == (None, None, 2935600)
    assert "meter_missing" in end["flags"]
    assert max(sample[1] for sample in end["samples"]) < 2940000
    bench.check_numbers()


def odd_meter(fault, flag, wh=None):
    bench = Bench(register_wh=2935600)
    bench.tap(ANNA)
    bench.plug()
    bench.run(900)
    bench.world.set_meter_fault(fault, wh)
    bench.run(60)
    bench.unplug()
    bench.run(60)
    end = bench.last("session_end")
    assert end["energy_wh"] is None and flag in end["flags"], (fault, end["flags"])
    assert end["reg_begin_wh"] == 2935600 and end["reg_end_wh"] is not None, "both values"
    told = [one for one in bench.of_kind("meter_anomaly") if one["flag"] == flag]
    assert len(told) == 1, "told once, when it showed"
    assert told[0]["before_wh"] != told[0]["after_wh"] or flag == "meter_replaced"
    bench.check_numbers()


def test_23_a_meter_that_steps_back_is_a_flag_and_both_values():
    odd_meter("backward", "meter_backward", 400)


def test_23_a_meter_that_jumps_is_a_flag_and_both_values():
    odd_meter("jump", "meter_implausible", 20950500)


def test_23_another_meter_is_a_flag_and_both_values():
    odd_meter("serial", "meter_replaced")


def test_24_a_vehicle_full_for_hours_after_the_charger_throttled_it():
    bench = Bench()
    bench.tap(ANNA)
    bench.plug()
    bench.run(3600)
    bench.config(limit_ma=0)
    bench.run(2 * 3600)
    bench.config()
    bench.run(1800)
    bench.world.demand(0)
    bench.run(5 * 3600)
    bench.unplug()
    end = bench.last("session_end")
    seconds = end["seconds"]
    assert abs(seconds["charging"] - 5400) <= 3, seconds
    assert abs(seconds["evse_suspended"] - 7200) <= 3, seconds
    assert abs(seconds["ev_suspended"] - 18000) <= 3, seconds
    assert seconds["outage"] == 0
    assert seconds["connected"] == sum(seconds[k] for k in seconds if k != "connected")
    span_s = end["t_unplug"]["t"] - end["t_start"]["t"]
    assert abs(seconds["connected"] - span_s) <= 1
