"""A new master key: a rotation that a power cut cannot break. Laws 5, 8 and 9."""

import json

from agent import jws
from agent.keyring import Keyring
from hal.mock.volume import CUT_MODES, MemoryVolume, PowerCut
from host_tests.scenarios.bench import ANNA, BO, MASTER
from host_tests.scenarios.newkeys import NEXT, THIRD, KeyBench, answer, kid_of, wrapped


def test_a_rotation_is_told_and_the_new_key_signs():
    bench = KeyBench()
    bench.charge(ANNA, 500)
    before = len(bench.kinds)
    assert bench.generation == 1
    assert answer(bench.rotate()) == ("applied", "ok")
    assert bench.generation == 2
    assert bench.last("key_changed")["generation"] == 2
    assert bench.last("key_changed")["seq"] == before + 1
    bench.use(2)
    assert bench.order("identify")["reason"] == "ok"
    assert bench.charge(BO, 500)["energy_wh"] == 500
    bench.check_numbers()


def test_law_5_a_record_sent_again_has_the_key_it_had():
    bench = KeyBench()
    kids = {}
    take = bench.take_record

    def noted(token):
        seq = json.loads(jws.decode_b64(bytes(token).split(b".")[1]))["seq"]
        kids.setdefault(seq, set()).add(kid_of(token))
        take(token)

    bench.take_record = noted
    bench.charge(ANNA, 300)
    first = len(bench.kinds)
    bench.rotate()
    bench.use(2)
    bench.charge(ANNA, 300)
    second = len(bench.kinds)
    bench.rotate(NEXT, THIRD, 3)
    bench.use(3)
    bench.charge(BO, 300)
    bench.power_cut(5)
    bench.order("resend", **{"from": 1, "to": len(bench.kinds)})
    bench.run(1)
    assert bench.doubles >= len(bench.kinds) - 2
    for seq in kids:
        wanted = "up-1" if seq <= first else "up-2" if seq <= second else "up-3"
        if seq > 3:
            assert kids[seq] == {wanted}, (seq, kids[seq])
    bench.check_numbers()


def test_records_made_before_a_rotation_and_sent_after_it_have_the_old_key():
    bench = KeyBench()
    bench.acks = False
    bench.charge(ANNA, 300)
    last = len(bench.kinds)
    assert bench.charger.unsent > 0
    bench.rotate()
    bench.use(2)
    bench.acks = True
    bench.power_cut(5)  # everything is offered again, in the same bytes: the bench looks at that
    assert bench.doubles >= 2 and len(bench.kinds) > last
    bench.check_numbers()


def test_the_old_key_is_obeyed_until_the_new_one_was_used_and_never_again():
    bench = KeyBench()
    old = bench.keys
    bench.rotate()
    assert bench.order("identify")["reason"] == "ok"  # by the old key still
    bench.power_cut(5)
    assert bench.order("identify")["reason"] == "ok"
    bench.use(2)
    stranger = jws.Keys(bytes(32), 2)  # names the new key, and does not have it
    assert answer(bench.hand_over(bench.message("lock", stranger))) == ("refused", "bad_signature")
    assert bench.hand_over(bench.message("identify", old))["reason"] == "ok"
    assert bench.order("identify")["reason"] == "ok"
    assert answer(bench.hand_over(bench.message("lock", old))) == ("refused", "wrong_key")
    bench.power_cut(5)
    assert answer(bench.hand_over(bench.message("lock", old))) == ("refused", "wrong_key")
    assert bench.order("identify")["reason"] == "ok"


def test_a_key_that_does_not_unwrap_changes_nothing():
    bench = KeyBench()
    before = dict(bench.volume.files)
    right = wrapped(MASTER, NEXT, 2)
    for change, reason in (
        ({"check": "00" * 8}, "bad_value"),
        ({"wrapped": "00" * 32}, "bad_value"),
        ({"wrapped": "00" * 31}, "bad_value"),
        ({"wrapped": 5}, "bad_value"),
        ({"nonce": "00" * 15}, "bad_value"),
        ({"nonce": "xy" * 16}, "bad_value"),
        ({"nonce": "00" * 65}, "bad_value"),
        ({"generation": 3}, "bad_value"),
        ({"generation": 256}, "bad_value"),
        ({"generation": True}, "bad_value"),
        ({"generation": 1}, "bad_value"),
    ):
        order = dict(right)
        order.update(change)
        assert answer(bench.order("rotate", **order)) == ("refused", reason), change
    order = wrapped(NEXT, THIRD, 2)  # wrapped for a charger with another key
    assert answer(bench.order("rotate", **order)) == ("refused", "bad_value")
    assert sorted(before) == sorted(bench.volume.files)
    assert bench.generation == 1 and bench.count("key_changed") == 0


def test_a_rotation_that_is_sent_again_is_confirmed_and_another_one_refused():
    bench = KeyBench()
    bench.rotate()
    assert answer(bench.order("rotate", **wrapped(MASTER, NEXT, 2, bytes(20)))) == (
        "applied",
        "ok",
    )
    other = answer(bench.order("rotate", **wrapped(MASTER, THIRD, 2)))
    assert other == ("refused", "stale")
    bench.use(2)
    assert bench.order("identify")["reason"] == "ok"
    assert answer(bench.order("rotate", **wrapped(MASTER, NEXT, 2))) == ("refused", "stale")
    assert bench.count("key_changed") == 1


def test_law_8_the_configuration_in_flash_is_believed_after_every_rotation():
    bench = KeyBench()
    masters = (MASTER, NEXT, THIRD)
    for generation in (2, 3):
        bench.rotate(masters[generation - 2], masters[generation - 1], generation)
        bench.use(generation)
        assert bench.order("identify")["reason"] == "ok"
        bench.power_cut(5)
        assert bench.status["faults"] == []
        assert bench.charge(ANNA, 100)["energy_wh"] == 100
    bench.config()
    assert bench.replies[-1]["reason"] == "ok"
    bench.power_cut(5)
    assert bench.charge(ANNA, 100)["energy_wh"] == 100
    bench.check_numbers()


def test_a_card_is_the_same_card_after_a_rotation():
    bench = KeyBench()
    before = bench.charge(ANNA, 100)["token"]["ref"]
    bench.rotate()
    bench.use(2)
    assert bench.charge(ANNA, 100)["token"]["ref"] == before
    bench.tap(ANNA)
    bench.plug()
    bench.run(10)
    bench.rotate(NEXT, THIRD, 3)
    bench.use(3)
    bench.tap(ANNA)  # stops the session that it began under the key before
    bench.unplug()
    assert bench.last("session_end")["stop_reason"] == "Local"


def test_a_session_goes_through_a_rotation_whole():
    bench = KeyBench()
    bench.tap(ANNA)
    bench.plug(wh=2000)
    bench.run(600)
    bench.rotate()
    bench.use(2)
    bench.run(600)
    bench.power_cut(30)
    bench.run(3000)
    bench.unplug()
    end = bench.last("session_end")
    assert end["energy_wh"] == 2000 == bench.world.register_wh()
    bench.check_numbers()


def rotated_and_cut(cut, mode):
    """A rotation in mid-session with a power cut at its cut-th change of flash, up to the first use of
    the new key. Returns the bench after the boot and the order's token, or None: it came to the end."""
    bench = KeyBench()
    bench.tap(ANNA)
    bench.plug(wh=1000)
    bench.run(100)
    bench.acks = False
    bench.know(NEXT, 2)
    token = bench.message("rotate", **wrapped(MASTER, NEXT, 2))
    bench.volume.cut_after(cut, mode)
    try:
        bench.hand_over(token)
        bench.use(2)
        bench.order("identify")
        return None
    except PowerCut:
        bench.volume.revive()
        bench.acks = True
        bench.power_cut(20)
        return bench, token


def test_law_8_a_cut_at_every_change_of_a_rotation_leaves_the_old_key_or_the_new_one():
    seen = set()
    for mode in CUT_MODES:
        cut = 0
        while True:
            left = rotated_and_cut(cut, mode)
            if left is None:
                break
            cut += 1
            bench, token = left
            seen.add(bench.generation)
            old = bench.rings["up-1"]
            bench.hand_over(token)  # sent again as it was, then anew, as a service does
            if bench.generation == 1:
                bench.use(1)
                assert answer(bench.rotate()) == ("applied", "ok"), (cut, mode)
            assert bench.generation == 2
            bench.use(2)
            assert bench.order("identify")["reason"] == "ok"
            said = answer(bench.hand_over(bench.message("lock", old)))
            assert said == ("refused", "wrong_key"), (cut, mode, said)
            bench.run(1200)
            bench.unplug()
            assert bench.last("session_end")["energy_wh"] == 1000
            assert bench.count("key_changed") == 1
            assert bench.charge(BO, 50)["energy_wh"] == 50
            bench.order("resend", **{"from": 1, "to": len(bench.kinds)})
            bench.run(1)
            bench.check_numbers()
        assert cut >= 4, "counter, key, record, settled"
    assert seen == {1, 2}


def test_a_damaged_key_is_locked_said_and_never_the_key_before():
    bench = KeyBench()
    bench.rotate()
    bench.use(2)
    bench.order("identify")
    bench.volume.files["keys/0002"][20] ^= 1
    bench.power_cut(5)
    assert "keys_unreadable" in bench.status["faults"]
    assert bench.status["state"] == "locked"
    for generation in (1, 2):
        bench.use(generation)
        assert answer(bench.order("identify")) == ("refused", "wrong_key")
    bench.plug()
    bench.tap(ANNA)
    bench.run(60)
    assert bench.world.energy_uj == 0
    held = len(bench.kinds)
    bench.volume.files["keys/0002"][20] ^= 1
    bench.power_cut(5)
    bench.use(2)
    assert bench.order("identify")["reason"] == "ok"
    assert len(bench.kinds) > held
    bench.check_numbers()


def test_a_full_store_keeps_room_for_the_key():
    bench = KeyBench()
    used = sum(len(data) for data in bench.volume.files.values())
    bench.volume.capacity = used + 60000
    bench.run(1)
    assert answer(bench.rotate()) == ("applied", "ok")
    bench.use(2)
    assert bench.count("key_changed") == 1
    bench.power_cut(5)
    bench.check_numbers()


def test_generations_are_not_mixed_up():
    volume = MemoryVolume()
    ring = Keyring(volume, MASTER)
    for generation in range(2, 20):
        old = bytes([generation - 2] * 32) if generation > 2 else MASTER
        order = wrapped(old, bytes([generation - 1] * 32), generation)
        assert ring.take(order, generation * 100)
    for kept in (ring, Keyring(volume, MASTER)):
        assert kept.readable and kept.generation == 19
        for seq in (1, 199, 200, 299, 300, 555, 1899, 1900, 5000, 201):
            wanted = min(19, max(1, seq // 100))
            assert kept.of(seq).generation == wanted, seq
            assert kept.of(seq).kid("up") == "up-%d" % wanted
        assert kept.key("card") == jws.Keys(MASTER).key("card")
