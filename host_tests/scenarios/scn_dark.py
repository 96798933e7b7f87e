"""Corners of time: what a power cut, a wrong clock or a late unplug must not do to the times."""

from hal.mock.volume import PowerCut
from host_tests.scenarios.bench import ANNA, Bench


def test_law_4_an_update_in_mid_session_keeps_the_begin_record():
    bench = Bench()
    bench.volume.capacity = 90000  # so little that acknowledged segments give way
    for _ in range(16):
        bench.charge(ANNA, 50)
    bench.tap(ANNA)
    bench.plug()
    bench.run(120)
    bench.volume.files["firmware"] = bytearray(b"older")
    bench.power_cut(5)
    bench.run(60)
    bench.unplug()
    assert bench.count("session_begin") == bench.count("session_end") == 17
    assert bench.last("firmware_changed")["from"] == "older"


def test_samples_after_a_cut_belong_to_the_times():
    for operation in range(4):
        bench = Bench()
        bench.tap(ANNA)
        bench.plug()
        bench.run(880)
        bench.volume.cut_after(operation)
        try:
            bench.run(60)
        except PowerCut:
            pass
        bench.volume.revive()
        bench.world.unplug()
        bench.power_cut(1)
        bench.run(5)
        end = bench.last("session_end")
        offsets = [s[0] for s in end["samples"]]
        registers = [s[1] for s in end["samples"]]
        assert offsets == sorted(offsets) and registers == sorted(registers), end["samples"]
        assert offsets[-1] <= end["seconds"]["connected"]


def test_thinned_samples_come_through_a_cut_whole():
    bench = Bench()
    bench.tap(ANNA)
    bench.plug(6000)
    bench.run(40 * 3600)
    session = bench.charger.connector.session
    before = session.samples.packed()
    bench.power_cut(1)
    assert bench.charger.connector.session.samples.packed()[: len(before)] == before


def test_law_12_a_fast_clock_can_be_put_back_and_a_wrong_one_by_the_service():
    bench = Bench()
    bench.run(7200)
    bench.world.jump_ms = -3000
    bench.set_clock()
    bench.run(1)
    assert abs(bench.status["time"] - (bench.now_s - 3)) <= 1
    bench.world.jump_ms = 50 * 365 * 86400 * 1000
    bench.set_clock()
    bench.run(3700)
    bench.world.jump_ms = 0
    bench.set_clock()
    bench.run(1)
    assert bench.status["time"] > bench.now_s + 86400, "SNTP alone does not put it back"
    assert bench.order("set_time", time=bench.now_s)["result"] == "applied"
    bench.run(1)
    assert abs(bench.status["time"] - bench.now_s) <= 2
    bench.power_cut(1)
    bench.run(1)
    assert abs(bench.status["time"] - bench.now_s) <= 2
    late = bench.order("set_time", time=bench.now_s, exp=bench.now_s - 10)
    assert late["reason"] == "expired"


def test_law_12_the_first_clock_has_no_before():
    bench = Bench(enabled=False)
    assert bench.last("clock_set")["from"] == {"t": None, "q": "U"}


def test_law_13_the_dark_after_a_stop_is_outage_while_the_vehicle_stays():
    bench = Bench()
    bench.tap(ANNA)
    bench.plug()
    bench.run(600)
    bench.tap(ANNA)
    bench.run(60)
    bench.power_cut(1800)
    bench.run(60)
    bench.unplug()
    seconds = bench.last("session_end")["seconds"]
    assert 1795 <= seconds["outage"] <= 2110, seconds
    assert 2515 <= seconds["connected"] <= 2530, seconds
    assert bench.last("power_restored")["session"] == "CH-1-1"


def test_law_13_own_card_while_the_gap_is_unknown_ends_with_the_outage_told():
    bench = Bench()
    bench.tap(ANNA)
    bench.plug()
    bench.run(600)
    bench.power_cut(600, clock=False)
    bench.run(30)
    bench.tap(ANNA)
    bench.unplug()
    end = bench.last("session_end")
    assert end["stop_reason"] == "Local" and "outage_unknown" in end["flags"]
    assert bench.last("power_restored")["resumed"] is False


def test_law_4_a_vehicle_that_came_in_the_dark_is_not_the_one_that_left():
    for operation in range(8):
        bench = Bench()
        bench.tap(ANNA)
        bench.plug()
        bench.run(600)
        bench.volume.cut_after(operation)
        try:
            bench.unplug()
        except PowerCut:
            pass
        bench.volume.revive()
        bench.world.plug(32000)
        bench.world.demand(16000)
        bench.power_cut(60)
        bench.run(36000)
        ends = bench.of_kind("session_end")
        if ends and ends[0]["stop_reason"] == "EVDisconnected":
            assert ends[0]["seconds"]["connected"] < 700, ends[0]["seconds"]


def test_a_plug_time_needs_a_vehicle():
    bench = Bench()
    bench.world.set_pilot_fault("F")
    bench.run(7200)
    bench.world.set_pilot_fault("")
    bench.run(1)
    bench.tap(ANNA)
    bench.plug()
    bench.run(60)
    bench.unplug()
    end = bench.last("session_end")
    assert abs(end["t_plug"]["t"] - end["t_start"]["t"]) <= 2


def test_law_13_a_pulse_after_a_boot_counts_nothing_twice():
    bench = Bench()
    bench.tap(ANNA)
    bench.plug()
    bench.run(600)
    bench.tap(ANNA)
    bench.power_cut(60)
    bench.run(400)
    bench.power_cut(60)
    bench.run(60)
    bench.unplug()
    end = bench.last("session_end")
    assert end["energy_wh"] == bench.world.register_wh()
    assert end["seconds"]["connected"] <= 600 + 60 + 400 + 60 + 60 + 5, end["seconds"]


def test_law_13_a_vehicle_that_left_after_the_stop_is_not_the_one_found_after_the_dark():
    bench = Bench()
    bench.tap(ANNA)
    bench.plug()
    bench.run(600)
    bench.tap(ANNA)
    bench.run(60)
    bench.world.unplug()
    bench.run(0.05)
    bench.world.plug(32000)
    bench.power_cut(60)
    bench.run(3600)
    bench.unplug()
    assert bench.of_kind("session_end")[0]["seconds"]["ev_suspended"] <= 65


def test_law_13_a_vehicle_gone_at_one_boot_is_not_the_one_found_at_the_next():
    bench = Bench()
    bench.tap(ANNA)
    bench.plug()
    bench.run(600)
    bench.tap(ANNA)
    bench.run(60)
    bench.world.unplug()
    bench.power_cut(
        600
    )  # it stands without a vehicle, and the next cut comes before anything is written
    bench.world.plug(32000)
    bench.power_cut(600)
    bench.run(3600)
    bench.unplug()
    end = bench.of_kind("session_end")[0]
    assert end["stop_reason"] == "Local"
    assert end["seconds"]["connected"] <= 600 + 60 + 600 + 5, end["seconds"]


def test_law_13_the_times_go_on_while_the_store_keeps_an_end_from_being_written():
    bench = Bench()
    bench.tap(ANNA)
    bench.plug()
    bench.run(600)
    bench.tap(ANNA)
    bench.run(30)
    bench.volume.io_error = True
    bench.tap(ANNA)  # the next session waits for this one's end, which cannot be written
    bench.run(600)
    bench.volume.io_error = False
    bench.run(70)
    assert bench.charger.reset_requested
    bench.power_cut(0)
    bench.run(60)
    bench.unplug()
    seconds = bench.last("session_end")["seconds"]
    assert 600 + 30 + 600 + 70 + 55 <= seconds["connected"] <= 600 + 30 + 600 + 70 + 65, seconds


def test_law_5_damage_gives_no_record_other_times():
    for lost in (("counters/0", "counters/1"), ("journal/00000001",)):
        bench = Bench()
        bench.acks = False
        bench.power_cut(600)
        for path in lost:
            if path.startswith("counters"):
                bench.volume.remove(path)  # the boot's number goes back
            else:
                bench.volume.files[path][5] ^= 1  # the first record, and whose boot it was of
        bench.power_cut(1200)  # `take_record` compares what comes again
        bench.power_cut(1200)
        assert bench.doubles > 4, lost
        boots = [r["boot"] for r in bench.of_kind("power_restored")]
        assert boots == [1, 2, 3, 4], boots


def test_law_4_an_ended_session_does_not_come_back_to_life():
    for operation in range(8):
        bench = Bench()
        bench.tap(ANNA)
        bench.plug(wh=50)
        bench.run(300)
        bench.volume.cut_after(operation)
        try:
            bench.unplug()
        except PowerCut:
            pass
        bench.volume.revive()
        bench.power_cut(5)
        for _ in range(70):  # more records than a boot looks through
            bench.power_cut(1)
        bench.run(60)
        assert bench.count("session_begin") == bench.count("session_end") == 1, operation
        assert bench.energy_wh == bench.world.register_wh()
