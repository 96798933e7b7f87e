"""The simulator from Python: its control port, and a charger that is started, cut and ended."""

import json
import os
import signal
import socket
import subprocess
import threading
import time

from tools.patience import PATIENCE_S
from tools.simulate.errors import CommandError, SimulateError
from tools.simulate.launch import note_pid, prepare

_READY = "ready: control "


class Client:
    """Speaks to one control port. `do("plug", max_a=16)` returns the answer, a dict.

    Raises CommandError for a command that was refused, OSError when nobody answers within
    `timeout_s`. Connects when first needed, and again after a cut.
    """

    def __init__(self, host, port, timeout_s=PATIENCE_S):
        self._address = (host, port)
        self._timeout_s = timeout_s
        self._file = None

    def do(self, command, **members):
        """Send one command and return its answer."""
        answer = self.send(json.dumps({"do": command, **members}))
        if "error" in answer:
            raise CommandError(answer["error"])
        if command in ("cut", "power"):
            self.close()
            self.wait_ready()
        return answer

    def send(self, line):
        """Send one line as it is and return the decoded answer."""
        if self._file is None:
            connection = socket.create_connection(self._address, self._timeout_s)
            self._file = connection.makefile("rw", encoding="utf-8", newline="\n")
            connection.close()  # the file keeps it open
        try:
            self._file.write(line + "\n")
            self._file.flush()
            answer = self._file.readline()
        except OSError:
            self.close()
            raise
        if not answer:
            self.close()
            raise ConnectionResetError("the charger closed its control port")
        return json.loads(answer)

    def wait_ready(self, timeout_s=PATIENCE_S):
        """Wait until the port answers. Raises OSError when it does not."""
        end = time.monotonic() + timeout_s
        while True:
            try:
                return self.send('{"do":"ping"}')
            except OSError:
                if time.monotonic() > end:
                    raise
                time.sleep(0.02)

    def world(self):
        """What is so in the world."""
        return self.do("world")

    def status(self):
        """What the charger believes."""
        return self.do("status")

    def advance(self, s, settle=False):
        """Let `s` seconds of the world pass."""
        return self.do("advance", s=s, settle=settle)

    def close(self):
        """Close the connection."""
        if self._file is not None:
            file, self._file = self._file, None
            try:
                file.close()
            except OSError:
                pass


class Simulator:
    """A charger in a process of its own; a context manager.

    with Simulator(Options(charger="CH-1", broker=("127.0.0.1", 1883), state=folder)) as charger:
        charger.client.do("plug", max_a=16)
        charger.kill()      # a power cut
        charger.start(dark_s=600)

    lines: what the charger printed since it was made. pid: its process.
    """

    def __init__(self, options, ready_s=PATIENCE_S):
        self._options = options
        self._ready_s = ready_s
        self._process = None
        self._reader = None
        self.client = None
        self.launch = None
        self.lines = []

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()

    @property
    def pid(self):
        return self._process.pid if self._process else None

    @property
    def key(self):
        """The charger's key, 64 hex digits."""
        return self.launch.key

    def start(self, dark_s=None):
        """Start the charger and wait until it is up. dark_s: how long it was without supply."""
        if self._process is not None:
            raise SimulateError("the charger runs already")
        options = self._options
        if dark_s is not None:
            options = type(options)(**{**vars(options), "dark_s": dark_s})
        self.launch = prepare(options)
        self._process = subprocess.Popen(
            self.launch.argv,
            cwd=self.launch.cwd,
            env=self.launch.env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        note_pid(options.state, self._process.pid)
        ready = threading.Event()
        self._reader = threading.Thread(
            target=self._read, args=(self._process.stdout, ready), daemon=True
        )
        self._reader.start()
        self.client = Client(*self.launch.control)
        if not ready.wait(self._ready_s) or self._process.poll() is not None:
            self.kill()
            raise SimulateError("the charger did not come up:\n" + "\n".join(self.lines[-20:]))

    def kill(self):
        """Cut the power: SIGKILL to the one process."""
        self._end(signal.SIGKILL)

    def stop(self):
        """End the process, if it still runs."""
        self._end(signal.SIGTERM)

    def restart(self, dark_s=0):
        """Cut the power, and give it again `dark_s` seconds of the world later."""
        self.kill()
        self.start(dark_s)

    def running(self):
        """Return whether the process runs."""
        return self._process is not None and self._process.poll() is None

    def _end(self, how):
        process, self._process = self._process, None
        if self.client:
            self.client.close()
        if process is None:
            return
        if process.poll() is None:
            os.kill(process.pid, how)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        self._reader.join(5)
        process.stdout.close()

    def _read(self, stream, ready):
        for line in stream:
            self.lines.append(line.rstrip("\n"))
            if line.startswith(_READY):
                ready.set()
        ready.set()
