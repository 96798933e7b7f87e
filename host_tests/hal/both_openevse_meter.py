"""Energy through $GU: never lost, never doubled, whatever boots (law 3)."""

from hal.meters.openevse import OpenEvseMeter, counted_ws
from host_tests.hal.openevse_bench import Bench

UJ_PER_WH = 3600000000
SECOND_UJ = 16000 * 230 * 1000


def behind_uj(bench):
    register = bench.meter.register
    return bench.world.energy_uj - register.register_wh * UJ_PER_WH - register.rest_uj


def test_what_flowed_between_two_readings():
    for before, now, ws in (
        ((0, 100), (0, 100), 0),
        ((500, 100), (900, 100), 400),
        ((7000, 100), (7201, 102), 201),  # taken in at unplugging, and still shown
        ((7201, 102), (0, 102), 0),  # the next session
        ((7201, 102), (30, 102), 30),
        ((5000, 100), (40, 100), 40),  # booted: its session is gone
        ((5000, 100), (0, 102), 2200),  # ended, and the next began
        ((7201, 100), (0, 102), 0),  # as much as was counted, but for the rest that it cuts
        ((0, 100), (3600, 103), 10800),  # two sessions, the second is shown
        ((0, 100), (0, 90), 0),  # another controller
    ):
        assert (before, now, counted_ws(before, now)) == (before, now, ws)


def test_a_session_is_counted_once_through_unplugging_and_the_next():
    bench = Bench().charge()
    for _ in range(2):
        bench.turns(20 * 60000 // 40)
        bench.world.unplug()
        bench.turns(3000)
        assert 0 <= behind_uj(bench) < 2000000
        bench.world.plug(32000)
        bench.turns(2000)
        bench.world.demand(16000)
        bench.until(lambda: bench.world.closed)
    assert bench.chip.lifetime_wh > 0


def test_a_controller_that_boots_in_mid_session_loses_no_more_than_a_poll():
    bench = Bench().charge()
    bench.turns(30000)
    before_wh = bench.meter.register.register_wh
    bench.chip.reboot()
    bench.turns(30000)
    assert bench.meter.register.register_wh > before_wh
    assert 0 <= behind_uj(bench) < 3 * SECOND_UJ


def test_what_flowed_while_the_charger_was_away_is_counted():
    bench = Bench().charge()
    bench.turns(30000)
    noted = bench.meter.register.register_wh
    bench.world.step(bench.world.now_ms + 1800000)  # it hangs; the controller goes on at 6 A
    after = Bench(bench.world, bench.chip, bench.volume, (noted, "EVSE-1"))
    after.turns(3000)
    assert 0 <= behind_uj(after) < UJ_PER_WH
    assert after.meter.register.register_wh > noted + 600


def test_power_is_cut_for_both():
    bench = Bench().charge()
    bench.turns(60000)
    noted = bench.meter.register.register_wh
    true_uj = bench.world.energy_uj
    bench.chip.reboot()
    after = Bench(bench.world, bench.chip, bench.volume, (noted, "EVSE-1"))
    after.turns(3000)
    assert after.meter.register.register_wh == noted
    after.charge()
    after.turns(10000)
    flowed = after.world.energy_uj - true_uj
    counted = (after.meter.register.register_wh - noted) * UJ_PER_WH
    assert 0 <= flowed - counted < 2 * UJ_PER_WH


def test_a_reading_that_cannot_be_is_not_believed_until_another_agrees():
    bench = Bench()
    bench.chip.lifetime_wh = 50
    bench.charge().turns(5000)
    power, meter = bench.power, bench.meter
    before = meter.register.register_wh
    good = power.energy
    for odd in (
        (good[0] + 900000, good[1]),
        (good[0], good[1] + 1000),
        (good[0], 0),
        (5, good[1]),
    ):
        power.energy = odd
        power.energy_seen += 1
        meter.attend()
        assert meter.read() is None
        power.energy = good
        power.energy_seen += 1
        meter.attend()
        assert meter.read().register_wh == before


def test_a_reading():
    bench = Bench().charge()
    bench.turns(3000)
    reading = bench.meter.read()
    assert (reading.serial, reading.source, reading.power_w) == ("EVSE-1", "internal", 3680)
    assert (reading.current_ma, reading.voltage_v) == ((16000, 0, 0), (230, 0, 0))
    bench.chip.mute = True
    bench.turns(1500)
    assert bench.meter.read() is None


def test_nothing_is_shown_before_the_volume_is_there():
    bench = Bench()
    meter = OpenEvseMeter(bench.power, "EVSE-1")
    for _ in range(40):
        bench.turn()
        meter.attend()
    assert meter.read() is None
