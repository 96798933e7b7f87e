"""Every board that is data, with the drivers that its own board.json names: none of them is a stand-in."""

import json

import pytest

from boards.described import DescribedBoard
from boards.drivers import NoMeter, NoPower, NoReader
from hal.mock.chips.modbus_slave import ModbusSlave
from hal.mock.chips.rs485 import SimRs485
from hal.mock.ports import MockClock
from hal.mock.world import World
from host_tests.hal.fake_machine import FakeMachine
from tools.setup.places import ROOT

BOARDS = sorted((ROOT / "boards").glob("*/board.json"))


@pytest.mark.parametrize("path", BOARDS, ids=[path.parent.name for path in BOARDS])
def test_every_driver_of_the_board_is_opened_and_takes_its_turns(path, capsys):
    world = World()

    def uart(number, settings):
        return SimRs485(lambda: world.now_ms, ModbusSlave(world, "sdm630"), settings["baudrate"])

    description = json.loads(path.read_text())
    description["network"] = {"kind": "none"}
    description["indicator"] = {"kind": "none"}
    board = DescribedBoard(description, FakeMachine(uart), MockClock(world))
    assert "cannot be opened" not in capsys.readouterr().out
    assert not isinstance(board.meter, NoMeter)
    assert not isinstance(board.power._power, NoPower)
    assert not isinstance(board.reader, NoReader)
    for _ in range(5):
        board.attend()
        board.power.permit(0)
        world.step(world.now_ms + 50)
