"""A socket that is open to everybody and locks itself: law 1 with the flag off."""

from host_tests.scenarios.bench import ANNA, BO, CARL, Bench

LOCK_S = 600


def house(**access):
    """A charger with the flag off, open, that locks itself after ten minutes; Anna and Bo are known."""
    bench = Bench()
    policy = {"when_off": "open", "autolock_s": LOCK_S}
    policy.update(access)
    bench.config(monthly_payment={"enabled": False}, access=policy)
    return bench


def is_open(bench):
    """Whether a vehicle that comes now charges."""
    before = bench.world.energy_uj
    bench.plug()
    bench.run(60)
    given = bench.world.energy_uj > before
    bench.unplug()
    bench.run(1)
    return given


def test_it_boots_locked():
    bench = house()
    bench.order("unlock")
    assert is_open(bench)
    bench.power_cut(5)
    assert bench.status["state"] == "locked"
    assert not is_open(bench)


def test_it_locks_after_the_last_session():
    bench = house()
    bench.order("unlock")
    assert is_open(bench)
    bench.run(LOCK_S - 100)
    assert is_open(bench), "and every session begins the time anew"
    bench.run(LOCK_S - 10)
    assert bench.status["state"] == "available"
    bench.run(20)
    assert bench.status["state"] == "locked", "by itself, at the time"
    assert not is_open(bench)


def test_a_long_session_is_not_cut_short_by_it():
    bench = house()
    bench.order("unlock")
    bench.plug(6000)
    bench.run(3 * LOCK_S)
    assert bench.world.closed
    bench.unplug()
    assert is_open(bench)


def test_a_known_card_opens_it_and_a_stranger_does_not():
    bench = house(guests="free")
    assert bench.charger.on_card(bench.up_ms, "ISO14443", CARL) == "locked"
    assert not is_open(bench)
    bench.subscribe({ANNA: {"user": "anna"}, BO: {"user": "bo", "status": "blocked"}})
    assert bench.charger.on_card(bench.up_ms, "ISO14443", BO) == "blocked"
    assert not is_open(bench)
    assert bench.charge(ANNA, 100)["user"] == "anna"
    assert is_open(bench), "for whoever comes within the time"
    bench.run(LOCK_S + 1)
    assert not is_open(bench)


def test_who_was_let_in_keeps_the_lapse_time_and_it_locks_after_that():
    bench = house(autolock_s=20, lapse_s=120)
    bench.tap(ANNA)
    bench.run(100)
    assert bench.status["state"] == "authorized"
    bench.run(30)
    assert bench.status["state"] == "locked"
    assert not is_open(bench)


def test_an_order_opens_it_and_a_start_order_too():
    bench = house()
    bench.order("start", user="anna", contract="c-1")
    bench.plug()
    bench.run(60)
    bench.unplug()
    end = bench.last("session_end")
    assert (end["user"], end["billing"]) == ("anna", "none"), "with the flag off nobody is billed"
    assert is_open(bench)
    bench.order("lock")
    assert not is_open(bench)
    assert bench.charger.on_card(bench.up_ms, "ISO14443", ANNA) == "locked"
    bench.order("unlock")
    assert is_open(bench)


def test_a_session_that_the_dark_ended_opens_nothing():
    bench = house()
    bench.order("unlock")
    bench.plug()
    bench.run(300)
    bench.power_cut(2 * 3600)  # longer than a session may go on after
    before = bench.world.energy_uj
    bench.run(300)
    assert bench.last("session_end")["stop_reason"] == "PowerLoss"
    assert bench.world.energy_uj == before and bench.status["state"] == "locked"


def test_a_session_goes_on_after_a_short_cut_and_the_socket_locks_after_it():
    bench = house()
    bench.order("unlock")
    bench.plug()
    bench.run(300)
    bench.power_cut(60)
    bench.run(300)
    assert bench.world.closed
    bench.unplug()
    assert is_open(bench)
    bench.run(LOCK_S + 5)
    assert not is_open(bench)


def test_with_the_flag_on_it_does_nothing_and_opens_nothing():
    bench = house()
    bench.config(access={"when_off": "open", "autolock_s": LOCK_S})
    bench.order("unlock")
    assert not is_open(bench)
    bench.run(2 * LOCK_S)
    assert bench.status["state"] == "available"
    assert bench.charge(ANNA, 100)["billing"] == "ppm"


def test_without_it_an_open_socket_stays_open():
    bench = house(autolock_s=0)
    assert is_open(bench)
    bench.run(86400)
    bench.power_cut(5)
    assert is_open(bench)
