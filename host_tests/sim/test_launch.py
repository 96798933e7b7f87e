"""python -m tools.simulate: options, errors, and that it becomes the charger."""

import json
import subprocess
import sys

import pytest

from tools.setup import ROOT
from tools.simulate import Options, SimulateError, prepare
from tools.simulate.__main__ import factor, pair


def options(tmp_path, **more):
    given = {"charger": "CH-1", "broker": ("127.0.0.1", 1883), "state": tmp_path / "s"}
    return Options(**{**given, "image": tmp_path, **more})


@pytest.mark.parametrize(
    ("more", "error"),
    [
        ({"charger": "a b"}, "--charger"),
        ({"charger": "x" * 33}, "--charger"),
        ({"key": "12"}, "--key"),
        ({"heap_kib": 1}, "--heap"),
        ({"speed": -1}, "--speed"),
        ({"control": ("0.0.0.0", 9000)}, "--control"),
        ({"dark_s": -1}, "--dark-s"),
        ({"start_unix": -1}, "--start"),
        ({"register_wh": -1}, "--register"),
        ({"flash_kib": 128}, "--flash-kib"),
        ({"flash_kib": 1026}, "--flash-kib"),
        ({"broker": ("no.such.host.invalid", 1883)}, "--broker"),
    ],
)
def test_bad_options_are_named(tmp_path, more, error):
    with pytest.raises(SimulateError, match="^%s: " % error):
        prepare(options(tmp_path, **more))


def test_the_command_line(tmp_path):
    launch = prepare(options(tmp_path, word_bits=64, heap_kib=300, dark_s=7))
    assert launch.argv[1:] == [
        *("-X", "heapsize=380K", "-m", "rom"),
        str(tmp_path / "s"),
        "7",
    ]
    start = json.loads((tmp_path / "s" / "start.json").read_text())
    assert start["command"] == launch.argv[:-2]
    assert start["key"] == launch.key and len(launch.key) == 64
    assert prepare(options(tmp_path, key="AB" * 32)).key == "ab" * 32
    assert prepare(options(tmp_path)).key == "ab" * 32


def test_values_of_the_command_line():
    assert pair("--broker", "127.0.0.1:1883") == ("127.0.0.1", 1883)
    assert (factor("max"), factor("60"), factor("0.5")) == (0, 60, 0.5)
    for text in ("1883", ":1883", "host:", "host:x", "host:70000"):
        with pytest.raises(SimulateError, match="--broker: must be HOST:PORT"):
            pair("--broker", text)
    for text in ("0", "-1", "fast", "1e9", "nan"):
        with pytest.raises(SimulateError, match="--speed"):
            factor(text)


def command(*arguments):
    return subprocess.run(
        [sys.executable, "-m", "tools.simulate", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=30,
    )


def test_errors_are_plain(tmp_path):
    done = command("--charger", "a b", "--state", str(tmp_path))
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "simulate: --charger: 1 to 32 letters, digits, _ or -\n"
    assert command("--help").returncode == 0
