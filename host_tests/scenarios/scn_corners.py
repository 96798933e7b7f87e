"""Corners that a review found: grants that outlive their reason, versions, damage, and times in the dark."""

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


def test_law_15_nobody_waits_while_the_room_is_measured_or_made():
    bench = Bench()
    volume = bench.volume
    volume.capacity = volume._used() + 150 * 1024  # what is acknowledged gives way all the time
    house = bench.charger.connector._house
    asked = []
    measured = volume.free_bytes
    volume.free_bytes = lambda: asked.append(1) or measured()
    removed = volume.remove
    volume.remove = lambda path: asked.append(path) or removed(path)
    first = house.ledger.journal.first
    for _ in range(80):
        bench.plug()
        asked.clear()
        bench.tap(ANNA)
        assert bench.charger.permit_ma and not asked, asked
        bench.run(20)
        bench.unplug()
        bench.run(20)
    assert house.ledger.journal.first > first, "nothing had to give way"
    assert len(volume.names("journal")) <= 2
    bench.check_numbers()


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
    held = bench.volume.files["list"]
    held[bytes(held).find(b"anna")] ^= 1
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
    path = "journal/" + bench.volume.names("journal")[-1]
    for at in range(40, len(bench.volume.files[path]), 97):
        damaged = Bench(boot=False, volume=bench.volume.copy())
        damaged.volume.files[path][at] ^= 8
        damaged.boot()
        assert damaged.charger.connector._house.ledger.last >= last
        damaged.run(5)
        seen = sorted(damaged.kinds)
        assert seen == list(range(seen[0], seen[-1] + 1)) and seen[-1] > last


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
