"""Cards: what a UID is, two at once, taps that bounce, groups and guests."""

from host_tests.scenarios.bench import ANNA, BO, CARL, Bench


def tap_reason(bench, uid, kind="ISO14443"):
    return bench.charger.on_card(bench.up_ms, kind, uid)


def test_a_check_byte_a_cut_and_a_padded_number_are_no_cards():
    bench = Bench()
    bcc = ANNA[0] ^ ANNA[1] ^ ANNA[2] ^ ANNA[3]
    for uid in (b"", ANNA[:1], ANNA[:3], ANNA[:4] + bytes((bcc,)), ANNA[:6], ANNA + b"\x00"):
        assert tap_reason(bench, uid) == "bad_card", uid
    assert tap_reason(bench, CARL + b"\x00" * 5) == "bad_card"
    assert tap_reason(bench, b"\x08\x11\x22\x33") == "bad_card"
    assert tap_reason(bench, b"\x08\x11\x22\x33\x44\x55\x66") == "unknown", "only of 4 bytes"
    bench.run(1)
    record = bench.last("access_refused")
    assert (record["rule"], record["list_version"]) == ("L3", 1)
    assert [r["rule"] for r in bench.of_kind("access_refused")] == ["C2", "C3", "L3"]


def test_the_type_is_part_of_a_card():
    bench = Bench()
    assert tap_reason(bench, ANNA, "ISO15693") == "unknown"
    assert tap_reason(bench, ANNA) == "accepted"


def test_hex_on_the_wire_may_be_of_either_case():
    bench = Bench()
    bench.cards = {CARL: {"user": "carl"}}
    whole = bench.entry(CARL)
    bench.subscribe({CARL: {"user": "carl"}}, put=[dict(whole, uid="deadBEEF")])
    assert bench.replies[-1]["result"] == "applied", bench.replies[-1]
    assert bench.charge(CARL, 100)["user"] == "carl"
    bench.subscribe({CARL: {"user": "carl"}}, put=[dict(whole, uid="DEADBEEF88")])
    assert bench.replies[-1]["detail"].startswith("put.uid:"), "a check byte is none of it"


def test_two_cards_at_once_are_refused_and_counted():
    bench = Bench()
    bench.plug()
    bench.world.reader_fault = "two_cards"
    for _ in range(50):
        bench.tap(ANNA)
    assert bench.world.energy_uj == 0 and bench.charger.session == ""
    assert bench.board.indicator.word == "refused"
    bench.run(3700)
    told = bench.of_kind("access_refused")
    assert [(r["reason"], r["rule"], r["count"]) for r in told] == [
        ("two_cards", "C1", 1),
        ("two_cards", "C1", 49),
    ]
    assert told[0]["token"]["ref"] == ""
    bench.world.reader_fault = ""
    bench.tap(ANNA)
    bench.run(1)
    assert bench.world.closed


def test_two_cards_do_not_stop_a_session():
    bench = Bench()
    bench.tap(ANNA)
    bench.plug()
    bench.run(60)
    bench.world.reader_fault = "two_cards"
    bench.tap(ANNA)
    bench.run(5)
    assert bench.world.closed
    assert bench.last("access_refused")["reason"] == "two_cards"


def test_the_dead_times_are_policy():
    bench = Bench()
    bench.config(access={"dead_after_start_s": 20, "dead_after_stop_s": 10})
    bench.plug()
    bench.tap(ANNA)
    bench.run(15)
    bench.tap(ANNA)
    assert bench.world.closed, "still the same tap"
    bench.run(10)
    bench.tap(ANNA)
    assert not bench.world.closed
    bench.run(8)
    assert tap_reason(bench, ANNA) == "debounced"
    assert bench.count("access_refused") == 0
    bench.run(5)
    assert tap_reason(bench, ANNA) == "accepted"


def test_dead_times_of_nothing_let_every_tap_count():
    bench = Bench()
    bench.config(access={"dead_after_start_s": 0, "dead_after_stop_s": 0})
    bench.plug()
    for _ in range(3):
        bench.tap(ANNA)
        bench.run(5)
        assert bench.world.closed
        bench.tap(ANNA)
        assert not bench.world.closed
    bench.unplug()
    assert bench.count("session_end") == 3


def test_dead_times_and_groups_out_of_range_are_refused_by_name():
    bench = Bench()
    for wrong, name in (
        ({"dead_after_start_s": 61}, "access.dead_after_start_s"),
        ({"dead_after_stop_s": -1}, "access.dead_after_stop_s"),
        ({"guests": "maybe"}, "access.guests"),
        ({"groups": "g-1"}, "access.groups"),
        ({"groups": ["g"] * 9}, "access.groups"),
        ({"groups": ["g 1"]}, "access.groups"),
        ({"groups": [""]}, "access.groups"),
        ({"groups": [None]}, "access.groups"),
        ({"autolock_s": 86401}, "access.autolock_s"),
    ):
        bench.config(access=wrong)
        assert bench.replies[-1]["detail"].startswith(name + ":"), bench.replies[-1]


def test_another_driver_need_not_wait_for_the_dead_time_of_the_first():
    bench = Bench()
    bench.plug()
    bench.tap(ANNA)
    bench.run(60)
    bench.tap(ANNA)
    bench.tap(BO)
    bench.run(60)
    assert bench.world.closed
    bench.unplug()
    assert [end["user"] for end in bench.of_kind("session_end")] == ["anna", "bo"]


def test_a_card_while_another_was_let_in_is_told_so():
    bench = Bench()
    bench.tap(ANNA)
    assert tap_reason(bench, ANNA) == "debounced"
    assert tap_reason(bench, BO) == "busy"
    bench.plug()
    bench.run(10)
    assert bench.last("session_begin")["user"] == "anna"


def test_only_cards_of_the_groups_may_begin():
    bench = Bench()
    bench.subscribe({ANNA: {"user": "a", "group": "g-1"}, BO: {"user": "b", "group": "g-2"}})
    bench.config(access={"groups": ["g-2", "g-3"], "guests": "free"})
    assert tap_reason(bench, ANNA) == "wrong_group"
    assert tap_reason(bench, CARL) == "wrong_group", "a guest is of no group"
    assert bench.charge(BO, 100)["group"] == "g-2"
    bench.power_cut(1)
    assert tap_reason(bench, ANNA) == "wrong_group"
    bench.config(access={"groups": []})
    assert tap_reason(bench, ANNA) == "accepted"


def test_known_without_a_subscription_charges_only_while_the_flag_is_off():
    bench = Bench()
    bench.subscribe({ANNA: {"user": "anna", "billing": "none"}})
    assert bench.replies[-1]["result"] == "applied"
    assert tap_reason(bench, ANNA) == "not_subscribed"
    bench.config(monthly_payment={"enabled": False}, access={"when_off": "open"})
    end = bench.charge(ANNA, 100)
    assert (end["user"], end["billing"], end["token"]["method"]) == ("anna", "none", "rfid_list")


def test_a_guest_charges_free_and_the_record_says_that_it_was_one():
    bench = Bench()
    assert tap_reason(bench, CARL) == "unknown"
    bench.config(access={"guests": "free"})
    end = bench.charge(CARL, 300)
    assert (end["user"], end["contract"], end["billing"]) == ("", "", "free")
    assert end["token"]["method"] == "rfid_guest" and len(end["token"]["ref"]) == 16
    bench.subscribe({CARL: {"user": "carl", "billing": "free"}})
    end = bench.charge(CARL, 300)
    assert (end["user"], end["token"]["method"]) == ("carl", "rfid_list"), "free is not a guest"


def test_a_guests_session_is_the_guests_own():
    bench = Bench()
    bench.config(access={"guests": "free"})
    bench.tap(CARL)
    bench.plug()
    bench.run(60)
    bench.power_cut(20)
    bench.run(10)
    bench.subscribe({BO: {"user": "bo"}})  # a list without the guest revokes nothing
    bench.config()  # and no more guests, from the next one on
    bench.tap(BO)
    assert bench.last("access_refused")["reason"] == "busy"
    bench.run(10)
    assert bench.world.closed
    bench.tap(CARL)
    assert not bench.world.closed
    bench.unplug()
    end = bench.last("session_end")
    assert end["flags"] == ["outage"] and end["stop_reason"] == "Local"
    bench.run(5)
    assert tap_reason(bench, CARL) == "unknown"


def test_a_guest_whom_a_list_blocks_is_revoked():
    bench = Bench()
    bench.config(access={"guests": "free", "revoked_running": "stop"})
    bench.tap(CARL)
    bench.plug()
    bench.run(60)
    bench.subscribe({CARL: {"user": "carl", "status": "blocked"}})
    bench.run(1)
    assert not bench.world.closed
    assert bench.last("access_refused")["rule"] == "T9"
    bench.unplug()
    assert "revoked" in bench.last("session_end")["flags"]


def test_free_users_with_the_flag_on_and_off():
    bench = Bench()
    bench.subscribe({ANNA: {"user": "anna", "billing": "free"}})
    assert bench.charge(ANNA, 100)["billing"] == "free"
    bench.config(monthly_payment={"enabled": False}, access={"when_off": "locked"})
    assert tap_reason(bench, ANNA) == "locked"
    bench.config(monthly_payment={"enabled": False}, access={"when_off": "open"})
    assert bench.charge(ANNA, 100)["billing"] == "none"
    bench.plug(wh=100)  # and whoever comes without a card
    bench.run(600)
    bench.unplug()
    end = bench.last("session_end")
    assert (end["token"]["method"], end["user"], end["billing"]) == ("none", "", "none")
