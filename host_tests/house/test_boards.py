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
    assert wrong(lambda b: pin(b, "led", gpio=34)) == ["pins.led.gpio: pin 34 is an input only"]
    assert wrong(lambda b: b["buses"]["rs485"].update(de=35)) == [
        "buses.rs485.de: pin 35 is an input only"
    ]
    for gpio in range(6, 12):
        assert wrong(lambda b, gpio=gpio: pin(b, "led", gpio=gpio)) == [
            "pins.led.gpio: pin %d belongs to the flash chip" % gpio
        ]
    assert wrong(lambda b: pin(b, "led", gpio=24)) == ["pins.led.gpio: esp32 has no pin 24"]
    assert wrong(lambda b: pin(b, "pilot_adc", gpio=2)) == [
        "pins.pilot_adc.gpio: pin 2 has no ADC that works beside the network"
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


def test_the_image_of_a_board_opens_it_under_micropython(micropython, tmp_path):
    """selected.py of a built image, on a machine that only remembers: the relay is off first."""
    made = image.build("esp32_devkitc", tmp_path / "a")
    machine = tmp_path / "machine.py"
    machine.write_text(
        "class Any:\n"
        "    def __init__(self, *a, **k): print(type(self).__name__, a[:1], k.get('value'))\n"
        "    IN = 0; OUT = 1; PULL_UP = 2; PULL_DOWN = 3; ONE_SHOT = 0\n"
        "    def value(self, x=None): return 0\n"
        "    def feed(self): pass\n"
        "class Pin(Any): pass\n"
        "class ADC(Any): pass\n"
        "class PWM(Any): pass\n"
        "class UART(Any): pass\n"
        "class SPI(Any): pass\n"
        "class I2C(Any): pass\n"
        "class WDT(Any): pass\n"
        "def unique_id(): return b'1234'\n"
    )
    source = "import sys; sys.path[:] = [%r, %r, %r, '.frozen']\n" % (
        str(tmp_path), str(made), str(made / "lib"),
    )  # fmt: skip
    source += "import boot\nfrom boards.selected import open_board\n"
    source += "b = open_board(); print('fault', b.power.fault(), b.meter.read(), b.name)\n"
    said = subprocess.run(micropython.command("-c", source), capture_output=True, text=True)
    assert said.returncode == 0, said.stdout + said.stderr
    lines = said.stdout.splitlines()
    assert lines[0] == "Pin (26,) 0"
    assert lines[-1].startswith("fault ") and lines[-1].endswith(" None esp32_devkitc")


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
