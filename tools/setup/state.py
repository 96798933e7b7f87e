"""What the setup had and what it had not, remembered in .deps/state.json."""

import json
import os

from tools.setup.interpreters import Interpreter
from tools.setup.places import DEPS

STATE = DEPS / "state.json"


def load():
    """The remembered state: {"had": {name: facts}, "not_had": {name: why}, "tried_unix": s}."""
    try:
        return json.loads(STATE.read_text())
    except (OSError, ValueError):
        return {"had": {}, "not_had": {}, "tried_unix": 0}


def save(state):
    """Replace the remembered state, all at once."""
    DEPS.mkdir(exist_ok=True)
    part = STATE.with_suffix(".part")
    part.write_text(json.dumps(state, indent=1, sort_keys=True))
    os.replace(part, STATE)


def interpreters():
    """The MicroPythons that are to be had here, 64-bit first: a list of Interpreter."""
    had = load()["had"]
    found = [Interpreter(**had[name]) for name in ("mp64", "mp32") if name in had]
    return [one for one in found if os.path.exists(one.path)]


def missing():
    """What was not had: a list of (name, why). Names: mp64, mp32, umqtt.simple, aioble, mosquitto."""
    state = load()
    names = dict(state["not_had"])
    here = {one.name for one in interpreters()}
    for name in ("mp64", "mp32"):
        if name not in here:
            names.setdefault(name, "not fetched yet: run `make setup`")
    return sorted(names.items())
