"""Fetch what the desk needs into .deps/: MicroPython, its libraries, a broker to test against.

`make setup` runs it; other tools ask here for what was had. Nothing needs root or a compiler.
"""

from tools.setup.interpreters import Interpreter
from tools.setup.places import BUILD, DEPS, ROOT, TYPINGS, UMQTT, VENV_PYTHON
from tools.setup.state import interpreters, missing

__all__ = [
    "BUILD",
    "DEPS",
    "ROOT",
    "TYPINGS",
    "UMQTT",
    "VENV_PYTHON",
    "Interpreter",
    "interpreters",
    "missing",
]
