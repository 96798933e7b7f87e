"""Build the charger's image for one board: a folder of .mpy files with the layout of imports."""

import json
import os
import shutil
import tempfile
from pathlib import Path

from tools.image.tree import ROM, digest, lay, package_sources, romfs, umqtt_sources
from tools.setup.places import BUILD, ROOT, UMQTT

STAMP = "image.json"
# files of firmware/ that a board looks for at the top of its file system
TOP = ("boot.py", "main.py")


class BuildError(Exception):
    """The image cannot be built; the text says what is missing."""


def boards():
    """Names of the boards there are: folders below boards/ with a board.py."""
    return sorted(path.parent.name for path in (ROOT / "boards").glob("*/board.py"))


def sources(board):
    """Every module of the image: {path in the image: source bytes}."""
    if board not in boards():
        raise BuildError("there is no board %r; there are: %s" % (board, ", ".join(boards())))
    if not UMQTT.exists():
        raise BuildError("umqtt.simple is not there: run `make setup`")
    found = {}
    for package in ("agent", "hal", "firmware", "boards/" + board):
        found.update(package_sources(package))
    for name in ("boards/__init__.py",):
        if (ROOT / name).exists():
            found[name] = (ROOT / name).read_bytes()
    for name in TOP:
        if "firmware/" + name not in found:
            raise BuildError("firmware/%s is missing" % name)
        found[name] = found["firmware/" + name]
    line = "from boards.%s.board import open_board\n" % board
    found["boards/selected.py"] = line.encode()
    power_on = "boards/%s/rom.py" % board  # what stands for the chip's own start, on the simulator
    if power_on in found:
        found["rom.py"] = found.pop(power_on)
    found.update(umqtt_sources())
    return found


def sizes(image):
    """{path: bytes} of an image that was built."""
    return json.loads((Path(image) / STAMP).read_text())["sizes"]


def build(board, out=None):
    """Compile the image for `board` into the folder `out` and return the folder's path.

    `out` defaults to .build/image/<board>. Nothing is done when the folder already holds exactly
    this image; otherwise the folder appears, or is replaced, all at once. Raises BuildError, and
    CompileError for a source that mpy-cross refuses.
    """
    out = Path(out) if out else BUILD / "image" / board
    found = sources(board)
    names = {name: "firmware/" + name for name in TOP}
    wanted = digest(found, board)
    try:
        if json.loads((out / STAMP).read_text())["digest"] == wanted:
            return out
    except (OSError, ValueError, KeyError):
        pass
    out.parent.mkdir(parents=True, exist_ok=True)
    part = Path(tempfile.mkdtemp(dir=out.parent, prefix=out.name + ".part-"))
    made = lay(found, part, names)
    (part / ROM).write_bytes(romfs(part))
    stamp = {"board": board, "digest": wanted, "sizes": made}
    (part / STAMP).write_text(json.dumps(stamp, indent=1, sort_keys=True))
    part.chmod(0o755)
    swap(part, out)
    return out


def swap(part, out):
    """Put the folder `part` in the place of `out`."""
    old = None
    if out.exists():
        old = Path(tempfile.mkdtemp(dir=out.parent, prefix=out.name + ".old-"))
        try:
            os.rename(out, old)
        except FileNotFoundError:
            pass
    try:
        os.rename(part, out)
    except OSError:
        # another build of the same image came first
        if not (out / STAMP).exists():
            raise
        shutil.rmtree(part, ignore_errors=True)
    if old:
        shutil.rmtree(old, ignore_errors=True)
