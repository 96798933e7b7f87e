"""Build the charger's image for one board: a folder of .mpy files with the layout of imports."""

import json
import os
import shutil
import tempfile
from pathlib import Path

from tools.boards import BoardError, checked, folder_of
from tools.image.tree import ROM, digest, lay, package_sources, romfs, umqtt_sources
from tools.setup.places import BUILD, ROOT, UMQTT

STAMP = "image.json"
# files of firmware/ that a board looks for at the top of its file system
TOP = ("boot.py", "main.py")
SELECTED = """from boards.described import open_described

_BOARD_JSON = %s


def open_board():
    return open_described(_BOARD_JSON)
"""


class BuildError(Exception):
    """The image cannot be built; the text says what is missing."""


def boards():
    """Names of the boards there are: folders below boards/ with a board.py or a board.json."""
    found = (ROOT / "boards").glob("*/board.*")
    return sorted({path.parent.name for path in found if path.suffix in (".py", ".json")})


def sources(board):
    """Every module of the image: {path in the image: source bytes}.

    board: a name below boards/, or the path of a folder elsewhere that holds a board.json.
    """
    folder = folder_of(board)
    if folder is None and board not in boards():
        raise BuildError("there is no board %r; there are: %s" % (board, ", ".join(boards())))
    if not UMQTT.exists():
        raise BuildError("umqtt.simple is not there: run `make setup`")
    found = {}
    for package in ("agent", "hal", "firmware"):
        found.update(package_sources(package))
    found["boards/__init__.py"] = (ROOT / "boards" / "__init__.py").read_bytes()
    for name in TOP:
        if "firmware/" + name not in found:
            raise BuildError("firmware/%s is missing" % name)
        found[name] = found["firmware/" + name]
    found = _described(found, folder) if folder else _coded(found, board)
    found.update(umqtt_sources())
    return found


def _coded(found, board):
    """With a board that is code: boards/<board>/board.py."""
    found.update(package_sources("boards/" + board))
    line = "from boards.%s.board import open_board\n" % board
    found["boards/selected.py"] = line.encode()
    power_on = "boards/%s/rom.py" % board  # what stands for the chip's own start, on the simulator
    if power_on in found:
        found["rom.py"] = found.pop(power_on)
    return found


def _described(found, folder):
    """With a board that is data: its board.json as text, and no simulated hardware."""
    try:
        description = checked(folder)
    except BoardError as error:
        raise BuildError(str(error)) from error
    found = {name: code for name, code in found.items() if not name.startswith("hal/mock/")}
    for path in sorted((ROOT / "boards").glob("*.py")):
        found["boards/" + path.name] = path.read_bytes()
    text = json.dumps(description, separators=(",", ":"), sort_keys=True)
    found["boards/selected.py"] = (SELECTED % ascii(text)).encode()
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
    out = Path(out) if out else BUILD / "image" / Path(board).name
    found = sources(board)
    names = {name: "firmware/" + name for name in TOP}
    wanted = digest(found, Path(board).name)
    try:
        if json.loads((out / STAMP).read_text())["digest"] == wanted:
            return out
    except (OSError, ValueError, KeyError):
        pass
    out.parent.mkdir(parents=True, exist_ok=True)
    part = Path(tempfile.mkdtemp(dir=out.parent, prefix=out.name + ".part-"))
    made = lay(found, part, names)
    (part / ROM).write_bytes(romfs(part))
    stamp = {"board": Path(board).name, "digest": wanted, "sizes": made}
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
