"""Power cuts and time: laws 4, 12 and 13, and every session resumed or ended once."""

from hal.mock.volume import PowerCut
from host_tests.scenarios.bench import ANNA, BO, START_S, Bench


def charging(bench, seconds=1800, wh=None):
    bench.tap(ANNA)
    bench.plug(wh=wh)
    bench.run(seconds)


def test_law_4_ten_minutes_dark_are_one_session_with_an_outage():
    bench = Bench()
    charging(bench, wh=5000)
    bench.power_cut(600)
    bench.run(6000)
    bench.unplug()
    assert bench.count("session_begin") == bench.count("session_end") == 1
    end = bench.of_kind("session_end")[0]
    assert end["energy_wh"] == 5000
    assert 600 <= end["seconds"]["outage"] <= 665, end["seconds"]
    assert end["seconds"]["connected"] == sum(
        end["seconds"][k] for k in end["seconds"] if k != "connected"
    )
    assert "outage" in end["flags"]
    restored = bench.last("power_restored")
    assert restored["resumed"] and restored["session"] == end["session"]
    bench.check_numbers()


def test_a_vehicle_gone_in_the_dark_ends_with_power_loss():
    bench = Bench()
    charging(bench)
    wh = bench.world.register_wh()
    bench.world.unplug()
    bench.power_cut(600)
    bench.run(10)
    end = bench.last("session_end")
    assert end["stop_reason"] == "PowerLoss" and end["reg_end_wh"] == wh
    assert end["seconds"]["outage"] == 0
    assert end["t_stop"]["t"] <= START_S + 1800 + 2
    assert end["t_unplug"] is None
    bench.plug()
    bench.run(60)
    assert bench.world.register_wh() == wh, "the next vehicle has no permission"


def test_a_long_night_ends_with_power_loss():
    bench = Bench()
    charging(bench)
    bench.power_cut(7200)
    bench.run(10)
    end = bench.last("session_end")
    assert end["stop_reason"] == "PowerLoss"
    before = bench.world.energy_uj
    bench.run(600)
    assert bench.world.energy_uj == before


def test_nothing_flows_until_the_gap_is_known():
    bench = Bench()
    charging(bench)
    bench.power_cut(600, online=False, clock=False)
    before = bench.world.energy_uj
    bench.run(120)
    assert bench.world.energy_uj == before
    assert bench.charger.connector.state == "suspended_evse"
    bench.set_clock()
    bench.run(60)
    assert bench.world.energy_uj > before
    bench.link(True)
    bench.unplug()
    assert 715 <= bench.last("session_end")["seconds"]["outage"] <= 790


def test_a_clock_that_never_comes_ends_the_session():
    bench = Bench()
    charging(bench)
    bench.power_cut(600, clock=False)
    bench.run(3700)
    end = bench.last("session_end")
    assert end["stop_reason"] == "PowerLoss" and "outage_unknown" in end["flags"]


def test_a_cut_while_waiting_for_the_vehicle_to_leave():
    bench = Bench()
    charging(bench)
    bench.tap(ANNA)
    bench.run(60)
    bench.power_cut(60)
    bench.run(60)
    assert not bench.world.closed
    assert not bench.of_kind("session_end")
    bench.unplug()
    end = bench.of_kind("session_end")
    assert len(end) == 1 and end[0]["stop_reason"] == "Local"


def test_a_meter_exchanged_in_the_dark_is_a_flag():
    bench = Bench()
    charging(bench)
    bench.world.meter_serial = "OTHER"
    bench.power_cut(60)
    bench.run(60)
    bench.world.unplug()
    bench.run(60)
    end = bench.last("session_end")
    assert end["energy_wh"] is None and "meter_replaced" in end["flags"]


def test_a_meter_stepped_back_in_the_dark_is_a_flag_even_above_the_begin():
    bench = Bench()
    charging(bench)
    bench.world.meter_base_wh = -500
    bench.power_cut(60)
    bench.run(60)
    bench.world.unplug()
    bench.run(60)
    end = bench.last("session_end")
    assert end["energy_wh"] is None and "meter_backward" in end["flags"], end


def test_a_meter_silent_at_boot_holds_the_session():
    bench = Bench()
    charging(bench)
    bench.world.set_meter_fault("silent")
    bench.power_cut(60)
    bench.run(60)
    assert not bench.world.closed
    bench.world.set_meter_fault("")
    bench.run(60)
    assert bench.world.closed
    bench.unplug()
    assert bench.last("session_end")["energy_wh"] == bench.world.register_wh()


def test_a_begin_cut_before_the_permit_is_one_session_of_nothing():
    for mode in ("before", "torn", "after"):
        for operation in range(6):
            bench = Bench()
            bench.tap(ANNA)
            bench.volume.cut_after(operation, mode)
            try:
                bench.plug()
            except PowerCut:
                pass
            bench.volume.revive()
            bench.world.unplug()
            bench.power_cut(30)
            bench.run(60)
            begins, ends = bench.of_kind("session_begin"), bench.of_kind("session_end")
            assert len(begins) == len(ends) <= 1, (mode, operation, len(begins), len(ends))
            assert sum(e["energy_wh"] for e in ends) == bench.world.register_wh()
            bench.check_numbers()


def test_an_end_cut_anywhere_is_one_end():
    for mode in ("before", "torn", "after"):
        for operation in range(6):
            bench = Bench()
            charging(bench, 300)
            bench.volume.cut_after(operation, mode)
            try:
                bench.unplug()
            except PowerCut:
                pass
            bench.volume.revive()
            bench.power_cut(30)
            bench.run(60)
            ends = bench.of_kind("session_end")
            assert len(ends) == 1, (mode, operation, len(ends))
            assert ends[0]["energy_wh"] == bench.world.register_wh()
            bench.check_numbers()
            bench.charge(BO, 100)
            assert len({e["session"] for e in bench.of_kind("session_end")}) == 2


def test_law_12_durations_do_not_see_the_clock_jump():
    bench = Bench()
    charging(bench, 600)
    bench.world.jump_ms = 3 * 3600 * 1000
    bench.set_clock()
    bench.run(600)
    bench.unplug()
    end = bench.last("session_end")
    assert 1195 <= end["seconds"]["connected"] <= 1205
    news = bench.last("clock_set")
    assert 10795 <= news["to"]["t"] - news["from"]["t"] <= 10805


def test_law_12_instants_before_the_clock_are_filled_in_once_it_is_set():
    bench = Bench()
    bench.power_cut(10, online=False, clock=False)
    bench.tap(ANNA)
    bench.plug()
    began_s = bench.now_s
    bench.run(600)
    bench.set_clock()
    bench.run(600)
    bench.unplug()
    bench.link(True)
    begin, end = bench.last("session_begin"), bench.last("session_end")
    for record in (begin, end):
        assert abs(record["t_start"]["t"] - began_s) <= 1 and record["t_start"]["q"] == "R"
    assert end["t_stop"]["q"] == "S"


def test_law_12_what_was_sent_without_a_time_keeps_its_bytes():
    bench = Bench()
    bench.power_cut(10, clock=False)  # the link comes up first: records go without a time
    bench.acks = False
    bench.tap(ANNA)
    bench.plug()
    bench.run(60)
    begin = bench.last("session_begin")
    assert begin["t_start"] == {"t": None, "q": "U"}
    bench.set_clock()
    bench.run(60)
    bench.charger.on_silence(bench.up_ms)  # everything goes again: the bench compares the bytes
    bench.pump()
    bench.power_cut(10)
    bench.run(5)
    assert bench.doubles > 3
    bench.acks = True
    bench.unplug()
    assert bench.last("session_end")["t_start"]["q"] == "R"


def test_law_12_1970_is_never_sent_and_never_believed():
    bench = Bench()
    bench.charger.on_time(bench.up_ms, 5000, "S", "sntp")
    bench.run(1)
    assert bench.status["time"] >= START_S
    assert bench.order("set_time", time=1000)["reason"] == "bad_value"


def test_law_12_the_clock_never_goes_behind_its_floor_after_a_cut():
    bench = Bench()
    bench.run(2 * 3600)
    bench.power_cut(10, clock=False)
    bench.charger.on_time(bench.up_ms, (START_S - 86400) * 1000, "S", "sntp")
    bench.run(1)
    assert bench.status["time"] is None


def test_boots_are_numbered_and_a_new_firmware_is_told():
    bench = Bench()
    assert bench.status["boot"] == 1
    bench.power_cut()
    bench.power_cut()
    bench.run(1)
    assert bench.status["boot"] == 3
    assert [r["boot"] for r in bench.of_kind("power_restored")] == [1, 2, 3]
