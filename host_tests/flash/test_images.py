"""An image that one LittleFS wrote is the other's to go on with."""

import subprocess
from pathlib import Path

import pytest

from host_tests.flash.programs import command
from tools.setup.places import ROOT

PROGRAM = Path(__file__).with_name("images.py")


def run(interpreter, *args):
    words, env = command(PROGRAM, interpreter)
    done = subprocess.run(
        [*words, *args], cwd=ROOT, env=env, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0 and not done.stderr, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("desk_first", (True, False))
def test_both_file_systems_read_and_continue_each_others_images(micropython, tmp_path, desk_first):
    image = str(tmp_path / "image")
    writer, other = (None, micropython) if desk_first else (micropython, None)
    run(writer, "write", image, "writer")
    free = run(other, "check", image, "writer")
    assert run(writer, "check", image, "writer") == free, "both say how much room there is"
