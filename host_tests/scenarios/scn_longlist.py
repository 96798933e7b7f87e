"""A list update while a charger charges: in slices, within the room that is for it, no UID in flash."""

import binascii

from agent.listmerge import NEW_BASE, NEW_OVER, PARTS
from agent.subscribers import ENTRY_SIZE, HEAD_SIZE, OVER, PATH
from host_tests.scenarios.bench import ANNA, BO, Bench, hex_of, list_hash, put_of, ref_of

STAGED = (PARTS, NEW_BASE, NEW_OVER)


def people(count, first=0):
    return {bytes((4, 7, n >> 8, n & 255)): {"user": "u-%d" % n} for n in range(first, count)}


def parts_of(bench, cards, base):
    """The parts of an update to `cards`, of the next version; whole where base is None."""
    bench.list_version += 1
    puts = sorted([put_of(uid, cards[uid]) for uid in cards], key=lambda put: ref_of(put["uid"]))
    sent = puts
    if base is not None:
        sent = [put for put in puts if bench.cards.get(binascii.unhexlify(put["uid"])) is None]
    bench.cards = cards
    digest = list_hash(puts)
    count = (len(sent) + 19) // 20
    for n in range(count):
        message = {"version": bench.list_version, "base": base, "part": n + 1, "parts": count}
        message["put"] = sent[n * 20 : n * 20 + 20]
        message["del"] = []
        message["sha256"] = digest
        yield message


def left_over(bench):
    return [path for path in STAGED if bench.volume.size(path) > 0]


def test_law_15_a_long_list_is_merged_in_slices_while_a_session_runs():
    bench = Bench()
    bench.tap(ANNA)
    bench.plug()
    bench.run(60)
    cards = people(150)
    cards[ANNA] = {"user": "anna"}
    for message in parts_of(bench, cards, None):
        bench.send("list", message)
        assert bench.charger.permit_ma == 16000
        bench.run(1)
    assert bench.replies[-1]["result"] == "applied", bench.replies[-1]

    cards = dict(cards)
    cards.update(people(160, 150))
    for message in parts_of(bench, cards, 2):
        bench.send("list", message)
    reply = bench.replies[-1]
    assert (reply["result"], reply["reason"]) == ("waiting", "list_merging"), reply
    assert reply["waits"] == {"version": 3, "part": None} and reply["version"] == 2
    bench.send("list", message)  # it came twice
    assert bench.replies[-1]["reason"] == "list_merging"
    calls = 0
    bench.charger.has_worker = True
    bench.run(2)
    assert bench.charger.busy, "with a worker nobody else does its work"
    while bench.charger.busy:
        assert bench.status["list"]["version"] == 2
        assert bench.charger.next_due_ms(bench.up_ms) == 0
        before = bench.volume.changes
        bench.charger.work(bench.up_ms)
        bench.pump()
        assert bench.charger.busy is False or bench.volume.changes - before <= 1
        assert bench.charger.permit_ma == 16000
        calls += 1
    assert calls > 2
    assert bench.replies[-1]["result"] == "applied" and bench.status["list"]["version"] == 3
    assert bench.last("list_applied")["count"] == 161 and not left_over(bench)
    bench.run(60)
    bench.unplug()
    end = bench.last("session_end")
    assert end["energy_wh"] == bench.world.register_wh() and end["flags"] == []


def test_law_6_a_list_never_takes_the_room_of_the_records():
    bench = Bench()
    cards = people(100)
    used = 1048576 - bench.volume.free_bytes()
    changes = bench.volume.changes
    bench.volume.capacity = used + 65536 + 20000  # the entries would fit, just
    for message in parts_of(bench, cards, None):
        bench.send("list", message)
        reply = bench.replies[-1]
        assert reply["reason"] == ("store_full" if message["part"] == 1 else "list_part"), reply
        if message["part"] == 1:
            assert "KiB are needed" in reply["detail"]
    assert bench.volume.changes == changes and not left_over(bench)
    assert bench.status["list"]["version"] == 1 and "waits" not in bench.status["list"]
    bench.charge(ANNA, 100)
    bench.volume.capacity = used + 65536 + 60000
    bench.list_version -= 1
    for message in parts_of(bench, cards, None):
        bench.send("list", message)
    bench.run(1)
    assert bench.status["list"]["version"] == 2
    assert bench.volume.free_bytes() >= 65536


def test_law_6_room_that_goes_meanwhile_ends_the_update():
    bench = Bench()
    messages = list(parts_of(bench, people(100), None))
    bench.send("list", messages[0])
    bench.volume.capacity = 1048576 - bench.volume.free_bytes()
    bench.send("list", messages[1])
    assert bench.replies[-1]["reason"] == "store_full", bench.replies[-1]
    assert not left_over(bench) and "waits" not in bench.status["list"]
    assert bench.charger.connector._house.store_ok
    bench.volume.capacity = 1 << 20
    for message in messages:
        bench.send("list", message)
    bench.run(1)
    assert bench.status["list"]["version"] == 2


def test_law_17_no_card_number_lies_in_flash():
    bench = Bench()
    cards = people(30)
    cards.update({ANNA: {"user": "anna"}, BO: {"user": "bo"}})
    messages = list(parts_of(bench, cards, 1))
    bench.send("list", messages[0])
    bench.tap(ANNA)
    bench.plug()
    bench.run(60)
    for message in messages[1:]:
        bench.send("list", message)
    bench.tap(b"\x09\x02\x03\x04\x05\x06\x07")
    bench.run(1)
    seen = b"".join([bytes(bench.volume.files[path]) for path in bench.volume.files])
    for reply in bench.replies:
        seen += repr(reply).encode()
    seen += repr(bench.status).encode()
    for seq in bench.kinds:
        seen += bench.payload(seq)
    for uid in cards:
        assert uid not in seen and hex_of(uid).encode() not in seen, hex_of(uid)
    assert hex_of(ANNA).lower().encode() not in seen


def test_a_card_is_revoked_by_its_key_also_after_a_cut():
    for cut in (False, True):
        bench = Bench()
        bench.config(access={"revoked_running": "stop"})
        bench.tap(ANNA)
        bench.plug()
        bench.run(60)
        if cut:
            bench.power_cut(5)
            bench.run(30)
        assert bench.charger.connector.state == "charging"
        bench.subscribe({ANNA: {"user": "anna", "status": "blocked"}, BO: {"user": "bo"}})
        bench.run(60)
        assert bench.world.permit_ma == 0
        bench.unplug()
        end = bench.last("session_end")
        assert (end["stop_reason"], end["flags"][-1]) == ("DeAuthorized", "revoked"), end


def test_a_list_of_an_older_firmware_is_a_locked_charger_until_it_comes_anew():
    bench = Bench()
    head = b"PPM1\x01\x00\x00\x00"
    crc = (binascii.crc32(head) & 0xFFFFFFFF).to_bytes(4, "little")
    bench.volume.files[PATH] = bytearray(head + crc + b"\x00" * 94)
    bench.power_cut(5)
    bench.run(1)
    assert bench.status["list"]["version"] == 0 and bench.status["state"] == "locked"
    assert "list_unreadable" in bench.status["faults"]
    bench.list_version = 0
    bench.subscribe(bench.cards)
    assert bench.replies[-1]["result"] == "applied", bench.replies[-1]
    assert bench.charge(ANNA, 50)["user"] == "anna"


def test_a_damaged_overlay_or_base_is_told_and_replaced():
    for path, at in ((OVER, 3), (OVER, -10), (PATH, 9), (PATH, HEAD_SIZE + ENTRY_SIZE + 2)):
        bench = Bench()
        cards = dict(bench.cards)
        cards.update(people(12))
        for message in parts_of(bench, cards, 1):
            bench.send("list", message)
        assert bench.volume.size(OVER) > 0 and bench.replies[-1]["result"] == "applied"
        bench.volume.files[path][at] ^= 4
        bench.power_cut(5)
        for uid in (ANNA, BO):  # damage that the boot does not see is seen by whom it concerns
            bench.tap(uid)
            bench.run(70)
        assert bench.status["list"]["version"] == 0, (path, at)
        assert "list_unreadable" in bench.status["faults"] and bench.status["state"] == "locked"
        bench.list_version -= 1
        for message in parts_of(bench, cards, None):
            bench.send("list", message)
        bench.run(1)
        assert bench.status["list"]["version"] == 2 and bench.status["faults"] == []
        assert bench.volume.size(OVER) < 0
        assert bench.charge(BO, 50)["user"] == "bo"


def test_proof_is_kept_and_part_of_the_hash():
    bench = Bench()
    bench.subscribe({ANNA: {"user": "anna", "proof": "sun"}, BO: {"user": "bo"}})
    assert bench.replies[-1]["result"] == "applied", bench.replies[-1]
    house = bench.charger.connector._house
    for uid, proof in ((ANNA, "sun"), (BO, "uid")):
        assert house.subscribers.find(house.card_key("ISO14443", uid)).proof == proof


def test_a_card_goes_by_its_ref_or_its_uid():
    for gone in (hex_of(BO), ref_of(hex_of(BO)), ref_of(hex_of(BO)).upper()):
        bench = Bench()
        message = {"version": 2, "base": 1, "part": 1, "parts": 1, "put": [], "del": [gone]}
        message["sha256"] = list_hash([put_of(ANNA, {"user": "anna"})])
        bench.send("list", message)
        assert bench.replies[-1]["result"] == "applied", bench.replies[-1]
        assert bench.status["list"]["count"] == 1
    for gone in ("04A2B3", "x" * 24, 7, None, {"uid": "04"}):
        message.update({"version": 3, "base": 2, "del": [gone]})
        bench.send("list", message)
        assert bench.replies[-1]["reason"] == "bad_value", gone
        assert bench.replies[-1]["detail"].startswith("del")


def test_an_update_that_is_replaced_leaves_nothing_behind():
    bench = Bench()
    first = list(parts_of(bench, people(50), None))
    second = list(parts_of(bench, people(30), None))
    bench.send("list", first[0])
    bench.send("list", first[1])
    assert bench.status["list"]["waits"] == {"version": 2, "part": 3}
    bench.send("list", second[1])
    assert (bench.replies[-1]["reason"], bench.replies[-1]["part"]) == ("list_part", 1)
    assert bench.replies[-1]["waits"] == {"version": 2, "part": 3}
    for message in second:
        bench.send("list", message)
    bench.run(1)
    assert bench.status["list"]["version"] == 3 and bench.status["list"]["count"] == 30
    bench.send("list", first[2])
    assert bench.replies[-1]["reason"] == "stale" and not left_over(bench)
