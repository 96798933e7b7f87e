"""Law 16: the biggest messages that a charger takes, made to take as much of its heap as they can. Each is
answered, and none leaves anything behind. Under MicroPython with the heap of a board."""

import gc

from agent.downlink import LONGEST
from host_tests.scenarios.bench import ANNA, Bench

_ROOM = (LONGEST - 120) * 3 // 4 - 60  # bytes of a payload whose token is just taken

BOMBS = (
    ("arrays in arrays", b"[", b""),
    ("objects in objects", b'{"a":', b""),
    ("empty arrays", b"[],", b"[]]"),
    ("empty objects", b"{},", b"{}]"),
    ("numbers", b"0,", b"0]"),
    ("fractions", b".5,", b"0]"),
    ("long numbers", b"9", b"]"),
    ("long fractions", b"9", b".5]"),
    ("words", b'"a",', b'""]'),
    ("one word", b"a", b""),
    ("escapes", b"\\u0041", b'"]'),
)


def payload(name, piece, end):
    """A message of about _ROOM bytes; what is in it is not known, so it would be passed over."""
    start = b'{"aud":"CH-1","n":1,"exp":4102444799,"id":"o","do":"identify","x":'
    if name == "one word":
        return start + b'"' + piece * (_ROOM - len(start) - 3) + b'"}'
    head = b"" if name in ("arrays in arrays", "objects in objects") else b"["
    head += b'"' if name == "escapes" else b""
    count = (_ROOM - len(start) - len(head) - len(end) - 1) // len(piece)
    return start + head + piece * count + end + b"}"


def used():
    gc.collect()
    return gc.mem_alloc() if hasattr(gc, "mem_alloc") else 0


def sent(bench, leaf, data):
    """Give a payload to the charger; the reply."""
    token = bytes(bench.keys.sign("down", leaf + "+jws", data))
    assert len(token) <= LONGEST
    bench.replies.clear()
    bench.charger.on_message(bench.up_ms, leaf, token)
    del token
    gc.collect()
    bench.pump()
    assert len(bench.replies) == (1 if leaf != "ack" else len(bench.replies)), leaf
    return bench.replies[-1]["reason"] if bench.replies else "ok"


def test_law_16_the_worst_messages_are_answered_and_leave_nothing():
    bench = Bench()
    bench.tap(ANNA)
    bench.plug()
    bench.run(60)
    assert bench.charger.permit_ma
    held = []
    for _ in range(3):
        for name, piece, end in BOMBS:
            for leaf in ("config", "list", "order", "ack"):
                reason = sent(bench, leaf, payload(name, piece, end))
                known = ("malformed", "oversized", "bad_value", "stale", "ok")
                assert reason in known, (name, leaf, reason)
            assert bench.charger.permit_ma, "law 15: a message stopped the session"
        held.append(used())
    assert held[2] - held[1] < 1024, held
    bench.unplug()
    assert bench.count("session_end") == 1


def test_law_16_a_hostile_token_leaves_nothing():
    bench = Bench()
    held = []
    for _ in range(3):
        for start, sign, reason in (
            (b".", b".", "malformed"),
            (b"A", b"A", "malformed"),
            (b"e30..", b"A", "wrong_key"),
            (b"e30.", b"A", "malformed"),
        ):
            bench.charger.on_message(bench.up_ms, "order", start + sign * (LONGEST - len(start)))
            bench.pump()
            assert bench.replies[-1]["reason"] == reason, (start, bench.replies[-1])
        held.append(used())
    assert held[2] - held[1] < 1024, held
