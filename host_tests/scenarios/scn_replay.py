"""What is obeyed: once, in time, by whoever has the key. Laws 9 and 10."""

from agent import jws
from hal.mock.volume import CUT_MODES, PowerCut
from host_tests.scenarios.bench import ANNA, MASTER
from host_tests.scenarios.newkeys import NEXT, KeyBench, answer, wrapped


def test_law_10_an_order_is_obeyed_once_whenever_the_power_goes():
    """A cut at every change of flash while an order is taken: what acted has counted, for ever."""
    for mode in CUT_MODES:
        cut = 0
        while obeyed_once(cut, mode):
            cut += 1
        assert cut >= 3, "counter, sample, checkpoint"


def obeyed_once(cut, mode):
    """False when the order came to its end before the cut."""
    bench = KeyBench()
    bench.tap(ANNA)
    bench.plug()
    bench.run(10)
    token = bench.message("stop")
    bench.volume.cut_after(cut, mode)
    try:
        bench.hand_over(token)
        return False
    except PowerCut:
        acted = bench.charger.connector.session.stop_reason == "Remote"
    bench.volume.revive()
    bench.power_cut(5)
    stopped = bench.charger.connector.state == "finishing" or not bench.charger.session
    said = answer(bench.hand_over(token))
    if acted or stopped:
        assert said == ("refused", "stale"), (mode, cut, said)
    bench.run(1)
    bench.unplug()
    bench.run(40)
    assert bench.count("session_end") == 1
    bench.check_numbers()
    return True


def test_law_10_another_charger_s_order_is_not_obeyed():
    bench = KeyBench()
    bench.order("lock", aud="CH-2")
    assert answer(bench.replies[-1]) == ("refused", "wrong_charger")
    assert bench.order("identify")["reason"] == "ok"


def test_an_order_without_the_time_is_judged_by_the_floor_that_has_passed():
    bench = KeyBench()
    bench.run(7200)
    floor_s = bench.charger.connector._house.counters.time_floor_s
    assert bench.now_s - 3600 <= floor_s
    bench.power_cut(60, clock=False)
    passed = {"exp": floor_s}
    assert answer(bench.order("lock", **passed)) == ("refused", "expired")
    # One that may have expired is not obeyed either, and not counted: it may come again with the time.
    token = bench.message("identify")
    assert answer(bench.hand_over(token)) == ("refused", "clock_unknown")
    bench.set_clock()
    assert answer(bench.hand_over(token)) == ("applied", "ok")
    assert answer(bench.hand_over(token)) == ("refused", "stale")
    bench.run(301)
    assert answer(bench.order("identify", exp=bench.now_s)) == ("refused", "expired")


def test_set_time_is_obeyed_without_a_clock_and_counts():
    bench = KeyBench()
    bench.power_cut(60, clock=False)
    token = bench.message("set_time", time=bench.now_s)
    assert answer(bench.hand_over(token)) == ("applied", "ok")
    assert answer(bench.hand_over(token)) == ("refused", "stale")
    assert bench.order("identify")["reason"] == "ok"


def test_every_secret_is_compared_in_constant_time():
    """With the one compare that takes constant time gone, nothing is told apart any more."""
    bench = KeyBench()
    strange = jws.Keys(bytes(32))
    order = wrapped(MASTER, NEXT, 2)
    order["check"] = "00" * 8
    bench.know(NEXT, 2)
    was = jws.same
    try:
        jws.same = lambda a, b: False
        assert answer(bench.order("identify")) == ("refused", "bad_signature")
        jws.same = lambda a, b: True
        assert answer(bench.hand_over(bench.message("identify", strange))) == ("applied", "ok")
        assert answer(bench.order("rotate", **order)) == ("applied", "ok")
    finally:
        jws.same = was
    assert not jws.same(b"abcd", b"abce") and not jws.same(b"abcd", b"abc")
    assert jws.same(b"abcd", bytearray(b"abcd"))
