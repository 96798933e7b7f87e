"""An image of firmware, hal and the sim board, with `plain_charger` for its mind."""

from pathlib import Path

import pytest

from tools.image.tree import lay, package_sources, umqtt_sources
from tools.setup import ROOT, interpreters, missing
from tools.simulate import Options, Simulator

START = 1_700_000_000
PORT_OF_NOBODY = 1


@pytest.fixture(scope="session")
def image(tmp_path_factory):
    folder = tmp_path_factory.mktemp("image")
    sources = umqtt_sources()
    for package in ("hal", "firmware", "boards/sim"):
        sources.update(package_sources(package))
    sources["boards/__init__.py"] = b""
    sources["boards/selected.py"] = b"from boards.sim.board import open_board\n"
    sources["agent/__init__.py"] = b""
    sources["agent/const.py"] = (ROOT / "agent/const.py").read_bytes()
    sources["agent/charger.py"] = Path(__file__).with_name("plain_charger.py").read_bytes()
    for name in ("boot.py", "main.py"):
        sources[name] = sources["firmware/" + name]
    sources["rom.py"] = sources["boards/sim/rom.py"]
    lay(sources, folder)
    return folder


@pytest.fixture(params=[32, 64])
def simulator(request, image, tmp_path):
    """Make simulators: simulator(speed=0, ...) on one state folder; all are ended at the end."""
    bits = request.param
    if bits not in [one.word_bits for one in interpreters()]:
        pytest.fail("no MicroPython with %d-bit words: %s" % (bits, missing()))
    made = []

    def make(**options):
        given = {
            "charger": "CH-1",
            "broker": ("127.0.0.1", PORT_OF_NOBODY),
            "state": tmp_path / "state",
            "speed": 0,
            "start_unix": START,
            "register_wh": 1000,
            "word_bits": bits,
            "image": image,
        }
        given.update(options)
        made.append(Simulator(Options(**given)))
        made[-1].start()
        return made[-1]

    yield make
    for one in made:
        one.stop()
