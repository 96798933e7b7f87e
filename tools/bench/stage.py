"""Runs a script of tools/bench/board in MicroPython, over the compiled image, and hears what it found."""

import json
import os
import re
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from tools.image import build
from tools.image.builder import sizes
from tools.image.tree import tree
from tools.setup.interpreters import CHIPS_KIB, HARDWARE_KIB
from tools.setup.places import ROOT

MARK = "@@"
PACKAGE = "tools/bench/board"
TAIL = 2000


class BenchError(Exception):
    """A measurement could not be made; the text holds what the interpreter said."""


# the bench's service keeps its list of subscribers in the charger's interpreter
SERVICE_KIB = {32: 32, 64: 64}


@dataclass(frozen=True)
class Stage:
    """image: the sim board's compiled image; scripts: the compiled scripts; folder: for flash images."""

    image: Path
    scripts: Path
    folder: Path
    sizes: dict = field(repr=False)

    @classmethod
    def build(cls, folder):
        """Compile image and scripts. Raises what tools.image raises."""
        folder = Path(folder)
        image = build("sim", folder / "image")  # its own: others may build meanwhile
        sources = {path: (ROOT / path).read_bytes() for path in _script_paths()}
        return cls(image, tree(sources), folder, sizes(image))

    def run(self, interpreter, script, *args, limit_s=600):
        """What `script` found: a dict. Arguments that end in .img are files in the stage's folder.

        The heap is a board's and what mock hardware and service take, for turns.py also the chips. Raises BenchError.
        """
        bits = interpreter.word_bits
        heap_kib = interpreter.heap_kib + HARDWARE_KIB[bits] + SERVICE_KIB[bits]
        if script == "turns":
            heap_kib += CHIPS_KIB[bits]
        start = ["-X", "heapsize=%dK" % heap_kib, "-m", PACKAGE.replace("/", ".") + ".start"]
        given = [str(self.folder / a) if str(a).endswith(".img") else str(a) for a in args]
        path = ":".join([".frozen", str(self.scripts), str(self.image), str(self.image / "lib")])
        command = [interpreter.path, *start, str(self.scripts), script, *given]
        try:
            done = subprocess.run(
                command,
                capture_output=True,
                text=True,
                timeout=limit_s,
                env={**os.environ, "MICROPYPATH": path},
                cwd=self.image,
            )
        except subprocess.TimeoutExpired as error:
            raise BenchError("%s: it did not end in %d s" % (script, limit_s)) from error
        for line in done.stdout.splitlines():
            if line.startswith(MARK):
                facts = json.loads(line[len(MARK) :])
                facts["largest_free"] = largest_free(done.stdout, bits)
                return facts
        said = (done.stdout + done.stderr)[-TAIL:]
        raise BenchError(
            "%s on %s ended with %d:\n%s" % (script, interpreter.label, done.returncode, said)
        )


def largest_free(text, word_bits):
    """Bytes of the largest free block that micropython.mem_info told of, None when it did not."""
    found = re.search(r"max free sz: (\d+)", text)
    # a block of the heap is four words
    return int(found[1]) * word_bits // 2 if found else None


def _script_paths():
    own = sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / PACKAGE).glob("*.py"))
    return ["tools/__init__.py", "tools/bench/__init__.py", *own]
