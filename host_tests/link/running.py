"""Starts program.py under an interpreter and gathers what it prints."""

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from firmware.mqtt.errors import REASONS
from host_tests.micropython.sources import charger_tree
from tools.patience import PATIENCE_S
from tools.setup.places import ROOT

PROGRAM = Path(__file__).with_name("program.py")
STALL_LIMIT_MS = 1000


@dataclass
class Ran:
    """`events`: what program.py printed, in order; `end`: its last line."""

    events: list
    end: dict

    def of(self, event):
        return [one for one in self.events if one["event"] == event]

    def losses(self):
        """The words of each lost connection, in order."""
        words = [one["text"].removeprefix("link: ") for one in self.of("log")]
        return [text for text in words if text.partition(":")[0] in REASONS]


class Witness:
    """Ticks in a thread of its own meanwhile: how long this machine lets anybody stand still."""

    def __init__(self):
        self.worst_ms = 0
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._tick, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._done.set()
        self._thread.join()

    def _tick(self):
        before = time.monotonic()
        while not self._done.wait(0.01):
            now = time.monotonic()
            self.worst_ms = max(self.worst_ms, int((now - before) * 1000))
            before = now


class Runner:
    """`run(...)` under one interpreter (None: CPython). `properties`: a test's user properties,
    which get the worst stall of all its runs."""

    def __init__(self, interpreter, properties):
        self.interpreter = interpreter
        self.properties = properties
        self.worst_ms = 0

    def run(self, port, until, **settings):
        """Run program.py until what `until` says, and check that nothing ever stood still."""
        options = {"retry_ms": [50, 400], "idle_ms": 5, "busy_ms": 0} | settings.pop("options", {})
        settings |= {"port": port, "id": "CH-1", "until": until, "options": options}
        env = dict(os.environ)
        if self.interpreter is None:
            command = [sys.executable, str(PROGRAM)]
            env["PYTHONPATH"] = str(ROOT)
        else:
            charger = charger_tree()
            env["MICROPYPATH"] = ":".join((str(charger), str(charger / "lib"), ".frozen"))
            command = self.interpreter.command(str(PROGRAM))
        with Witness() as witness, tempfile.TemporaryDirectory() as cwd:
            done = subprocess.run(
                [*command, json.dumps(settings)],
                capture_output=True,
                text=True,
                timeout=3 * PATIENCE_S,
                env=env,
                cwd=cwd,
                check=False,
            )
        assert not done.stderr, done.stdout + done.stderr
        lines = done.stdout.splitlines()
        assert done.returncode == 0, done.stdout
        assert all(line.startswith("{") for line in lines), done.stdout
        events = [json.loads(line) for line in lines]
        ran = Ran(events, events[-1])
        assert ran.end["event"] == "end" and ran.end["done"], done.stdout[-3000:]
        self.worst_ms = max(self.worst_ms, ran.end["worst_ms"])
        self.properties.append(("worst_stall_ms", self.worst_ms))
        words = "worst stall of the 10 ms ticker: %d ms, of this machine: %d ms"
        print(words % (ran.end["worst_ms"], witness.worst_ms))
        assert ran.end["worst_ms"] < STALL_LIMIT_MS + 3 * witness.worst_ms
        return ran
