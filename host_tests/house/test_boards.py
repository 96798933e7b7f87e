"""Boards as data: what a description can get wrong is said by field, and a good one needs no code."""

import ast
import json
import subprocess
import sys

import pytest

from tools import boards, image
from tools.boards import rules
from tools.image import builder
from tools.setup import ROOT


def description(name="esp32_devkitc"):
    """A good description, to be altered."""
    return json.loads((ROOT / "boards" / name / "board.json").read_text())


def wrong(change, name="esp32_devkitc"):
    """What is said about a description after change(it)."""
    board = description(name)
    change(board)
    return boards.check(board)


@pytest.mark.parametrize("name", boards.names())
def test_every_board_of_the_tree_is_good_and_has_its_page(name):
    boards.checked(boards.folder_of(name))
    page = (ROOT / "docs" / "hardware" / "boards" / (name + ".md")).read_text()
    assert "Not verified on hardware" in page
    for field, gpio, _ in rules.uses(description(name)):
        assert str(gpio) in page, "%s: pin %d is not on the page" % (field, gpio)


@pytest.mark.parametrize("name", boards.names())
def test_an_image_for_every_board(name, tmp_path):
    made = image.sizes(image.build(name, tmp_path / "a"))
    assert {"boot.mpy", "main.mpy", "boards/selected.mpy", "boards/described.mpy"} <= set(made)
    assert not [path for path in made if path.startswith(("hal/mock", "boards/sim"))]


def pin(board, name, **facts):
    board["pins"][name].update(facts)


def test_rules_name_the_field():
    assert wrong(lambda b: pin(b, "led", gpio=26)) == [
        "pins.led.gpio: pin 26 is already pins.relay.gpio"
    ]
    assert wrong(lambda b: b["buses"]["rs485"].update(tx=27)) == [
        "buses.rs485.tx: pin 27 is already pins.pilot.gpio"
    ]
    assert wrong(lambda b: pin(b, "led", gpio=37)) == ["pins.led.gpio: pin 37 is an input only"]
    assert wrong(lambda b: b["buses"]["rs485"].update(de=38)) == [
        "buses.rs485.de: pin 38 is an input only"
    ]
    for gpio in range(6, 12):
        assert wrong(lambda b, gpio=gpio: pin(b, "led", gpio=gpio)) == [
            "pins.led.gpio: pin %d belongs to the flash chip" % gpio
        ]
    assert wrong(lambda b: pin(b, "led", gpio=24)) == ["pins.led.gpio: esp32 has no pin 24"]
    assert wrong(lambda b: pin(b, "pilot_high", gpio=2)) == [
        "pins.pilot_high.gpio: pin 2 has no ADC that works beside the network"
    ]
    assert wrong(lambda b: b["buses"]["spi"].update(sck=22), "rpi_pico_w") == []
    assert wrong(lambda b: b["buses"]["spi"].update(sck=25), "rpi_pico_w") == [
        "buses.spi.sck: pin 25 belongs to the radio"
    ]
    assert wrong(lambda b: b["buses"]["rapi"].update(tx=21), "olimex_esp32_poe") == [
        "buses.rapi.tx: pin 21 belongs to the Ethernet PHY"
    ]
    assert wrong(lambda b: b.update(watchdog_ms=9000), "rpi_pico_w") == [
        "watchdog_ms: rp2040 has 8388 at most"
    ]


def test_the_relay_is_off_at_boot_on_a_steady_pin():
    for gpio in (0, 2, 5, 12, 15):
        assert wrong(lambda b, gpio=gpio: pin(b, "relay", gpio=gpio)) == [
            "pins.relay.gpio: pin %d is not steadily low through reset" % gpio
        ]
    assert wrong(lambda b: pin(b, "relay", boot=1)) == [
        "pins.relay.boot: the relay would be on from the start"
    ]
    low = wrong(lambda b: pin(b, "relay", boot=0, active="low"))
    assert "pins.relay.boot: the relay would be on from the start" in low
    assert any(line.startswith("pins.relay.active: a pin floats") for line in low)

    def renamed(board):
        board["pins"]["contactor"] = board["pins"].pop("relay")
        board["chips"]["power"]["pins"]["relay"] = "contactor"

    assert wrong(renamed) == [
        "chips.power.pins.relay: the pin must be named relay, which is set first"
    ]
    assert wrong(lambda b: b["chips"]["power"].pop("facts")) == [
        "chips.power.facts: direct needs it"
    ]
    assert wrong(lambda b: b["chips"]["power"]["pins"].pop("relay")) == [
        "chips.power.pins.relay: direct needs it"
    ]


def test_chips_fit_their_buses_and_meters_their_facts():
    def meter(**facts):
        return wrong(lambda b: b["chips"]["meter"].update(facts))

    assert meter(bus="nowhere") == ["chips.meter.bus: there is no bus 'nowhere'"]
    assert meter(bus="spi") == ["chips.meter.bus: modbus needs uart"]
    assert meter(model="em340") == [
        "chips.meter.serial: a em340 tells none, so it must stand here"
    ]
    assert meter(model="em340", serial="AB-1") == []
    assert meter(model="toaster")[0].startswith(
        "chips.meter.model: no such meter; there are: em340"
    )
    assert meter(phases=1) == [
        "chips.meter.phases: the meter does not see every phase of limits.phases"
    ]
    assert meter(driver="bl0942", source="mid", calibrated=False) == [
        "chips.meter.source: a chip on the board is no certified meter"
    ]
    assert meter(driver="bl0942") == ["chips.meter.constants: calibrated, and there are none"]
    assert wrong(lambda b: b["chips"]["reader"].update(transport="i2c")) == [
        "chips.reader.transport: the bus is spi"
    ]


def test_a_reader_has_a_bus_that_is_fast_enough():
    assert wrong(lambda b: b["buses"]["front"].update(baud=100000), "olimex_esp32_poe") == [
        "buses.front.baud: a pn532 needs 400000 or more"
    ]
    assert wrong(lambda b: b["chips"]["reader"].update(proves=True), "olimex_esp32_poe") == []
    assert wrong(lambda b: b["chips"]["reader"].update(proves=True)) == [
        "chips.reader.proves: a mfrc522 cannot read such a card"
    ]


def test_the_schema_names_the_field_too():
    assert wrong(lambda b: b["limits"].update(limit_ma=5000)) == [
        "limits.limit_ma: 5000 is less than the minimum of 6000"
    ]
    assert wrong(lambda b: b["chips"]["meter"].update(driver="toaster"))[0].startswith(
        "chips.meter.driver: 'toaster' is not one of"
    )
    assert wrong(lambda b: b["chips"].pop("power")) == ["chips: 'power' is a required property"]
    assert wrong(lambda b: b["pins"]["relay"].pop("boot"))[0].startswith("pins.relay")


def test_a_board_is_added_without_touching_code(tmp_path):
    folder = tmp_path / "my_board"
    folder.mkdir()
    board = description()
    board["name"] = "my_board"
    (folder / "board.json").write_text(json.dumps(board))
    made = image.build(str(folder), tmp_path / "a")
    assert json.loads((made / builder.STAMP).read_text())["board"] == "my_board"
    source = builder.sources(str(folder))["boards/selected.py"].decode()
    line = next(line for line in source.splitlines() if line.startswith("_BOARD_JSON"))
    assert json.loads(ast.literal_eval(line.partition(" = ")[2])) == board
    board["pins"]["relay"]["gpio"] = 12
    (folder / "board.json").write_text(json.dumps(board))
    with pytest.raises(image.BuildError, match=r"my_board: pins\.relay\.gpio: pin 12"):
        image.build(str(folder), tmp_path / "b")


MACHINE = """
import sys
fed = 0
class Any:
    IN, OUT, PULL_UP, PULL_DOWN, ONE_SHOT = 0, 1, 2, 3, 0
    def __init__(self, *given, **more):
        print("made", type(self).__name__, given[:1], more.get("value"))
    def init(self, **more): pass
    def value(self, level=None): return 0
    def any(self): return 0
    def write(self, data): return len(data)
    def txdone(self): return True
class Pin(Any): pass
class ADC(Any):
    def read_uv(self): return 0
class PWM(Any):
    def duty_u16(self, value=None): return 0
class UART(Any): pass
class SPI(Any):
    def readinto(self, into, write=0): pass
    def write_readinto(self, out, into): pass
class I2C(Any):
    def writeto(self, address, data): raise OSError(19)
    def readfrom_into(self, address, into): raise OSError(19)
class Timer(Any): pass
class WDT(Any):
    def feed(self):
        global fed
        fed += 1
        if fed == 5:
            print("fed")
            sys.exit(0)
def unique_id(): return b"1234"
def reset():
    print("reset")
    sys.exit(3)
"""
ESP32 = """
class Partition:
    TYPE_DATA = 1
    memory = bytearray(b"\\xff" * 16384)
    def find(kind, label): return [Partition()] if label == "ppm" else []
    find = staticmethod(find)
    def readblocks(self, block, buf, offset=0):
        at = block * 1024 + offset
        buf[:] = self.memory[at : at + len(buf)]
    def writeblocks(self, block, buf, offset=0):
        at = block * 1024 + offset
        self.memory[at : at + len(buf)] = buf
    def ioctl(self, op, arg):
        if op == 4: return 16
        if op == 5: return 1024
        if op == 6: self.memory[arg * 1024 : arg * 1024 + 1024] = b"\\xff" * 1024
        return 0
"""


@pytest.mark.parametrize("name", ["esp32_devkitc", "openevse_wifi", "olimex_esp32_poe"])
def test_the_image_boots_on_a_machine_that_does_nothing(micropython, name, tmp_path):
    """boot.py and main.py of a built image: blank flash is formatted, the charger is locked, and it stays up."""
    made = image.build(name, tmp_path / "a")
    (tmp_path / "machine.py").write_text(MACHINE)
    (tmp_path / "esp32.py").write_text(ESP32)
    source = "import sys; sys.path[:] = [%r, %r, %r, '.frozen']\n" % (
        str(tmp_path), str(made), str(made / "lib"),
    )  # fmt: skip
    source += "import esp32\nimport boot\nimport main\n"
    said = subprocess.run(
        micropython.command("-c", source), capture_output=True, text=True, timeout=60
    )
    assert said.returncode == 0, said.stdout + said.stderr
    lines = said.stdout.splitlines()
    relay = description(name)["pins"].get("relay")
    if relay:
        made = [line for line in lines if line.startswith("made ")]
        assert made[0] == "made Pin (%d,) %d" % (relay["gpio"], relay["boot"])
    assert "volume: was blank, formatted" in lines
    assert any(line.startswith("locked: not provisioned") for line in lines)
    assert lines[-1] == "fed" and "reset" not in lines


def test_the_command_names_what_is_wrong(tmp_path):
    def run(*args):
        return subprocess.run(
            [sys.executable, "-m", "tools.boards", *args], cwd=ROOT, capture_output=True, text=True
        )

    said = run("check")
    assert said.returncode == 0 and "openevse_wifi: good" in said.stdout
    folder = tmp_path / "toaster"
    folder.mkdir()
    (folder / "board.json").write_text("{")
    said = run("check", str(folder))
    assert said.returncode == 1 and "not JSON" in said.stderr
    assert run("check", "nowhere").returncode == 1
