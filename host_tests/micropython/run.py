"""Run a file's tests in one MicroPython process, and again after the test that ended it."""

import json
import os
import re
import subprocess
import tempfile
from dataclasses import dataclass

from host_tests.micropython.sources import charger_tree, test_tree
from tools.setup.places import ROOT

# the same as in runner.py, which cannot be imported: it runs when it is
MARK = "@@"
TAIL = 3000
# Scenarios over simulated chips: these chips, scenarios of other files and a flash in RAM share the heap. That the
# charger has enough of it with chips below is for the simulator to show, whose flash is a file.
CHIPS = "scn_chips_"
CHIPS_KIB = 192


@dataclass
class Outcome:
    """What became of one test: `error` is MicroPython's traceback, "" when it passed."""

    error: str
    printed: str = ""
    heap: int = 0


def with_source(trace):
    """MicroPython's traceback with the source line under each place, as CPython shows it."""
    lines = []
    for line in trace.splitlines():
        lines.append(line)
        place = re.match(r'  File "(.+?)", line (\d+)', line)
        if place:
            try:
                text = (ROOT / place[1]).read_text().splitlines()[int(place[2]) - 1]
                lines.append("    " + text.strip())
            except (OSError, IndexError):
                pass
    return "\n".join(lines)


def process(interpreter, path, names, limit_s):
    """Run these tests in one process: (stdout, what is wrong with the process or "")."""
    charger, (top, folder) = charger_tree(), test_tree(path)
    where = [str(folder), str(top), ".frozen", str(charger / "lib"), str(charger)]
    env = dict(os.environ, MICROPYPATH=":".join(dict.fromkeys(where)))
    heap = interpreter.desk_heap_args  # tests of the charger bring the simulated hardware along
    if path.stem.startswith(CHIPS):
        heap = interpreter.heap_args_beside(CHIPS_KIB)
    command = [interpreter.path, *heap, "-m", "upy_runner", path.stem, *names]
    with tempfile.TemporaryDirectory() as cwd:
        try:
            done = subprocess.run(
                command, capture_output=True, timeout=limit_s, env=env, cwd=cwd, check=False
            )
        except subprocess.TimeoutExpired as late:
            out = (late.stdout or b"").decode(errors="replace")
            return out, "it did not end in %d s" % limit_s
    out, err = done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace")
    if done.returncode == 0 and not err:
        return out, ""
    return out, "it ended with %d\n%s" % (done.returncode, err[-TAIL:])


def outcomes(interpreter, path, names, limit_s):
    """{test name: Outcome} of these tests under the interpreter, each in the order given."""
    done = {}
    left = list(names)
    while left:
        out, wrong = process(interpreter, path, left, limit_s)
        running, printed = None, []
        for line in out.splitlines():
            if not line.startswith(MARK):
                printed.append(line)
                continue
            facts = json.loads(line[len(MARK) :])
            if not facts["test"]:
                error = "the file cannot be imported:\n" + with_source(facts["error"])
                return {name: done.get(name, Outcome(error)) for name in names}
            if facts["result"] == "started":
                running, printed = facts["test"], []
            else:
                text = with_source(facts["error"])
                done[running] = Outcome(text, "\n".join(printed), facts["heap"])
                running, printed = None, []
        if running:
            done[running] = Outcome("the process stopped: " + wrong, "\n".join(printed))
        rest = [name for name in left if name not in done]
        if len(rest) == len(left):
            why = "no test was run: %s\n%s" % (wrong, out[-TAIL:])
            done.update({name: Outcome(why) for name in rest})
            break
        left = rest
    return done
