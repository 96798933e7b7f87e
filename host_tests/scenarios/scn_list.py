"""The subscriber list and who it lets charge: laws 8, 9 and 16, and every reason."""

from host_tests.scenarios.bench import ANNA, BO, CARL, Bench, hex_of, list_hash, ref_of


def reason_for(bench, uid):
    bench.world.tap(uid)
    before = bench.count("access_refused")
    bench.run(1)
    told = bench.of_kind("access_refused")
    return told[-1]["reason"] if len(told) > before else "accepted"


def test_every_reason():
    bench = Bench()
    cards = {
        ANNA: {"user": "a", "status": "blocked"},
        BO: {"user": "b", "status": "pending"},
        CARL: {"user": "c", "until": bench.now_s + 600},
        b"\x01\x02\x03\x04": {"user": "d", "status": "expired"},
    }
    bench.subscribe(cards)
    assert reason_for(bench, ANNA) == "blocked"
    assert reason_for(bench, BO) == "pending"
    assert reason_for(bench, b"\x01\x02\x03\x04") == "subscription_expired"
    assert reason_for(bench, b"\x08\x02\x03\x04") == "bad_card"  # a random UID
    bench.run(3700)
    assert reason_for(bench, CARL) == "subscription_expired"
    assert reason_for(bench, b"\x09\x02\x03\x04") == "unknown"
    bench.run(8 * 86400)
    bench.subscribe({ANNA: {"user": "a"}})
    bench.run(8 * 86400)
    assert reason_for(bench, ANNA) == "list_too_old"


def test_a_list_is_as_fresh_as_its_newest_confirmation_and_no_replay_helps():
    bench = Bench()
    confirm = {"version": 1, "base": 1, "part": 1, "parts": 1, "put": [], "del": []}
    old = bench.send("list", dict(confirm, at=bench.now_s))
    bench.run(6 * 86400)
    bench.send("list", dict(confirm, at=bench.now_s))
    assert bench.replies[-1]["result"] == "applied", bench.replies[-1]
    bench.run(6 * 86400)
    assert reason_for(bench, ANNA) == "accepted"
    bench.run(2 * 86400)
    bench.charger.on_message(bench.up_ms, "list", old)
    assert reason_for(bench, ANNA) == "list_too_old"
    bench.run(600)  # refusals are not being coalesced any more
    bench.send("list", confirm)  # without a time: now
    assert reason_for(bench, ANNA) == "accepted"
    assert bench.charger.connector.state == "authorized"
    assert bench.count("list_applied") == 1


def test_an_until_with_the_clock_unknown_is_refused():
    bench = Bench()
    bench.subscribe({ANNA: {"user": "a", "until": bench.now_s + 600}})
    bench.power_cut(clock=False)
    assert reason_for(bench, ANNA) == "clock_unknown"


def test_offline_policy():
    bench = Bench()
    bench.link(False)
    bench.tap(ANNA)
    assert bench.charger.connector.state == "authorized"
    bench.run(70)
    bench.link(True)
    bench.config(access={"offline": "deny"})
    bench.link(False)
    bench.tap(ANNA)
    bench.link(True)
    assert bench.last("access_refused")["reason"] == "offline_denied"


def test_uids_of_all_lengths_match_exactly():
    bench = Bench()
    cards = {
        b"\x00\x01\x02\x03": {"user": "zero"},
        b"\x00\x01\x02\x03\x00\x00\x00": {"user": "padded"},
        b"\x04\x01\x02\x03\x04\x05\x06\x07\x08\x09": {"user": "ten"},
        b"\xed\x0b\xa9\x96": {"user": "ed"},
    }
    bench.subscribe(cards)
    assert bench.replies[-1]["result"] == "applied", bench.replies[-1]
    for uid in cards:
        end = bench.charge(uid, 10)
        assert end["user"] == cards[uid]["user"]
    for uid in (b"\x01\x02\x03\x00", b"\xed\xba\x99\x60", b"\x00\x01\x02\x03\x00\x00\x01"):
        assert bench.charger.on_card(bench.up_ms, "ISO14443", uid) == "unknown"


def test_differences_in_parts_and_every_way_they_can_fail():
    bench = Bench(enabled=False)
    bench.config()
    many = {bytes((4, 1, 2, 3, i, 0, 9)): {"user": "u-%d" % i} for i in range(60)}
    bench.subscribe(many)
    assert bench.status["list"]["count"] == 60
    bench.cards = dict(many)
    changed = [bytes((4, 1, 2, 3, 5, 0, 9)), bytes((4, 1, 2, 3, 30, 0, 9))]
    for uid in changed:
        bench.cards[uid] = {"user": "changed"}
    added = bytes((4, 1, 2, 3, 70, 0, 9))
    bench.cards[added] = {"user": "added"}
    gone = bytes((4, 1, 2, 3, 10, 0, 9))
    del bench.cards[gone]
    whole = bench.entries()
    order = sorted([hex_of(uid) for uid in changed + [added, gone]], key=ref_of)
    first = {"version": 2, "base": 1, "part": 1, "parts": 2}
    second = {"version": 2, "base": 1, "part": 2, "parts": 2}
    for part, uids in ((first, order[:2]), (second, order[2:])):
        part["put"] = [put for put in whole if put["uid"] in uids]
        part["del"] = [hex_of(gone)] if hex_of(gone) in uids else []
    second["sha256"] = list_hash(whole)

    def send(message, **changes):
        message = dict(message)
        message.update(changes)
        bench.send("list", message)
        return bench.replies[-1]

    assert send(first, base=7)["reason"] == "list_base"
    reply = send(second)
    assert (reply["reason"], reply["part"]) == ("list_part", 1)
    reply = send(first)
    assert (reply["result"], reply["part"]) == ("waiting", 2)
    assert send(first, part=3, parts=3)["reason"] == "list_part"
    assert send(second, sha256="0" * 64)["reason"] == "list_hash"
    assert "waits" not in bench.replies[-1]
    send(first)
    assert send(second, put=[bench.entry(added), bench.entry(added)])["reason"] == "list_unsorted"
    send(first)
    assert send(second, put=first["put"], **{"del": first["del"]})["reason"] == "list_unsorted"
    send(first)
    reply = send(first)  # it came twice
    assert (reply["result"], reply["part"]) == ("waiting", 2)
    assert reply["waits"] == {"version": 2, "part": 2}
    bench.power_cut()
    assert bench.status["list"]["version"] == 1
    assert bench.status["list"]["waits"] == {"version": 2, "part": 2}
    assert send(second)["result"] == "applied"
    assert send(second)["result"] == "applied"  # again, after the answer was lost
    assert "waits" not in bench.status["list"]
    assert send(first, version=1, base=None)["reason"] == "stale"
    bench.run(1)
    assert bench.status["list"]["version"] == 2 and bench.status["list"]["count"] == 60
    assert bench.last("list_applied")["count"] == 60
    assert reason_for(bench, gone) == "unknown"
    assert bench.charge(added, 10)["user"] == "added"
    assert bench.charge(changed[1], 10)["user"] == "changed"


def test_bad_entries_are_refused_by_name():
    bench = Bench()
    for change, name in (
        ({"uid": "04A2B3"}, "put.uid"),
        ({"uid": "XX"}, "put.uid"),
        ({"uid": 5}, "put.uid"),
        ({"type": "MAGSTRIPE"}, "put.type"),
        ({"status": "maybe"}, "put.status"),
        ({"billing": "gold"}, "put.billing"),
        ({"proof": "nfc"}, "put.proof"),
        ({"until": "never"}, "put.until"),
        ({"user": "x" * 25}, "put.user"),
        ({"user": "a|b"}, "put.user"),
        ({"user": None}, "put.user"),
    ):
        bench.subscribe({ANNA: {"user": "anna"}}, put=[dict(bench_entry(), **change)])
        reply = bench.replies[-1]
        assert reply["reason"] == "bad_value" and reply["detail"].startswith(name + ":"), reply
    assert bench.status["list"]["version"] == 1
    assert reason_for(bench, ANNA) == "accepted"


def bench_entry():
    return {"uid": "04A2B3C4D5E6F7", "type": "ISO14443", "user": "u", "status": "active"}
