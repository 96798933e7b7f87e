"""Acceptance in the field, 1 to 8: the flag's life, tariff and configuration."""

from hal.mock.volume import CUT_MODES, PowerCut
from host_tests.scenarios.bench import ANNA, BO, CARL, CHARGER, START_S, Bench

POLICY = {
    "when_off": "open",
    "offline": "deny",
    "list_max_age_s": 86400,
    "lapse_s": 30,
    "autolock_s": 900,
    "revoked_running": "stop",
    "dead_after_start_s": 7,
    "dead_after_stop_s": 9,
    "guests": "free",
    "groups": ["g-1", "g-2"],
}


def answer(bench):
    reply = bench.replies[-1]
    return reply["result"], reply["reason"], reply.get("version")


def policy_of(bench):
    config = bench.charger.connector._house.config.current
    return {name: getattr(config, name) for name in POLICY}


def cut_in(bench, operations, mode, act):
    """Do something and cut the power at a flash operation in it. False when it needs fewer than that."""
    bench.volume.cut_after(operations, mode)
    try:
        act()
        return False
    except PowerCut:
        return True
    finally:
        bench.volume.revive()


def test_01_enable_is_in_flash_before_its_answer_which_repeats_the_version():
    bench = Bench(enabled=False)
    bench.version = 6
    in_flash = []

    class Watched:
        def __init__(self, mailbox):
            self.reply_was = mailbox.reply
            mailbox.reply = self.reply

        def reply(self, message):
            in_flash.append(bytes(bench.volume.files["config"]))
            self.reply_was(message)

    Watched(bench.charger.connector._house.mailbox)
    token = bench.config()
    assert in_flash == [token], "the flag is durable, and then it is answered"
    assert answer(bench) == ("applied", "ok", 7)
    assert bench.status["monthly_payment"] == {"enabled": True, "version": 7}
    record = bench.last("config_applied")
    assert (record["version"], record["enabled"]) == (7, True)


def test_02_a_cut_while_the_flag_is_rewritten_leaves_the_old_or_the_new_one():
    for mode in CUT_MODES:
        for operation in range(12):
            bench = Bench()
            tariff = bench.config_message()["tariff"]
            tariff["version"] = 2
            cut = cut_in(bench, operation, mode, lambda b=bench, t=tariff: b.config(tariff=t))
            bench.power_cut(3)
            held = bench.status["monthly_payment"]
            assert held["enabled"] and held["version"] in (1, 2), (mode, operation, held)
            assert bench.status["tariff"]["version"] == held["version"]
            bench.plug()
            bench.run(5)
            assert bench.world.energy_uj == 0, "never open"
            if not cut:
                break
        assert operation > 2


def test_02_a_cut_while_the_list_is_rewritten_leaves_the_old_or_the_new_one():
    old = {bytes((4, i, 0, 0, 0, 0, 1)): {"user": "old-%d" % i} for i in range(3)}
    new = {bytes((4, i, 0, 0, 0, 0, 1)): {"user": "new-%d" % i} for i in range(24)}
    for mode in CUT_MODES:
        for operation in range(30):
            bench = Bench(enabled=False)
            bench.config()
            bench.subscribe(old)
            cut = cut_in(bench, operation, mode, lambda b=bench: b.subscribe(new))
            bench.power_cut(3)
            held = bench.status["list"]
            assert (held["version"], held["count"]) in ((1, 3), (2, 24)), (mode, operation, held)
            house = bench.charger.connector._house
            key = house.card_key("ISO14443", bytes((4, 2, 0, 0, 0, 0, 1)))
            user = house.subscribers.find(key).user
            assert user == ("old-2" if held["version"] == 1 else "new-2")
            if not cut:
                break
        assert operation > 3


def test_03_on_means_locked_after_a_boot_and_so_does_what_cannot_be_read():
    bench = Bench()
    bench.power_cut(60)
    bench.plug()
    bench.run(600)
    assert bench.world.energy_uj == 0 and not bench.world.closed
    bench.unplug()
    for path, at, word in (("config", 30, "config_unreadable"), ("list", 5, "list_unreadable")):
        damaged = Bench()
        damaged.volume.files[path][at] ^= 4
        damaged.power_cut(1)
        damaged.plug()
        damaged.tap(ANNA)
        damaged.run(300)
        assert damaged.world.energy_uj == 0 and not damaged.world.closed, path
        assert damaged.status["state"] == "locked" and word in damaged.status["faults"]
        assert damaged.last("access_refused")["rule"] == "S2"


def test_04_an_update_of_the_firmware_changes_no_flag_no_policy_no_list_and_no_record():
    bench = Bench()
    bench.config(access=POLICY)
    before = policy_of(bench)
    assert before == dict(POLICY, groups=("g-1", "g-2"))
    bench.acks = False
    bench.tap(ANNA)
    bench.run(3)
    status = bench.status
    waiting = bench.charger.unsent
    bench.fw = "next"
    bench.power_cut(5)
    bench.run(1)
    assert policy_of(bench) == before
    for name in ("monthly_payment", "tariff"):
        assert bench.status[name] == status[name], name
    assert bench.status["list"]["version"] == status["list"]["version"]
    assert bench.status["fw"] == "next"
    assert 1 <= waiting <= bench.doubles, "what was not named came again, in the same bytes"
    record = bench.last("firmware_changed")
    assert (record["from"], record["to"]) == ("test", "next")
    bench.n = 0
    bench.version = 1
    bench.config()
    assert answer(bench)[:2] == ("refused", "stale")
    bench.acks = True
    bench.acknowledge()
    bench.run(5)
    bench.check_numbers()


def test_05_an_older_configuration_that_comes_late_is_refused_and_the_one_in_force_named():
    bench = Bench()
    bench.version = 5
    late = bench.config(limit_ma=6000)
    bench.config()
    bench.charger.on_message(bench.up_ms, "config", late)
    bench.pump()
    assert answer(bench) == ("refused", "stale", 7)
    bench.power_cut(2)
    bench.charger.on_message(bench.up_ms, "config", late)
    bench.pump()
    assert answer(bench) == ("refused", "stale", 7)
    assert bench.charger.connector._house.config.current.limit_ma == 16000


def test_06_a_tariff_that_comes_in_a_session_is_the_next_ones():
    bench = Bench()
    bench.tap(ANNA)
    bench.plug(wh=2000)
    bench.run(300)
    tariff = {"id": "B", "version": 1, "currency": "EUR", "components": []}
    bench.config(tariff=tariff)
    bench.run(3000)
    bench.unplug()
    end = bench.last("session_end")
    assert end["tariff"] == {"id": "T-1", "version": 1} and end["energy_wh"] == 2000
    assert bench.charge(ANNA, 100)["tariff"] == {"id": "B", "version": 1}


def test_07_switched_off_in_a_session_it_ends_as_it_began_and_the_next_is_none():
    bench = Bench()
    bench.tap(ANNA)
    bench.plug(wh=2000)
    bench.run(300)
    off = {"when_off": "open"}
    bench.config(monthly_payment={"enabled": False}, access=off)
    bench.run(300)
    bench.power_cut(30)  # and it goes on as that, also through a boot
    bench.run(3000)
    bench.unplug()
    end = bench.last("session_end")
    assert (end["billing"], end["user"], end["energy_wh"]) == ("ppm", "anna", 2000)
    assert end["stop_reason"] == "EVDisconnected"
    assert bench.charge(BO, 100)["billing"] == "none"
    assert bench.order("start", user="carl", billing="ppm")["result"] == "applied"
    bench.plug()
    bench.run(60)
    bench.unplug()
    assert bench.last("session_end")["billing"] == "none", "nor by an order"


def test_08_what_is_malformed_or_not_permitted_is_refused_with_a_reason_and_changes_nothing():
    bench = Bench()
    files = {path: bytes(bench.volume.files[path]) for path in ("config", "list")}
    version = bench.version + 1
    for payment, reason in (
        ({"enabled": True, "plan": "business", "actor": {"id": "u", "role": "admin"}}, "not_superadmin"),
        ({"enabled": True, "plan": "free", "actor": {"id": "u", "role": "superadmin"}}, "not_business"),
        ({"enabled": True}, "bad_value"),
        ({"enabled": "yes"}, "bad_value"),
        ({}, "bad_value"),
        (None, "bad_value"),
    ):  # fmt: skip
        if payment and "actor" in payment:
            payment["accepted_at"] = START_S
        message = {"aud": CHARGER, "version": version, "monthly_payment": payment}
        bench.send("config", message)
        assert answer(bench) == ("refused", reason, 1), (payment, answer(bench))
    for order, reason in (
        ({"do": "dance"}, "unknown_order"),
        ({"do": "start"}, "bad_value"),
        ({"do": "start", "user": "a b"}, "bad_value"),
        ({"do": "start", "user": "anna", "billing": "none"}, "bad_value"),
        ({"do": "stop"}, "no_session"),
        ({"do": "resend", "from": 9, "to": 1}, "bad_value"),
        ({"do": "set_time", "time": 5}, "bad_value"),
    ):
        reply = bench.order(**order)
        assert (reply["result"], reply["reason"]) == ("refused", reason), reply
        assert reply["id"] == "o-%d" % bench.n
    bench.subscribe({CARL: {"user": "carl"}}, sha256="0" * 64)
    assert answer(bench) == ("refused", "list_hash", 1)
    for path in files:
        assert bytes(bench.volume.files[path]) == files[path], path
    assert bench.status["monthly_payment"] == {"enabled": True, "version": 1}
    bench.plug()
    bench.tap(CARL)
    bench.run(30)
    assert bench.world.energy_uj == 0
