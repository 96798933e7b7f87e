"""`python -m tools.setup`: fetch what is not there yet, say what is missing and why."""

import argparse
import fcntl
import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict

from tools.setup import debian, libraries, programs, state
from tools.setup.errors import NotHad
from tools.setup.interpreters import Interpreter
from tools.setup.places import BIN, DEPS, LIB

# what was not to be had is tried again after this long, so that a second run is quick
RETRY_S = 900

PROGRAMS = {
    "mp64": programs.micropython64,
    "mp32": programs.micropython32,
    "mosquitto": programs.mosquitto,
}
LIBRARIES = {"umqtt.simple": libraries.umqtt, "aioble": libraries.aioble}


def present(name, facts):
    """Whether what is remembered as had is still in its place."""
    if name in PROGRAMS:
        return os.path.exists(facts["path"] if isinstance(facts, dict) else facts)
    return (LIB / name.replace("umqtt.simple", "umqtt/simple.py")).exists()


def attempt(job, *args):
    """(what was had, None) or (None, why not)."""
    try:
        return job(*args), None
    except NotHad as error:
        return None, " ".join(str(error).split())


def note(kept, name, had, why):
    """Enter one outcome into the state, and say what was had."""
    kept["had"].pop(name, None)
    kept["not_had"].pop(name, None)
    if why is None:
        kept["had"][name] = asdict(had) if isinstance(had, Interpreter) else had
        what = had.label if isinstance(had, Interpreter) else had
        print("setup: %s: %s" % (name, what), flush=True)
    else:
        kept["not_had"][name] = why


def fetch(kept, names):
    """Fetch these by name: the programs side by side, then the libraries (they need MicroPython)."""
    wanted = [name for name in PROGRAMS if name in names]
    if wanted:
        print("setup: fetching %s (about 10 s, once)" % ", ".join(wanted), flush=True)
        with ThreadPoolExecutor(len(wanted)) as pool:
            jobs = {name: pool.submit(attempt, PROGRAMS[name]) for name in wanted}
            for name, job in jobs.items():
                note(kept, name, *job.result())
        debian.forget_indexes()
    micropython = next(
        (Interpreter(**kept["had"][name]) for name in ("mp64", "mp32") if name in kept["had"]),
        None,
    )
    for name, job in LIBRARIES.items():
        if name in names:
            note(kept, name, *attempt(job, micropython))
    kept["tried_unix"] = int(time.time())
    state.save(kept)


def setup(again=False):
    """Bring .deps/ up to date under a lock; returns the state. Quick when nothing is missing."""
    DEPS.mkdir(exist_ok=True)
    BIN.mkdir(exist_ok=True)
    with open(DEPS / "setup.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        kept = state.load()
        everything = [*PROGRAMS, *LIBRARIES]
        had = [n for n in everything if n in kept["had"] and present(n, kept["had"][n])]
        again = again or time.time() - kept["tried_unix"] > RETRY_S
        wanted = [
            name
            for name in everything
            if name not in had and (again or name not in kept["not_had"])
        ]
        if wanted:
            fetch(kept, wanted)
        return kept


def main():
    """Exit 0 when the charger can be built and at least one MicroPython runs, else 1."""
    parser = argparse.ArgumentParser(prog="python -m tools.setup", description=__doc__)
    parser.add_argument(
        "--again", action="store_true", help="try again now what was not to be had"
    )
    kept = setup(parser.parse_args().again)
    for name, why in sorted(kept["not_had"].items()):
        print("setup: not had: %s: %s" % (name, why))
    if "umqtt.simple" in kept["not_had"]:
        print("setup: without umqtt.simple nothing can be built", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
