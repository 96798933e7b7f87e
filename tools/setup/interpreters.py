"""What a MicroPython interpreter on the desk is, and how one is tried."""

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tools.setup.errors import NotHad

# A board's heap after boot, by word size: objects of 64-bit words take about twice the room.
HEAP_KIB = {32: 160, 64: 320}

# The world, the mock hardware and what drives them live in the charger's interpreter here. What they
# take, measured, is added, so that the rest is what a board with real hardware would have.
HARDWARE_KIB = {32: 40, 64: 80}
# Where chips are simulated they live there too, with the buses between: 10.3 KiB for the largest three (19.7 with
# 64 bits), measured; the rest is for what opens them and for the bytes on their way. The drivers over
# them are a board's own and live in its heap.
CHIPS_KIB = {32: 16, 64: 32}

PROBE = """
import sys
words = 64 if sys.maxsize > 2**32 else 32
print('{"version": "%d.%d.%d", "word_bits": %d}' % (tuple(sys.implementation[1][:3]) + (words,)))
"""


@dataclass(frozen=True)
class Interpreter:
    """One MicroPython: `name` is mp64 or mp32, `word_bits` 64 or 32, `version` like "1.25.0"."""

    name: str
    path: str
    word_bits: int
    version: str

    @property
    def heap_kib(self):
        """A board's heap in KiB, in this interpreter's words."""
        return HEAP_KIB[self.word_bits]

    @property
    def heap_args(self):
        """Arguments that limit the heap to a board's: ["-X", "heapsize=160K"]."""
        return ["-X", "heapsize=%dK" % self.heap_kib]

    @property
    def label(self):
        """For people: "micropython 1.25.0 64-bit"."""
        return "micropython %s %d-bit" % (self.version, self.word_bits)

    @property
    def desk_heap_args(self):
        """As heap_args, with room for the simulated hardware beside a board's heap."""
        return self.heap_args_beside(0)

    def heap_args_beside(self, kib):
        """As desk_heap_args, with room for `kib` more that is not the charger's, counted in 32-bit words."""
        kib *= self.word_bits // 32
        return ["-X", "heapsize=%dK" % (self.heap_kib + HARDWARE_KIB[self.word_bits] + kib)]

    def command(self, *args):
        """A command line that runs it with a board's heap."""
        return [self.path, *self.heap_args, *args]


def number(version):
    """Compare versions as numbers: "1.25.0" -> (1, 25, 0)."""
    return tuple(int(part) for part in version.split("."))


def probe(name, path, word_bits, at_least):
    """Run `path` and return it as an Interpreter, or raise NotHad with what is wrong with it."""
    try:
        done = subprocess.run([str(path), "-c", PROBE], capture_output=True, text=True, timeout=20)
        said = json.loads(done.stdout)
    except (OSError, ValueError, subprocess.TimeoutExpired) as error:
        raise NotHad("%s does not run here: %s" % (Path(path).name, error)) from error
    if number(said["version"]) < number(at_least):
        raise NotHad("it is MicroPython %s, older than %s" % (said["version"], at_least))
    if said["word_bits"] != word_bits:
        raise NotHad("it has %d-bit words" % said["word_bits"])
    return Interpreter(name, str(path), word_bits, said["version"])
