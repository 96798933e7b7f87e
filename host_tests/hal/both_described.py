"""A board that is data: the relay first and off, only named drivers, and nothing that stops the rest (law 1)."""

import json
import sys

from boards.described import DescribedBoard
from boards.drivers import Limited
from boards.lamp import Lamp
from boards.partition import blank, mounted
from boards.uplink import Wifi
from hal.mock.chips.modbus_slave import ModbusSlave
from hal.mock.chips.rs485 import SimRs485
from hal.mock.flash import Flash
from hal.mock.ports import MockClock, MockPowerBoard
from hal.mock.volume import MemoryVolume
from hal.mock.world import World
from hal.volume import BrokenVolume
from host_tests.hal.fake_machine import FakeMachine

BOARD = """{"name":"desk","mcu":"esp32","network":{"kind":"none"},
"pins":{"cs":{"gpio":22,"way":"out","boot":1},"relay":{"gpio":26,"way":"out","boot":0},
"adc":{"gpio":36,"way":"analog"},"pilot":{"gpio":27,"way":"pwm"},"button":{"gpio":0,"way":"in","pull":"up"},
"led":{"gpio":19,"way":"out","boot":0}},
"buses":{"rs485":{"kind":"uart","id":1,"baud":9600,"tx":25,"rx":32,"de":33},
"spi":{"kind":"spi","id":1,"baud":1000000,"sck":14,"mosi":13,"miso":21}},
"chips":{"meter":{"driver":"modbus","bus":"rs485","model":"sdm630","calibrated":true,"phases":3,"source":"mid"},
"reader":{"driver":"none"},"power":{"driver":"not_in_this_tree","bus":"rs485","pins":{"relay":"relay"}}},
"indicator":{"kind":"led","pin":"led","active":1},"limits":{"limit_ma":16000,"phases":3},
"flash":{"partition":"ppm"},"watchdog_ms":8000}"""


def described(change=None):
    """(board, machine, world) of BOARD; change(description) alters it first."""
    world = World(meter_base_wh=1250)

    def uart(number, settings):
        return SimRs485(lambda: world.now_ms, ModbusSlave(world, "sdm630"), settings["baudrate"])

    machine = FakeMachine(uart)
    description = json.loads(BOARD)
    if change:
        change(description)
    board = DescribedBoard(description, machine, MockClock(world))
    return board, machine, world


def test_the_relay_is_set_off_before_anything_else_is_made():
    _, machine, _ = described()
    assert machine.made[0] == ("pin", 26, 1, 0)
    outs = [made for made in machine.made if made[0] == "pin" and made[2] == 1]
    assert sorted(outs) == [
        ("pin", 19, 1, 0), ("pin", 22, 1, 1), ("pin", 26, 1, 0), ("pin", 33, 1, 0),
    ]  # fmt: skip
    assert ("adc", 36) in machine.made and ("pwm", 27, 1000, 65535) in machine.made


def test_only_what_is_named_is_opened():
    before = set(sys.modules)
    _, machine, _ = described()
    assert [made for made in machine.made if made[0] in ("uart", "spi", "i2c")] == [
        ("uart", 1, 25, 32)
    ]
    fresh = set(sys.modules) - before
    assert not fresh & {"hal.readers.pn532", "hal.power.direct"}, fresh


def test_a_driver_that_is_not_there_gives_no_energy_and_stops_nothing():
    board, _, _ = described()
    board.power.permit(16000)
    assert (board.power.vehicle(), board.power.contactor()) == ("F", False)
    assert board.power.fault() == "internal"
    assert board.reader.healthy() and board.reader.poll() is None
    board, _, _ = described(lambda d: d["chips"]["reader"].update(driver="not_there"))
    assert board.complaints() == ("reader_silent",)
    board, _, _ = described(lambda d: d["chips"]["meter"].update(model="unknown"))
    assert board.meter.read() is None


def test_the_described_meter_reads_over_its_bus_and_lets_go_of_the_line():
    board, machine, world = described()
    timers = 0
    for _ in range(20):
        board.attend()
        for number, ms, call in machine.timers:
            timers += 1
            assert number == 0 and ms in (9, 1)  # a busy transmitter is looked at again
            world.step(world.now_ms + ms)
            call(None)
        machine.timers.clear()
        world.step(world.now_ms + 50)
    reading = board.meter.read()
    assert (reading.register_wh, reading.serial, reading.source) == (1250, "12345678", "mid")
    assert timers > 3 and board.complaints() == ()


def test_a_permit_is_never_more_than_the_wiring_bears():
    world = World()
    power = Limited(MockPowerBoard(world), 16000)
    power.permit(32000)
    assert world.permit_ma == 16000
    power.permit(10000)
    assert world.permit_ma == 10000
    power.permit(0)
    assert world.permit_ma == 0 and power.vehicle() == "A" and power.lease_ms == 2000
    assert power.attend() is None and power.complaint() == "" and not power.contactor()


def test_watchdog_reset_and_network_without_one():
    board, machine, _ = described()
    assert ("wdt", 8000) in machine.made
    board.feed_watchdog()
    assert machine.fed == 1
    board.reset("order")
    assert machine.resets == 1
    board.network.use_broker("192.0.2.1", 1883)
    assert board.network.host_port() == ("192.0.2.1", 1883)
    assert not board.network.up() and board.network.fetch_unix_ms() is None


def test_a_network_that_cannot_be_opened_is_down():
    board, _, _ = described(lambda d: d["network"].update(kind="wifi"))
    assert not board.network.up()


class Radio:
    def __init__(self):
        self.joined = []

    def connect(self, ssid, password):
        self.joined.append((ssid, password))

    def isconnected(self):
        return bool(self.joined)


def test_wifi_is_joined_with_what_the_installer_left_and_with_nothing_else():
    radio = Radio()
    volume = MemoryVolume()
    for content in (None, b"{", b"[]", b'{"ssid":"home"}'):
        if content:
            volume.write("wifi", content)
        Wifi(radio).begin(volume)
    Wifi(radio).begin(BrokenVolume("test"))
    assert radio.joined == [] and not Wifi(radio).up()
    volume.write("wifi", b'{"ssid":"home","password":"secret"}')
    Wifi(radio).begin(volume)
    assert radio.joined == [("home", "secret")] and Wifi(radio).up()


def test_a_meter_chip_of_the_board_has_the_processors_number():
    board, _, _ = described()
    assert board._numbered({"driver": "bl0942"})["serial"] == "246F28010203"
    assert board._numbered({"driver": "bl0942", "serial": "X"})["serial"] == "X"
    assert "serial" not in board._numbered({"driver": "modbus"})


def test_the_light_is_touched_only_when_it_changes():
    world = World()
    put = []
    lamp = Lamp(lambda *colour: put.append(colour), MockClock(world))
    for _ in range(40):
        lamp.show("charging")
        world.step(world.now_ms + 50)
    assert put == [(0, 0, 48), (0, 0, 0)]
    lamp.show("a word of tomorrow")
    assert put[-1] == (48, 0, 0)


class FakeVfs:
    """The module vfs with a LittleFS that mounts only what was formatted."""

    def __init__(self):
        self.formatted = 0
        self.good = False
        outer = self

        class VfsLfs2:
            def __init__(self, device, **sizes):
                if not outer.good:
                    raise OSError(5, "EIO")

            @staticmethod
            def mkfs(device, **sizes):
                outer.formatted += 1
                outer.good = True

        self.VfsLfs2 = VfsLfs2

    def mount(self, volume, root):
        pass


def test_only_blank_flash_is_formatted():
    device = Flash(8)
    vfs = FakeVfs()
    assert blank(device)
    assert not isinstance(mounted(device, vfs), BrokenVolume) and vfs.formatted == 1
    device.writeblocks(7, b"\x00", 4095)
    vfs = FakeVfs()
    assert not blank(device)
    assert isinstance(mounted(device, vfs), BrokenVolume) and vfs.formatted == 0


def test_what_is_on_the_volume_is_there_after_the_next_mount():
    try:
        import vfs
    except ImportError:
        print("not run: CPython has no VfsLfs2")  # the decision to format is tested above
        return
    device = Flash(16)
    mounted(device, vfs, "/desk").write("kept", b"1")
    vfs.umount("/desk")
    assert mounted(device, vfs, "/desk").read("kept") == b"1"
    vfs.umount("/desk")
    for block in (0, 1):  # both superblocks damaged: what else is there may be records
        device.writeblocks(block, bytes(4096), 0)
    before = device.erases
    assert isinstance(mounted(device, vfs, "/desk"), BrokenVolume)
    assert device.erases == before
