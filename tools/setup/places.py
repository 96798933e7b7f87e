"""Where things lie in a checkout."""

import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DEPS = ROOT / ".deps"
BUILD = ROOT / ".build"
BIN = DEPS / "bin"
LIB = DEPS / "lib"
TYPINGS = DEPS / "typings"
UMQTT = LIB / "umqtt" / "simple.py"
VENV_PYTHON = DEPS / "venv" / "bin" / "python"


def facts():
    """The [tool.ppm] table of pyproject.toml: what the charger takes from outside."""
    with open(ROOT / "pyproject.toml", "rb") as file:
        return tomllib.load(file)["tool"]["ppm"]
