"""Taps that are wrong, many times: they slow down their own card and nobody else. And the trace of it all."""

from host_tests.scenarios.bench import ANNA, BO, CARL, Bench


def tap_reason(bench, uid):
    return bench.charger.on_card(bench.up_ms, "ISO14443", uid)


def reasons(bench, uid, count):
    return [tap_reason(bench, uid) for _ in range(count)]


def other(i):
    """A card that nobody has listed."""
    return bytes((4, i >> 8, i & 0xFF, 7, 7, 7, 7))


def test_after_five_refusals_in_a_row_a_card_is_slowed_down_and_more_each_time():
    bench = Bench()
    assert reasons(bench, CARL, 7) == ["unknown"] * 5 + ["locked_out"] * 2
    for wait_s in (10, 20, 40, 80, 160, 320, 640, 900, 900):
        bench.run(wait_s - 1)
        assert tap_reason(bench, CARL) == "locked_out", wait_s
        bench.run(1)
        assert reasons(bench, CARL, 2) == ["unknown", "locked_out"], wait_s
    bench.run(1)
    assert bench.board.indicator.word == "refused"


def test_another_list_or_configuration_clears_it():
    bench = Bench()
    reasons(bench, CARL, 6)
    bench.subscribe({ANNA: {"user": "anna"}, CARL: {"user": "carl", "status": "pending"}})
    assert reasons(bench, CARL, 6) == ["pending"] * 5 + ["locked_out"]
    bench.config()
    assert tap_reason(bench, CARL) == "pending"
    bench.subscribe({CARL: {"user": "carl"}})
    assert tap_reason(bench, CARL) == "accepted"


def test_an_active_card_is_never_locked_out_whatever_it_was_refused_for():
    bench = Bench()
    bench.config(access={"groups": ["g-9"]})
    assert reasons(bench, ANNA, 20) == ["wrong_group"] * 20
    bench.config(access={"offline": "deny"})
    bench.link(False)
    assert reasons(bench, ANNA, 20) == ["offline_denied"] * 20
    bench.link(True)
    bench.order("lock")
    assert reasons(bench, ANNA, 20) == ["locked"] * 20
    bench.order("unlock")
    assert tap_reason(bench, ANNA) == "accepted"


def test_what_is_not_the_cards_own_fault_is_not_held_against_it():
    bench = Bench()
    bench.order("lock")
    assert reasons(bench, CARL, 20) == ["locked"] * 20
    bench.order("unlock")
    assert tap_reason(bench, CARL) == "unknown"


class Counted:
    """How often the subscriber list is read in flash. `volume` is that of the bench."""

    def __init__(self, volume):
        self.reads = 0
        self._open = volume.open
        volume.open = self.open

    def open(self, path):
        file = self._open(path)
        return _Counting(self, file) if path.startswith("list") else file


class _Counting:
    def __init__(self, counted, file):
        self._counted = counted
        self._file = file
        self.seek = file.seek

    def readinto(self, buf):
        self._counted.reads += 1
        return self._file.readinto(buf)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._file.close()


def test_a_thousand_strange_cards_delay_nobody_and_cost_little():
    bench = Bench(enabled=False)
    bench.config()
    cards = {bytes((5, i, 1, 1, 1, 1, 1)): {"user": "u-%d" % i} for i in range(139)}
    cards[ANNA] = {"user": "anna"}
    bench.subscribe(cards)
    bench.plug()
    counted = Counted(bench.volume)
    bench.charger.connector._house.subscribers.close()  # so that it is opened again, and counted
    changes, records = bench.volume.changes, bench.charger.connector._house.ledger.last
    reads = 0
    for i in range(1000):
        if i % 100 == 50:
            bench.run(30)
        counted.reads = 0
        assert tap_reason(bench, other(i)) == "unknown", i
        assert counted.reads <= 15, "%d reads of a list of 140" % counted.reads
        reads += counted.reads
        assert i > 5 or len(bench.charger.connector._gate._lockout) == i + 1
    assert reads > 1000, "they are counted"
    assert len(bench.charger.connector._gate._lockout) == 8
    assert bench.charger.connector._house.ledger.last - records <= 4
    assert bench.volume.changes - changes <= 16
    assert tap_reason(bench, ANNA) == "accepted", "and never a wait for the one who may"
    bench.run(5)
    assert bench.world.closed
    bench.run(3700)
    told = bench.of_kind("access_refused")
    assert len(told) <= 8 and sum(one["count"] for one in told) == 1000
    rest = [one for one in told if not one["rule"]]
    assert [one["token"]["ref"] for one in rest] == [""] and rest[0]["reason"] == "unknown"


def test_one_strange_card_a_thousand_times_is_two_kinds_of_refusal():
    bench = Bench()
    answers = reasons(bench, CARL, 1000)
    assert answers == ["unknown"] * 5 + ["locked_out"] * 995
    assert tap_reason(bench, ANNA) == "accepted"
    bench.run(3700)
    told = [(one["reason"], one["rule"], one["count"]) for one in bench.of_kind("access_refused")]
    assert sorted(told) == [
        ("locked_out", "L1", 1),
        ("locked_out", "L1", 994),
        ("unknown", "L3", 1),
        ("unknown", "L3", 4),
    ]


def test_the_trace_tells_the_last_decisions_and_no_card_number():
    bench = Bench()
    reply = bench.order("trace")
    assert reply["trace"] == [], reply
    bench.plug()
    tap_reason(bench, CARL)
    tap_reason(bench, CARL)
    bench.tap(ANNA)
    bench.run(60)
    bench.tap(BO)
    bench.link(False)
    bench.run(1)
    bench.tap(ANNA)
    bench.link(True)
    bench.order("stop")
    rows = bench.order("trace")["trace"]
    assert [(r["rule"], r["reason"], r["method"], r["count"]) for r in rows] == [
        ("L3", "unknown", "rfid_list", 2),
        ("Y4", "accepted", "rfid_list", 1),
        ("T2", "busy", "rfid_list", 1),
        ("T4", "accepted", "rfid_list", 1),
        ("T1", "no_session", "app_cloud", 1),
    ]
    assert [r["offline"] for r in rows] == [False, False, False, True, False]
    ref = bench.last("session_begin")["token"]["ref"]
    assert rows[1]["card"] == rows[3]["card"] == ref[:8] and rows[4]["card"] == ""
    assert rows[1]["list_version"] == 1
    assert rows[1]["at"]["q"] == "S" and abs(rows[1]["at"]["t"] - bench.now_s) < 70
    begin_ms = bench.last("session_begin")["up_ms"]
    assert abs(rows[1]["up_ms"] - begin_ms) <= 1000


def test_law_16_the_trace_is_bounded_and_the_newest_stay():
    bench = Bench()
    for i in range(100):
        tap_reason(bench, other(i))
    tap_reason(bench, ANNA)
    rows = bench.order("trace")["trace"]
    assert len(rows) == 16 and rows[-1]["rule"] == "Y4"
    for _ in range(200):  # a card that is left on the reader pushes nothing out
        tap_reason(bench, ANNA)
    again = bench.order("trace")["trace"]
    assert again[:-1] == rows[1:] and again[-1]["reason"] == "debounced"
    assert again[-1]["count"] == 200


def test_the_trace_without_a_clock_says_so():
    bench = Bench()
    bench.power_cut(5, clock=False)
    tap_reason(bench, ANNA)
    bench.order("set_time", time=bench.now_s)
    tap_reason(bench, BO)
    rows = bench.order("trace")["trace"]
    assert [(r["at"]["t"] is None, r["at"]["q"]) for r in rows] == [(True, "U"), (False, "S")]
