"""Make the desk's Python environment in .deps/venv from the versions pinned in pyproject.toml.

Run by `make setup` with any Python 3.11 or newer; uses the standard library only. Cached by a stamp
that names the pins; a second run at the same time waits for the first.
"""

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DEPS = ROOT / ".deps"
VENV = DEPS / "venv"
TYPINGS = DEPS / "typings"
STAMP = DEPS / "venv.stamp"


def pins(*groups):
    """The pinned requirements of these dependency groups, in the file's order."""
    with open(ROOT / "pyproject.toml", "rb") as file:
        table = tomllib.load(file)["dependency-groups"]
    return [line for group in groups for line in table[group]]


def wanted_stamp():
    """What the stamp says when the environment is up to date."""
    text = "\n".join(pins("desk", "desk-indirect", "stubs"))
    text += "\n%s" % VENV
    return hashlib.sha256(text.encode()).hexdigest()


def pip(*args):
    """Run the environment's pip; ends the program with pip's own words when it fails."""
    command = [str(VENV / "bin" / "python"), "-m", "pip", *args]
    if subprocess.run(command).returncode != 0:
        sys.exit("setup: pip could not install the pinned packages (see above); run it again")


def runs():
    """Whether the environment's Python and pip work."""
    try:
        command = [str(VENV / "bin" / "python"), "-m", "pip", "--version"]
        return subprocess.run(command, capture_output=True).returncode == 0
    except OSError:
        return False


def drop_strangers():
    """Uninstall what an earlier pin brought and no pin names any more."""
    listed = subprocess.run(
        [str(VENV / "bin" / "python"), "-m", "pip", "list", "--format=freeze"],
        capture_output=True,
        text=True,
    ).stdout
    here = {re.sub(r"[-_.]+", "-", line.split("==")[0]).lower() for line in listed.split()}
    known = {line.split("==")[0] for line in pins("desk", "desk-indirect")}
    strangers = sorted(here - known - {"pip", "setuptools"})
    if strangers:
        pip("uninstall", "-qq", "-y", *strangers)


def install():
    """Make the environment and the typings folder; assumes the lock is held."""
    print("setup: Python packages into .deps/venv (about 20 s, once)", flush=True)
    # one that works is brought up to date where it is: somebody may be running in it
    if not runs():
        made = subprocess.run([sys.executable, "-m", "venv", "--clear", str(VENV)])
        if made.returncode != 0:
            sys.exit("setup: python -m venv failed (see above)")
    # every requirement is pinned, those behind the others too, so nothing is left to resolve
    common = ["install", "-qq", "--no-deps", "--no-compile", "--disable-pip-version-check"]
    pip(*common, *pins("desk", "desk-indirect"))
    drop_strangers()
    fresh = DEPS / "typings.new"
    shutil.rmtree(fresh, ignore_errors=True)
    pip(*common, "--target", str(fresh), *pins("stubs"))
    shutil.rmtree(TYPINGS, ignore_errors=True)
    fresh.rename(TYPINGS)


def main():
    """Bring .deps/venv up to date; quick when it already is."""
    DEPS.mkdir(exist_ok=True)
    stamp = wanted_stamp()
    with open(DEPS / "venv.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if STAMP.exists() and STAMP.read_text() == stamp and (VENV / "bin" / "python").exists():
            return
        STAMP.unlink(missing_ok=True)
        install()
        part = STAMP.with_suffix(".part")
        part.write_text(stamp)
        os.replace(part, STAMP)


if __name__ == "__main__":
    main()
