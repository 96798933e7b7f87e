"""The OpenEVSE driver against its simulated controller: permits, faults, reboots."""

from hal.mock.chips import openevse as chips
from hal.power.openevse import OpenEvse, worst_turn_bytes
from hal.power.rapi import check
from host_tests.hal.openevse_bench import Bench
from host_tests.hal.power_bench import TURN_MS

WORDS = ((5, "pilot"), (chips.GFI, "residual_current"), (chips.NO_GROUND, "ground"),
         (chips.STUCK_RELAY, "welded"), (chips.SELF_TEST, "internal"), (10, "over_temperature"),
         (11, "over_current"), (chips.RELAY_OPEN, "stuck_open"), (15, "pilot"), (17, "internal"),
         (0x55, "internal"))  # fmt: skip


def test_the_first_thing_said_is_sleep():
    bench = Bench()
    bench.world.plug()
    bench.world.demand(16000)
    bench.turn()
    assert bench.chip.heard == ["FS"]
    bench.turns(3000)
    assert not bench.world.closed and bench.world.energy_uj == 0
    assert bench.told() == ("B", False, "", "")


def test_a_permit_closes_and_its_end_opens():
    bench = Bench().charge()
    assert bench.told() == ("C", True, "", "")
    assert bench.world.current_ma() == 16000
    bench.permit_ma = 0
    assert bench.until(lambda: not bench.world.closed) <= 500
    bench.turns(500)
    assert bench.told() == ("B", False, "", "")


def test_a_vehicle_that_draws_on_is_switched_off_by_the_controller_after_3_s():
    bench = Bench().charge()
    bench.world.stubborn = True
    bench.permit_ma = 0
    assert 2500 <= bench.until(lambda: not bench.world.closed) <= 4000


def test_what_sleep_does_not_open_is_disabled_after_6_s():
    bench = Bench().charge()
    bench.world.stubborn = True
    bench.chip._sleep_ms = -1
    real = bench.chip.poll

    def never(now_ms):
        if bench.chip._sleep_ms >= 0:
            bench.chip._sleep_ms = now_ms + 1000
        real(now_ms)

    bench.chip.poll = never
    bench.permit_ma = 0
    assert 5900 <= bench.until(lambda: not bench.world.closed) <= 6700
    assert "FD" in bench.chip.heard


def test_the_lease_ends_by_itself():
    bench = Bench().charge()
    bench.turns(2600, leased=False)
    assert not bench.world.closed


def test_the_current_is_volatile_and_goes_down_before_it_is_enabled():
    bench = Bench().charge(32000, 10500)
    assert (bench.world.current_ma(), bench.chip.eeprom_writes) == (10000, 0)
    bench.permit_ma = 20000
    bench.turns(6000)
    assert bench.world.current_ma() == 20000
    heard = bench.chip.heard
    assert heard.count("FE") == 0 or heard.index("SC 20 V") < heard.index("FE")


def test_a_clamped_current_is_taken_when_it_is_less_and_refused_when_it_is_more():
    bench = Bench(most_a=16, default_a=16).charge(32000, 32000)
    assert bench.world.current_ma() == 16000
    bench = Bench(least_a=10, most_a=32)
    bench.world.plug()
    bench.world.demand(32000)
    bench.permit_ma = 6000
    assert bench.turns(8000) == 0 and bench.world.energy_uj == 0


def test_a_current_raised_by_the_cable_is_set_again():
    bench = Bench().charge(32000, 10000)
    bench.chip.amps = 32
    bench.chip.poll(bench.world.now_ms)
    bench.until(lambda: bench.chip.amps == 10, 300)


def test_every_fault_word():
    for code, word in WORDS:
        bench = Bench().charge()
        bench.chip.set_fault(code)
        bench.turns(300)
        assert (code, bench.power.fault(), bench.power.contactor()) == (code, word, False)
        bench.permit_ma = 0
        bench.chip.set_fault(0)
        bench.turns(1500)
        assert bench.told()[2] == ""


def test_a_stuck_relay_is_told():
    bench = Bench().charge()
    bench.world.set_contactor_fault("weld")
    bench.permit_ma = 0
    bench.turns(3000)
    assert bench.told()[1:3] == (True, "welded")
    bench = Bench()
    bench.world.set_contactor_fault("stuck_open")
    bench.world.plug()
    bench.world.demand(16000)
    bench.permit_ma = 16000
    bench.turns(4000)
    assert bench.told()[1:3] == (False, "stuck_open")


def test_ventilation_is_refused():
    bench = Bench()
    bench.world.plug()
    bench.world.set_pilot_fault("D")
    bench.permit_ma = 16000
    assert bench.turns(4000) == 0
    assert bench.power.vehicle() == "D"


def test_a_controller_that_boots_in_mid_session_is_noticed_and_set_again():
    bench = Bench().charge(32000, 10000)
    bench.chip.reboot()
    assert not bench.world.closed
    bench.permit_ma = 0  # silence is a fault, and the charger takes its permit back
    assert bench.turns(1400) == 0
    bench.permit_ma = 10000
    bench.until(lambda: bench.world.closed)
    bench.turns(500)
    assert bench.power.boots == 1
    assert (bench.world.current_ma(), bench.told()) == (10000, ("C", True, "", ""))


def test_a_controller_that_boots_awake_gives_nothing_without_a_permit():
    # Worst: its $AB is lost, and a vehicle asks. Seen by its state, and put to sleep.
    bench = Bench()
    bench.turns(1000)
    bench.world.plug()
    bench.world.demand(16000)
    bench.chip.reboot()
    bench.uart.lines.cut = True
    bench.until(lambda: bench.chip.due_ms() > bench.world.now_ms or bench.chip._boot_ms < 0, 1600)
    bench.uart.lines.cut = False
    assert bench.turns(5000) <= 1000
    assert not bench.world.closed


def test_a_fault_stands_while_the_controller_takes_orders():
    """A weld is switched off again and again: each order was a turn without a fault, and with another vehicle."""
    bench = Bench().charge()
    bench.world.set_contactor_fault("weld")
    bench.permit_ma = 0
    bench.until(lambda: bench.power.fault() == "welded")
    bench.turns(2000)
    for plugged in (True, False):
        if not plugged:
            bench.world.unplug()
            bench.turns(1000)
        for _ in range(15000 // TURN_MS):
            bench.turn()
            assert bench.told() == ("B" if plugged else "A", True, "welded", "")
    bench.world.set_contactor_fault("")
    bench.chip.set_fault(0)
    bench.turns(2000)
    assert bench.power.fault() == "" and not bench.world.closed


def test_a_controller_that_boots_quickly_is_put_to_sleep_before_it_closes():
    bench = Bench()
    bench.chip.boot_ms = 300
    bench.turns(1000)
    bench.world.plug()
    bench.world.demand(16000)
    for _ in range(5):
        bench.turns(350)
        bench.chip.reboot()
        assert bench.turns(2000) == 0
        assert bench.chip._beat_s == 5
    assert bench.power.boots == 5 and bench.power.fault() == ""


def test_an_answer_to_another_command_is_none():
    bench = Bench().charge()
    bench.chip.mute = True
    for _ in range(60):
        bench.turn()
        body = b"$OK 03 7 03 0140 :01"
        bench.uart.send(body + b"^%02X\r" % check(body))
    assert bench.power.fault() == "internal"


def test_with_the_boot_lock_nothing_flows_between_its_boot_and_the_driver():
    bench = Bench()
    bench.chip.boot_lock = True
    bench.turns(1000)
    bench.world.plug()
    bench.world.demand(16000)
    bench.chip.reboot()
    assert bench.turns(6000) == 0 and bench.world.energy_uj == 0
    bench.permit_ma = 16000
    bench.until(lambda: bench.world.closed)


def test_a_missed_heartbeat_goes_down_to_6_a_and_does_not_open():
    # What the docs say of a charger that hangs: the controller has no more than that.
    bench = Bench().charge(32000, 32000)
    bench.world.step(bench.world.now_ms + 10000)
    assert (bench.world.closed, bench.world.current_ma()) == (True, 6000)
    bench.turns(8000)
    assert bench.world.current_ma() == 32000
    assert not bench.power._alarm and not bench.chip._missed


def test_the_heartbeat_has_16_bits():
    for heartbeat_s in (0, 66, 100):
        try:
            OpenEvse(None, Bench().power._clock, heartbeat_s)
        except ValueError as error:
            assert str(error) == "heartbeat_s: %d, 1 to 65" % heartbeat_s
        else:
            raise AssertionError(heartbeat_s)


def test_state_between_command_and_answer_confuses_nobody():
    bench = Bench()
    bench.chip.chatty = True
    bench.charge()
    bench.turns(3000)
    assert bench.told() == ("C", True, "", "")


def test_a_lost_cr_and_a_bad_sum_cost_one_answer():
    bench = Bench().charge()
    for fault in ("lose_cr", "bad_sum"):
        setattr(bench.chip, fault, 1)
        bench.turns(1500)
        assert bench.told() == ("C", True, "", "power_bus")
        bench.turns(11000)
        assert bench.told() == ("C", True, "", "")


def spoil(bench, name, value):
    if name == "mute":
        bench.chip.mute = value
    else:
        setattr(bench.uart.lines, name, value)


def test_no_bus_fault_raises_or_leaves_a_permit():
    for name, on, off in (
        ("flip_every", 3, 0), ("flip_every", 1, 0), ("drop_every", 2, 0), ("drop_every", 1, 0),
        ("stuck", 0, None), ("stuck", 255, None), ("stuck", 36, None), ("stuck", 13, None), ("mute", True, False),
    ):  # fmt: skip
        bench = Bench().charge()
        spoil(bench, name, on)
        for _ in range(40):
            bench.turn()
            if bench.power.fault():
                bench.permit_ma = 0
        assert (name, bench.told()[:3]) == (name, ("F", False, "internal"))
        # What it sends still arrives: it says "sleep" for as long as nothing valid comes back.
        bench.turns(4000)
        assert (name, on, bench.world.closed) == (name, on, False)
        spoil(bench, name, off)
        for _ in range(50):
            bench.turn()
            assert not bench.power.contactor()
        assert (name, bench.told()[1:3]) == (name, (False, ""))
        bench.permit_ma = 16000
        bench.turns(2000)
        assert (name, bench.world.closed) == (name, True)


def test_a_vehicle_that_draws_on_in_silence_is_switched_off_under_load():
    bench = Bench().charge()
    bench.world.stubborn = True
    bench.chip.mute = True
    bench.permit_ma = 0
    assert bench.until(lambda: not bench.world.closed) <= 7000
    bench.chip.mute = False
    bench.world.stubborn = False
    bench.turns(3000)
    assert bench.told()[:3] == ("B", False, "")


def test_a_cut_line_is_told_and_the_vehicle_gets_6_a_until_it_is_mended():
    bench = Bench().charge(32000, 32000)
    bench.uart.lines.cut = True
    bench.turns(1700)
    bench.permit_ma = 0
    assert bench.told()[:3] == ("F", False, "internal")
    bench.turns(8000)
    assert bench.world.current_ma() == 6000
    bench.uart.lines.cut = False
    bench.turns(1500)
    assert bench.told()[1:3] == (False, "") and not bench.world.closed


def test_seeded_noise_never_raises():
    seed = 7
    bench = Bench().charge()
    for _ in range(400):
        seed = (seed * 1103515245 + 12345) & 0x3FFFFFFF
        lines = bench.uart.lines
        lines.flip_every = seed % 23
        lines.flip_bit = (seed >> 8) % 8
        lines.drop_every = (seed >> 12) % 31
        if seed & 0x8000:
            bench.uart.send(bytes([(seed >> i) & 255 for i in range(0, 24, 3)]))
        bench.permit_ma = 0 if bench.power.fault() else 16000
        bench.turn()
    lines.flip_every = lines.drop_every = 0
    bench.permit_ma = 0
    bench.turns(8000)
    assert bench.told()[2] == "" and not bench.world.closed


def test_a_turn_has_a_bound():
    assert worst_turn_bytes() == (17, 96)
