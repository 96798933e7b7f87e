"""The mock ports: what a charger senses, with every fault of its data sheet."""

from hal.mock.ports import (
    MockClock,
    MockIndicator,
    MockMeter,
    MockNetwork,
    MockPowerBoard,
    MockReader,
)
from hal.mock.world import UJ_PER_WH, World
from hal.ports import TWO_CARDS

UID = b"\x04\xa2\xb3\xc4\xd5\xe6\xf7"


def charged(wh=5000):
    world = World(meter_base_wh=100000, meter_serial="M-7")
    world.plug(16000, 3)
    world.demand(16000, wh)
    world.permit(16000)
    world.step(3600000, leased=True)
    return world, MockMeter(world)


def test_a_good_reading():
    world, meter = charged()
    reading = meter.read()
    assert (reading.register_wh, reading.serial, reading.source) == (105000, "M-7", "internal")
    assert (reading.power_w, reading.voltage_v) == (0, (230, 230, 230))
    world.demand(10000)
    reading = meter.read()
    assert (reading.power_w, reading.current_ma) == (6900, (10000, 10000, 10000))


def test_the_register_shows_whole_watt_hours():
    world, meter = charged(1)
    assert meter.read().register_wh == 100001
    world.energy_uj = 2 * UJ_PER_WH - 1
    assert meter.read().register_wh == 100001


def test_every_meter_fault_and_its_end():
    world, meter = charged()
    world.set_meter_fault("silent")
    assert meter.read() is None
    for fault, wh, serial in (
        ("frozen", 105000, "M-7"),
        ("backward", 104500, "M-7"),
        ("zero", 0, "M-7"),
        ("serial", 105000, "M-7-X"),
        ("jump", 205000, "M-7"),
    ):
        world.set_meter_fault(fault)
        reading = meter.read()
        assert (fault, reading.register_wh, reading.serial) == (fault, wh, serial)
        world.set_meter_fault("")
        assert meter.read().register_wh == 105000
    world.set_meter_fault("jump", 7)
    assert meter.read().register_wh == 105007


def test_a_frozen_meter_stands_while_energy_flows():
    world, meter = charged()
    world.demand(16000)
    world.set_meter_fault("frozen")
    world.step(world.now_ms + 3600000, leased=True)
    assert meter.read().register_wh == 105000
    assert world.register_wh() > 110000


def test_a_card_is_told_once():
    world = World()
    reader = MockReader(world)
    assert reader.poll() is None
    world.tap(UID)
    assert reader.poll() == ("ISO14443", UID)
    assert reader.poll() is None


def test_reader_faults():
    world = World()
    reader = MockReader(world)
    for fault, healthy, told in (("dead", False, None), ("two_cards", True, TWO_CARDS)):
        world.reader_fault = fault
        world.tap(UID)
        assert reader.poll() == told
        assert reader.poll() is None
        assert reader.healthy() is healthy
    world.reader_fault = "raises"
    assert reader.poll() is None
    world.tap(UID)
    try:
        reader.poll()
    except ValueError as error:
        assert repr(UID) in str(error), "it carries the card, as a driver's frame may"
    else:
        raise AssertionError("it did not raise")
    world.reader_fault = ""
    assert reader.healthy() and reader.poll() is None


def test_ticks_wrap_like_a_boards():
    world = World()
    world.step(5000)
    clock = MockClock(world, clock_start())
    assert clock.ticks_ms() == clock_start()
    world.step(5000 + 1000)
    assert clock.ticks_ms() == 1000 - 10
    assert clock.period_ms == 2**30


def clock_start():
    return 2**30 - 10


def test_the_time_source():
    world = World(start_unix=1700000000)
    network = MockNetwork(world, "192.0.2.1", 8883)
    world.step(1500)
    assert network.fetch_unix_ms() == 1700000001500
    world.jump_ms = 3600000
    assert network.fetch_unix_ms() == 1700003601500
    world.time_source = False
    assert network.fetch_unix_ms() is None
    world.time_source = True
    world.network = False
    assert network.fetch_unix_ms() is None and not network.up()
    assert network.host_port() == ("192.0.2.1", 8883)


def test_power_board_and_indicator():
    world = World()
    board = MockPowerBoard(world)
    world.plug()
    world.demand(10000)
    assert (board.vehicle(), board.contactor(), board.fault()) == ("B", False, "")
    board.permit(6000)
    assert (board.vehicle(), board.contactor()) == ("C", True)
    indicator = MockIndicator()
    for word in ("available", "available", "charging"):
        indicator.show(word)
    assert indicator.shown == ["available", "charging"]
