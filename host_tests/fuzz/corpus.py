"""The cases that are kept, one file each: `corpus/<target>/`, named by what is in them.

corpus/<target>/<12 hex of SHA-256>         found by the fuzzer, or a real message: kept for what it reaches
corpus/<target>/find-<12 hex of SHA-256>    made the code fail once; stays for ever
.build/fuzz/<target>/                       what a long run has found and nobody has kept yet
"""

import hashlib
import json

from tools.setup.places import BUILD, ROOT

KEPT = ROOT / "host_tests" / "fuzz" / "corpus"
WORK = BUILD / "fuzz"
FIND = "find-"
_PROGRESS = "progress.json"


def name_of(case):
    """The name of a case's file."""
    return hashlib.sha256(case).hexdigest()[:12]


def kept(target):
    """The cases of the repository: [(name, bytes)], by name."""
    return _read(KEPT / target)


def worked(target):
    """The cases that earlier runs here have found."""
    return _read(WORK / target)


def save_work(target, case):
    """Remember a case that reached something new."""
    _write(WORK / target / name_of(case), case)


def save_find(target, case):
    """Keep a case that fails; its path."""
    return _write(KEPT / target / (FIND + name_of(case)), case)


def progress(target, seed):
    """How many cases of a run with this seed were run before."""
    try:
        told = json.loads((WORK / target / _PROGRESS).read_text())
        return told["cases"] if told["seed"] == seed else 0
    except (OSError, ValueError, KeyError):
        return 0


def save_progress(target, seed, cases):
    """Note how far a run is."""
    _write(WORK / target / _PROGRESS, json.dumps({"seed": seed, "cases": cases}).encode())


def forget(target):
    """Forget what runs here have found, and how far they were."""
    for path in (WORK / target).glob("*"):
        path.unlink()


def replace_kept(target, cases):
    """Make these the kept cases, finds apart, which stay."""
    folder = KEPT / target
    for path in folder.glob("*"):
        if not path.name.startswith(FIND):
            path.unlink()
    for case in cases:
        if not (folder / (FIND + name_of(case))).exists():
            _write(folder / name_of(case), case)


def _read(folder):
    if not folder.is_dir():
        return []
    return [(p.name, p.read_bytes()) for p in sorted(folder.iterdir()) if p.suffix != ".json"]


def _write(path, data):
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".json")  # never taken for a case
    part.write_bytes(data)
    part.replace(path)
    return path
