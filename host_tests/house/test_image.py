"""The image: whole, repeatable, and importable by MicroPython."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tools import image
from tools.image import builder, compiler, tree
from tools.setup import ROOT


def contents(folder):
    """{path: bytes} of a folder."""
    folder = Path(folder)
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_the_same_sources_give_the_same_bytes(tmp_path, monkeypatch):
    first = contents(image.build("sim", tmp_path / "a"))
    monkeypatch.setattr(compiler, "CACHE", tmp_path / "cold")
    second = contents(image.build("sim", tmp_path / "b"))
    assert first == second


def test_the_image_holds_what_boots_and_no_source(tmp_path):
    made = contents(image.build("sim", tmp_path / "a"))
    wanted = {"boot.mpy", "main.mpy", "agent/charger.mpy", "lib/umqtt/simple.mpy"}
    assert wanted | {"boards/selected.mpy", "boards/sim/board.mpy"} <= set(made)
    others = [name for name in made if not name.endswith(".mpy")]
    assert others == [builder.STAMP, builder.ROM]
    assert b"agent" in made[builder.ROM] and b"def " not in made[builder.ROM]


def test_a_second_build_touches_nothing_and_a_change_rebuilds(tmp_path):
    out = image.build("sim", tmp_path / "a")
    before = (out / builder.STAMP).stat().st_ino
    assert image.build("sim", tmp_path / "a") == out
    assert (out / builder.STAMP).stat().st_ino == before
    (out / builder.STAMP).write_text("{")
    image.build("sim", tmp_path / "a")
    assert image.sizes(out)["main.mpy"] > 0
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_an_unknown_board_is_refused_by_name(tmp_path):
    with pytest.raises(image.BuildError, match="no board 'toaster'; there are: .*sim"):
        image.build("toaster", tmp_path / "a")


def test_a_source_that_does_not_compile_is_named_with_its_line():
    with pytest.raises(image.CompileError, match='File "agent/x.py", line 2'):
        compiler.compiled(b"a = 1\nb = = 2\n", "agent/x.py")


DRIVERS = ("hal.meters.", "hal.readers.", "hal.power.")
CHIPS = "hal.mock.chips."


def imported(micropython, out, names):
    """Import all of these in one process with a board's heap, from ROMFS as a board boots: read from a plain
    file system the code alone would fill that heap."""
    source = "import gc, sys; gc.threshold(4096); sys.path[:] = ['.frozen', %r]\n" % str(out)
    source += "import rom; rom.mount(%r)\n" % str(out / builder.ROM)
    source += "".join("import %s\n" % name for name in sorted(names))
    said = subprocess.run(micropython.command("-c", source), capture_output=True, text=True)
    assert said.returncode == 0, "%s: %s%s" % (sorted(names)[-1], said.stdout, said.stderr)


def modules(out):
    """Dotted names of agent and hal in an image."""
    names = [name[:-4].replace("/", ".") for name in image.sizes(out)]
    return {n.removesuffix(".__init__") for n in names if n.startswith(("agent.", "hal."))}


def test_every_module_of_the_core_imports_with_a_boards_heap(micropython, tmp_path):
    out = image.build("sim", tmp_path / "a")
    imported(micropython, out, {n for n in modules(out) if not n.startswith((*DRIVERS, CHIPS))})


def test_every_driver_imports_beside_the_core_with_a_boards_heap(micropython, tmp_path):
    """Each by itself: a board loads only those it names, and none of the simulated world."""
    out = image.build("sim", tmp_path / "a")
    names = modules(out)
    core = {n for n in names if not n.startswith((*DRIVERS, "hal.mock"))}
    for driver in sorted(n for n in names if n.startswith(DRIVERS)):
        imported(micropython, out, core | {driver})
    imported(micropython, out, {n for n in names if n.startswith(CHIPS)})


def test_a_test_tree_turns_a_broken_module_into_an_import_error(
    micropython, monkeypatch, tmp_path
):
    monkeypatch.setattr(tree, "TREES", tmp_path)
    made = tree.tree({"good.py": b"x = 1\n", "bad.py": b"x = = 1\n"})
    source = "import sys; sys.path[:] = [%r]; import good; import bad" % str(made)
    said = subprocess.run(micropython.command("-c", source), capture_output=True, text=True)
    assert "SyntaxError" in said.stderr + said.stdout
    shutil.rmtree(made)


def test_the_command_prints_sizes(tmp_path):
    command = [ROOT / ".deps/venv/bin/python", "-m", "tools.image", "build", "--board", "sim"]
    said = subprocess.run(
        [*command, "--out", tmp_path / "a"], cwd=ROOT, capture_output=True, text=True
    )
    assert said.returncode == 0 and "boot.mpy" in said.stdout
    said = subprocess.run([*command[:-1], "toaster"], cwd=ROOT, capture_output=True, text=True)
    assert said.returncode == 1 and "no board 'toaster'" in said.stderr
