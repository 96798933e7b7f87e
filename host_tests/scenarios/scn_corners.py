"""Corners that a review found: grants that outlive their reason, versions, damage, and times in the dark."""

from hal.mock.volume import PowerCut
from host_tests.scenarios.bench import ANNA, BO, Bench


def test_law_1_a_grant_accepted_while_another_ends_lapses_too():
    bench = Bench()
    bench.tap(ANNA)
    bench.plug()
    bench.run(600)
    bench.order("stop")
    bench.run(60)
    bench.world.tap(BO)
    bench.world.set_meter_fault("silent")
    bench.run(0.1)
    bench.order("lock")
    bench.run(60)
    bench.world.set_meter_fault("")
    bench.world.unplug()
    bench.run(86400)
    before = bench.world.energy_uj
    bench.plug()
    bench.order("unlock")
    bench.run(600)
    assert bench.world.energy_uj == before


def test_law_1_what_was_free_ends_when_the_flag_comes_on():
    bench = Bench(enabled=False)
    bench.config(monthly_payment={"enabled": False}, access={"when_off": "open"})
    bench.plug()
    bench.run(600)
    bench.config()
    bench.run(1)
    assert not bench.world.closed
    bench.run(600)
    bench.unplug()
    end = bench.last("session_end")
    assert end["stop_reason"] == "DeAuthorized" and end["billing"] == "none"


def test_law_1_a_free_grant_does_not_outlive_the_flag():
    bench = Bench(enabled=False)
    bench.config(monthly_payment={"enabled": False}, access={"when_off": "open"})
    bench.world.set_meter_fault("silent")
    bench.run(10)
    bench.plug()
    bench.config()
    bench.world.set_meter_fault("")
    bench.run(60)
    assert bench.world.energy_uj == 0


def test_law_11_a_card_blocked_between_tap_and_plug_does_not_begin():
    bench = Bench()
    bench.tap(ANNA)
    bench.subscribe({ANNA: {"user": "anna", "status": "blocked"}})
    bench.plug()
    bench.run(60)
    assert bench.world.energy_uj == 0


def test_a_card_revoked_in_its_session_is_flagged_or_stopped_by_policy():
    bench = Bench()
    bench.tap(ANNA)
    bench.plug()
    bench.run(600)
    bench.power_cut(10)  # the card is remembered through the dark
    bench.run(60)
    bench.subscribe({BO: {"user": "bo"}})
    bench.run(60)
    assert bench.world.closed, "continue is the default"
    assert bench.last("access_refused")["reason"] == "blocked"
    bench.config(access={"revoked_running": "stop"})
    bench.run(1)
    assert not bench.world.closed
    bench.unplug()
    end = bench.last("session_end")
    assert "revoked" in end["flags"] and end["stop_reason"] == "DeAuthorized"
    assert end["user"] == "anna"


def test_law_9_one_read_error_at_boot_lets_no_older_version_in():
    bench = Bench()
    old_list = bench.send("list", whole(bench, 2, "anna"))
    bench.send("list", whole(bench, 3, "bo"))
    bench.volume.fail_next = 5
    bench.power_cut(1)
    bench.charger.on_message(bench.up_ms, "list", old_list)
    bench.pump()
    assert bench.replies[-1]["reason"] == "store_fault"
    bench.power_cut(1)
    bench.run(1)
    assert bench.status["list"]["version"] == 3


def whole(bench, version, user):
    from host_tests.scenarios.bench import list_hash

    bench.cards = {ANNA: {"user": user}}
    entries = [bench.entry(ANNA)]
    message = {"version": version, "base": None, "part": 1, "parts": 1, "put": entries, "del": []}
    message["sha256"] = list_hash(entries)
    return message


def test_law_9_a_damaged_config_does_not_let_an_older_one_in():
    bench = Bench(enabled=False)
    old = bench.config(monthly_payment={"enabled": False}, access={"when_off": "open"})
    new = bench.config()
    bench.volume.files["config"][60] ^= 4
    bench.power_cut(1)
    bench.charger.on_message(bench.up_ms, "config", old)
    bench.pump()
    assert bench.replies[-1]["reason"] == "stale"
    bench.plug()
    bench.run(60)
    assert bench.world.energy_uj == 0
    bench.charger.on_message(bench.up_ms, "config", new)
    bench.pump()
    assert bench.replies[-1]["result"] == "applied"


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


def test_law_5_a_fill_in_that_could_not_be_kept_is_not_told():
    bench = Bench()
    bench.power_cut(10, online=False, clock=False)
    bench.tap(ANNA)
    bench.plug()
    bench.run(60)
    bench.acks = False
    bench.volume.fail_next = 28
    bench.set_clock()
    bench.link(True)
    bench.power_cut(10)  # the bench compares the bytes of what comes again
    bench.run(5)


def test_law_16_the_fill_ins_do_not_grow_with_the_boots():
    bench = Bench()
    for _ in range(20):
        bench.power_cut(1)
    assert len(bench.charger.connector._house.time._fills) == 21
    bench.volume.capacity = 100000  # everything acknowledged gives way
    bench.charger.connector._house.room._writes = 0
    for _ in range(16):
        bench.charge(ANNA, 2)
    bench.power_cut(1)
    assert len(bench.charger.connector._house.time._fills) < 10


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


def test_no_call_raises_when_the_store_fails_under_it():
    for configured in (False, True):
        bench = Bench(enabled=configured)
        if not configured:
            bench.config()
        bench.volume.io_error = True
        bench.charger.on_card(bench.up_ms, "ISO14443", ANNA)
        bench.order("lock")
        bench.charger.on_time(bench.up_ms, bench.world.wall_ms() + 9000000, "S", "sntp")
        bench.run(5)
        assert bench.charger.permit_ma == 0


def test_a_signed_reason_of_half_a_character_is_refused():
    bench = Bench()
    payload = b'{"aud":"CH-1","upto":1,"rejected":[{"seq":1,"reason":"\\ud800"}]}'
    token = bytes(bench.keys.sign("down", "ack+jws", payload))
    bench.charger.on_message(bench.up_ms, "ack", token)
    bench.pump()
    assert bench.replies[-1]["reason"] == "bad_value"


def test_a_subscriber_without_a_name_is_none():
    bench = Bench()
    assert bench.order("start", user="")["detail"].startswith("user:")
    bench.subscribe({ANNA: {"user": ""}})
    assert bench.replies[-1]["detail"].startswith("put.user:")


def test_a_damaged_entry_bills_nobody_and_the_list_is_asked_for_anew():
    bench = Bench()
    bench.volume.files["list"][12 + 94 + 30] ^= 1  # in the second entry, Anna's
    bench.tap(ANNA)
    bench.plug()
    bench.run(60)
    assert bench.world.energy_uj == 0
    assert "list_unreadable" in bench.status["faults"] and bench.status["list"]["version"] == 0


def test_law_5_damage_in_the_journal_reuses_no_number_and_is_told():
    bench = Bench()
    bench.acks = False
    bench.charge(ANNA, 100)
    bench.link(False)
    bench.tap(ANNA)
    bench.plug(wh=100)
    bench.run(600)
    bench.unplug()
    last = bench.charger.connector._house.ledger.last
    path = max(p for p in bench.volume.files if p.startswith("journal/"))
    for at in range(40, len(bench.volume.files[path]), 97):
        damaged = Bench(boot=False, volume=bench.volume.copy())
        damaged.volume.files[path][at] ^= 8
        damaged.boot()
        assert damaged.charger.connector._house.ledger.last >= last
        damaged.run(5)
        seen = sorted(damaged.kinds)
        assert seen == list(range(seen[0], seen[-1] + 1)) and seen[-1] > last


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


def test_law_1_an_unplug_that_could_not_be_kept_is_kept_before_the_restart():
    bench = Bench()
    bench.tap(ANNA)
    bench.plug()
    bench.run(60)
    bench.volume.io_error = True
    bench.run(120)
    bench.unplug()
    bench.plug()
    before = bench.world.energy_uj
    bench.run(300)
    assert not bench.charger.reset_requested, "a boot would give the session to the next vehicle"
    bench.volume.io_error = False
    bench.run(70)
    assert bench.charger.reset_requested
    bench.power_cut(0)
    bench.run(600)
    assert bench.world.energy_uj == before
    assert bench.last("session_end")["stop_reason"] == "EVDisconnected"
