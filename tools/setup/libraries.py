"""MicroPython's libraries: umqtt.simple and aioble, never committed, fetched into .deps/lib."""

import hashlib
import io
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path

from tools.setup.errors import NotHad
from tools.setup.places import DEPS, LIB, UMQTT, facts

# mip's index answers in well under this or, behind a closed network, not at all
MIP_LIMIT_S = 10


def put(source, target):
    """Move a complete file or folder to its place, all at once."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.is_dir():
        shutil.rmtree(target)
    source.rename(target)


def by_mip(micropython, package, wanted):
    """Install `package` with MicroPython's own installer; `wanted` is the path it must bring.

    The address of the index is MicroPython's own. NotHad when the index does not answer in time.
    """
    if micropython is None:
        raise NotHad("mip needs MicroPython")
    DEPS.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=DEPS) as part:
        command = [micropython.path, "-m", "mip", "install", "--no-mpy", "--target=" + part]
        try:
            said = subprocess.run(
                [*command, package], capture_output=True, text=True, timeout=MIP_LIMIT_S
            )
        except subprocess.TimeoutExpired as error:
            raise NotHad("mip's index did not answer in %d s" % MIP_LIMIT_S) from error
        got = Path(part) / wanted
        if said.returncode != 0 or not got.exists():
            raise NotHad("mip's index does not answer here")
        put(got, LIB / wanted)
        return "mip"


def umqtt_from_registry():
    """umqtt.simple out of the pinned sdist of the CPython packages' registry."""
    from pypi_simple import PyPISimple

    name, version = facts()["umqtt_sdist"].split("==")
    wanted = facts()["umqtt_sdist_sha256"]
    try:
        with PyPISimple() as client, tempfile.TemporaryDirectory() as folder:
            packages = client.get_project_page(name).packages
            package = next(p for p in packages if p.version == version)
            file = Path(folder) / "sdist.tar.gz"
            client.download_package(package, file)
            raw = file.read_bytes()
    except StopIteration as error:
        raise NotHad("%s %s is not in the registry" % (name, version)) from error
    except Exception as error:
        raise NotHad("%s: %s" % (name, error)) from error
    if hashlib.sha256(raw).hexdigest() != wanted:
        raise NotHad("%s %s is not the pinned file (SHA-256 differs)" % (name, version))
    with tarfile.open(fileobj=io.BytesIO(raw)) as sdist:
        member = next(m for m in sdist.getmembers() if m.name.endswith("umqtt/simple.py"))
        source = sdist.extractfile(member).read()
    UMQTT.parent.mkdir(parents=True, exist_ok=True)
    part = UMQTT.with_suffix(".part")
    part.write_bytes(source)
    part.rename(UMQTT)
    return "sdist %s" % version


def umqtt(micropython):
    """umqtt.simple into .deps/lib/umqtt/simple.py; returns where it came from."""
    if UMQTT.exists():
        return "cached"
    try:
        return by_mip(micropython, "umqtt.simple", "umqtt/simple.py")
    except NotHad as no_mip:
        try:
            return umqtt_from_registry()
        except NotHad as error:
            raise NotHad("%s; %s" % (no_mip, error)) from error


def aioble(micropython):
    """aioble into .deps/lib/aioble; it is on mip's index only."""
    if (LIB / "aioble").exists():
        return "cached"
    return by_mip(micropython, "aioble", "aioble")
