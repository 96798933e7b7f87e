"""Records and their way to the service: laws 5, 6, 7, 10 and 17, and orders."""

import json

from host_tests.scenarios.bench import ANNA, BO, CARL, Bench, hex_of


def test_law_6_a_record_leaves_only_when_the_service_has_named_it():
    bench = Bench()
    bench.acks = False
    before = bench.charger.unsent
    bench.charge(ANNA, 500)
    assert bench.charger.unsent == before + 2
    bench.link(False)
    bench.link(True)  # a PUBACK says nothing: everything unnamed comes again
    assert bench.doubles >= 2
    bench.power_cut(5)
    bench.run(1)
    assert bench.doubles >= 4
    bench.acks = True
    bench.acknowledge()
    bench.run(1)
    bench.check_numbers()
    bench.link(False)
    doubles = bench.doubles
    bench.link(True)
    assert bench.doubles == doubles


def test_law_5_offline_days_arrive_in_order_without_a_gap():
    bench = Bench()
    bench.link(False)
    for _ in range(4):
        for uid in (ANNA, BO):
            bench.tap(uid)
            bench.plug(wh=300)
            bench.run(900)
            bench.unplug()
    bench.power_cut(5, online=False)
    assert not bench.of_kind("session_begin")
    bench.link(True)
    bench.run(60)
    bench.check_numbers()
    assert bench.count("session_end") == 8
    assert all(r["offline"] for r in bench.of_kind("session_begin"))
    assert sum(r["energy_wh"] for r in bench.of_kind("session_end")) == bench.world.register_wh()


def test_law_7_a_rejected_record_is_set_aside_and_the_next_ones_flow():
    bench = Bench()
    bench.acks = False
    bench.charge(ANNA, 500)
    bad = bench.last("session_end")["seq"]
    bench.reject = {bad: "schema: flags"}
    bench.acks = True
    bench.acknowledge()
    bench.run(1)
    assert bench.status["rejected"] == 1 and bench.status["unsent"] == 0
    bench.charge(BO, 500)
    bench.power_cut(1)
    bench.run(1)
    assert bench.status["rejected"] == 1 and bench.status["unsent"] == 0
    assert any(path.startswith("rejected/") for path in bench.volume.files)


def test_an_acknowledgement_of_what_does_not_exist_is_refused():
    bench = Bench()
    for message, name in (
        ({"upto": 5000}, "upto"),
        ({"upto": -1}, "upto"),
        ({"upto": "all"}, "upto"),
        ({}, "upto"),
        ({"upto": 1, "rejected": [5]}, "rejected"),
        ({"upto": 1, "rejected": [{"seq": 9999, "reason": ""}]}, "rejected.seq"),
        ({"upto": 1, "rejected": {}}, "rejected"),
    ):
        bench.send("ack", message)
        reply = bench.replies[-1]
        assert reply["reason"] == "bad_value" and reply["detail"].startswith(name), reply


def test_resend_gives_the_same_bytes_across_reboots():
    bench = Bench()
    bench.charge(ANNA, 500)
    last = max(bench.kinds)
    bench.power_cut(5)
    doubles = bench.doubles
    assert bench.order("resend", **{"from": 1, "to": last})["result"] == "applied"
    bench.run(1)
    assert bench.doubles == doubles + last
    assert bench.order("resend", **{"from": 9000, "to": 9001})["reason"] == "no_record"


def test_every_order_is_answered_once_obeyed_once():
    bench = Bench()
    assert bench.order("lock")["result"] == "applied"
    bench.tap(ANNA)
    assert bench.last("access_refused")["reason"] == "locked"
    bench.power_cut()
    bench.run(1)
    assert bench.status["state"] == "locked"
    assert bench.order("unlock")["result"] == "applied"
    assert bench.status["state"] == "available"
    token = bench.send(
        "order", {"n": bench.n + 1, "exp": bench.now_s + 60, "id": "x", "do": "lock"}
    )
    bench.n += 1
    bench.order("unlock")
    bench.charger.on_message(bench.up_ms, "order", token)  # a replay
    bench.pump()
    assert bench.replies[-1]["reason"] == "stale"
    bench.power_cut()
    bench.charger.on_message(bench.up_ms, "order", token)
    bench.pump()
    assert bench.replies[-1]["reason"] == "stale"
    assert bench.order("dance")["reason"] == "unknown_order"
    assert bench.order("lock", exp=bench.now_s - 1)["reason"] == "expired"
    assert bench.order("update")["reason"] == "not_supported"


def test_an_order_with_the_clock_unknown_waits_for_a_time_from_the_service():
    bench = Bench()
    bench.power_cut(clock=False)
    assert bench.order("lock")["reason"] == "clock_unknown"
    assert bench.order("set_time", time=bench.now_s)["result"] == "applied"
    assert bench.order("lock")["result"] == "applied"


def test_an_order_starts_and_stops_for_a_user_of_the_app():
    bench = Bench()
    bench.plug()
    reply = bench.order("start", user="olga", contract="c-7", group="", billing="ppm")
    assert reply["result"] == "applied"
    bench.run(600)
    assert bench.world.closed
    assert bench.order("start", user="per")["reason"] == "busy"
    assert bench.order("reboot")["reason"] == "busy"
    assert bench.order("stop")["result"] == "applied"
    assert bench.order("stop")["reason"] == "no_session"
    bench.unplug()
    end = bench.last("session_end")
    assert (end["user"], end["contract"], end["stop_reason"]) == ("olga", "c-7", "Remote")
    assert end["token"]["method"] == "app_cloud" and end["token"]["type"] == "Central"
    assert bench.order("start")["detail"].startswith("user:")
    assert bench.order("reboot")["result"] == "applied"
    assert bench.charger.reset_requested


def test_refused_cards_are_coalesced_before_they_get_a_number():
    bench = Bench()
    before = len(bench.kinds)
    for i in range(500):
        bench.tap(bytes((0x04, i & 255, i >> 8, 1, 2, 3, 4)))
    bench.run(3700)
    told = bench.of_kind("access_refused")
    assert len(bench.kinds) - before <= 10
    assert sum(r["count"] for r in told) == 500


def test_law_17_no_card_number_leaves_the_charger():
    bench = Bench()
    bench.charge(ANNA, 500)
    bench.tap(CARL)
    bench.run(60)
    said = [bench.payload(seq) for seq in bench.kinds]
    said += [json.dumps(m).encode() for m in (bench.status, bench.telemetry, bench.replies)]
    for uid in (ANNA, CARL):
        for form in (hex_of(uid), hex_of(uid).lower()):
            for text in said:
                assert form.encode() not in text


def test_the_status_tells_and_the_will_is_a_will():
    bench = Bench()
    assert bench.charger.will() == ("status", b'{"v":1,"online":false}')
    bench.tap(ANNA)
    bench.plug()
    bench.run(130)
    assert bench.status["state"] == "charging" and bench.status["vehicle"] == "C"
    assert bench.status["list"]["count"] == 2
    live = bench.telemetry
    assert live["w"] == 3680 and live["limit_ma"] == 16000 and live["session"] == "CH-1-1"


def test_bad_input_on_every_down_topic_is_refused_by_name_and_nothing_stops():
    bench = Bench()
    deep = {
        "aud": "CH-1",
        "version": 9,
        "upto": 9,
        "n": 9,
        "exp": 1 << 40,
        "id": [[[[{}]]]],
        "do": {},
    }
    for leaf in ("config", "list", "order", "ack"):
        for payload, reason in (
            (b"", "malformed"),
            (b"...", "malformed"),
            (b"\x00\xff" * 40, "malformed"),
            (b"e30.e30.e30", "wrong_key"),
            (b"x" * 8193, "oversized"),
        ):
            bench.charger.on_message(bench.up_ms, leaf, payload)
            bench.pump()
            reply = bench.replies[-1]
            assert (reply["for"], reply["result"], reply["reason"]) == (leaf, "refused", reason)
        for text in (b"[]", b"5", b"\xff", b"nonsense"):
            token = bytes(bench.keys.sign("down", leaf + "+jws", text))
            bench.charger.on_message(bench.up_ms, leaf, token)
            bench.pump()
            assert bench.replies[-1]["reason"] == "malformed", (leaf, text)
        bench.send(leaf, dict(deep))
        assert bench.replies[-1]["reason"] in ("bad_value", "list_base"), bench.replies[-1]
        bench.send(leaf, {"aud": ["CH-1"]})
        assert bench.replies[-1]["reason"] == "wrong_charger"
        bench.send(leaf, {})
        assert bench.replies[-1]["reason"] == "bad_value", bench.replies[-1]
        bench.charger.on_oversize(bench.up_ms, leaf, 1 << 20)
        bench.pump()
        assert bench.replies[-1]["reason"] == "oversized"
    bench.charger.on_message(bench.up_ms, "nonsense", b"x")
    assert bench.charge(ANNA, 100)["energy_wh"] == 100
