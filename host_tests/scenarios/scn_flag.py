"""The pay-per-month flag: laws 1, 8, 9 and 10, and the owner's steps in the portal."""

from agent import jws
from host_tests.scenarios.bench import ANNA, BO, CHARGER, Bench


def refused(bench, reason):
    reply = bench.replies[-1]
    assert (reply["result"], reply["reason"]) == ("refused", reason), reply


def test_law_1_a_charger_never_configured_gives_nothing():
    bench = Bench(enabled=False)
    bench.plug()
    bench.tap(ANNA)
    bench.run(300)
    assert bench.world.energy_uj == 0
    assert bench.status["state"] == "locked"


def test_law_1_flag_on_and_no_card_gives_nothing():
    bench = Bench()
    bench.plug()
    bench.run(3600)
    assert bench.world.energy_uj == 0
    assert bench.status["state"] == "available"


def test_law_1_unreadable_config_is_locked_and_reported():
    bench = Bench()
    bench.volume.files["config"][40] ^= 1
    bench.power_cut()
    bench.plug()
    bench.tap(ANNA)
    bench.run(60)
    assert bench.world.energy_uj == 0
    assert bench.status["state"] == "locked"
    assert "config_unreadable" in bench.status["faults"]


def test_law_1_unreadable_list_is_locked_and_reported():
    bench = Bench()
    bench.volume.files["list"][9] ^= 1
    bench.power_cut()
    bench.plug()
    bench.tap(ANNA)
    bench.run(60)
    assert bench.world.energy_uj == 0
    assert "list_unreadable" in bench.status["faults"]


def test_law_1_a_store_that_fails_locks_and_asks_for_a_boot():
    bench = Bench()
    bench.volume.io_error = True
    bench.plug()
    bench.tap(ANNA)
    bench.run(30)
    assert bench.world.energy_uj == 0
    assert "store_fault" in bench.status["faults"]
    bench.run(60)
    assert bench.charger.reset_requested
    bench.power_cut()  # still broken at boot
    bench.tap(ANNA)
    bench.run(30)
    assert bench.world.energy_uj == 0
    bench.volume.io_error = False
    bench.power_cut()
    assert bench.charge(ANNA, 1000)["energy_wh"] == 1000


def test_flag_applied_stored_answered_and_shown():
    bench = Bench(enabled=False)
    bench.config()
    assert bench.replies[-1]["result"] == "applied"
    assert bench.replies[-1]["version"] == 1
    bench.run(1)
    assert bench.status["monthly_payment"] == {"enabled": True, "version": 1}
    bench.power_cut()
    assert bench.status["monthly_payment"] == {"enabled": True, "version": 1}
    assert bench.of_kind("config_applied")[0]["enabled"] is True


def test_law_10_only_a_superadmin_on_a_business_plan_turns_it_on():
    bench = Bench(enabled=False)
    for change, reason in (
        ({"actor": {"id": "u", "role": "admin"}}, "not_superadmin"),
        ({"plan": "basic"}, "not_business"),
        ({"actor": {"id": "u"}}, "bad_value"),
        ({"accepted_at": "yesterday"}, "bad_value"),
        ({"enabled": 1}, "bad_value"),
    ):
        bench.version += 1
        message = bench.config_message()
        message["monthly_payment"].update(change)
        bench.send("config", message)
        refused(bench, reason)
    assert bench.charger.connector.state == "locked"
    assert bench.status["monthly_payment"] == {"enabled": False, "version": 0}


def test_law_10_unsigned_wrongly_signed_and_foreign_messages_change_nothing():
    bench = Bench(enabled=False)
    bench.version = 7
    message = bench.config_message()
    bench.send("config", message, keys=jws.Keys(bytes(32)))
    refused(bench, "bad_signature")
    bench.send("config", message, use="up")
    refused(bench, "wrong_key")
    bench.send("config", message, typ="order+jws")
    refused(bench, "wrong_type")
    foreign = dict(message)
    foreign["aud"] = "CH-2"
    bench.send("config", foreign)
    refused(bench, "wrong_charger")
    none = b"eyJhbGciOiJub25lIn0.e30."  # {"alg":"none"}
    for payload, reason in (
        (b"", "malformed"),
        (b"{}", "malformed"),
        (b"a.b", "malformed"),
        (b"\xff.\xff.\xff", "malformed"),
        (b"[].e30.x", "malformed"),
        (none, "wrong_key"),
        (b"." * 9000, "oversized"),
    ):
        bench.charger.on_message(bench.up_ms, "config", payload)
        bench.pump()
        refused(bench, reason)
    bench.charger.on_oversize(bench.up_ms, "config", 100000)
    bench.pump()
    refused(bench, "oversized")
    assert bench.charger.connector.state == "locked"
    bench.send("config", message)
    assert bench.replies[-1]["result"] == "applied"


def test_law_9_versions_never_go_back():
    bench = Bench()
    old = bench.config()
    new = bench.config(monthly_payment={"enabled": False})
    bench.charger.on_message(bench.up_ms, "config", old)
    bench.pump()
    refused(bench, "stale")
    assert bench.replies[-1]["version"] == bench.version
    bench.charger.on_message(bench.up_ms, "config", new)  # the retained one, again
    bench.pump()
    assert bench.replies[-1]["result"] == "applied"
    same = bench.config_message()
    bench.send("config", same)  # the same version with other content
    refused(bench, "stale")
    bench.power_cut()
    bench.charger.on_message(bench.up_ms, "config", old)
    bench.pump()
    refused(bench, "stale")
    assert not bench.status["monthly_payment"]["enabled"]


def test_law_8_a_config_refused_in_any_member_leaves_all_as_it_was():
    bench = Bench()
    before = bytes(bench.volume.files["config"])
    for change, name in (
        ({"limit_ma": "16 A"}, "limit_ma"),
        ({"limit_ma": 3000}, "limit_ma"),
        ({"version": 2.5}, "version"),
        ({"tariff": {"id": "T", "version": 0}}, "tariff.version"),
        ({"tariff": 5}, "tariff"),
        ({"access": {"offline": "maybe"}}, "access.offline"),
        ({"access": {"lapse_s": True}}, "access.lapse_s"),
        ({"session": {"sample_s": 1}}, "session.sample_s"),
        ({"store_full": None}, "store_full"),
        (
            {"utc_offset_rules": [{"from": 5, "offset_s": 0}, {"from": 5, "offset_s": 0}]},
            "utc_offset_rules.from",
        ),
        ({"timezone": "x" * 49}, "timezone"),
    ):
        bench.config(**change)
        refused(bench, "bad_value")
        assert bench.replies[-1]["detail"].startswith(name + ":"), bench.replies[-1]
    assert bytes(bench.volume.files["config"]) == before
    bench.tap(ANNA)
    assert bench.charger.connector.state == "authorized"


def test_disabling_ends_no_running_session_and_rules_the_next():
    bench = Bench()
    bench.tap(ANNA)
    bench.plug()
    bench.run(600)
    bench.config(monthly_payment={"enabled": False})
    bench.run(600)
    assert bench.world.closed
    bench.unplug()
    assert bench.last("session_end")["billing"] == "ppm"
    bench.tap(BO)
    bench.plug()
    assert not bench.world.closed


def test_flag_off_and_open_gives_to_everybody_without_identity():
    bench = Bench(enabled=False)
    bench.config(monthly_payment={"enabled": False}, access={"when_off": "open"})
    bench.plug(wh=500)
    bench.run(1200)
    bench.unplug()
    end = bench.last("session_end")
    assert end["energy_wh"] == 500
    assert (end["token"]["method"], end["user"], end["billing"]) == ("none", "", "none")
    assert end["charger"] == CHARGER
