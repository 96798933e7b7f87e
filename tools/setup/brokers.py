"""Start an MQTT broker on the loopback address with a free port and a folder of its own.

    with start_amqtt(folder) as broker:
        connect(broker.host, broker.port)

amqtt (pure Python) is always there; mosquitto when `make setup` had it. Both let everybody
connect, and both forget everything when they end.
"""

import signal
import socket
import subprocess
import time
from pathlib import Path

from tools.patience import PATIENCE_S
from tools.setup.amqtt_broker import LOOPBACK
from tools.setup.errors import NotHad
from tools.setup.places import ROOT, VENV_PYTHON
from tools.setup.state import load

KINDS = ("amqtt", "mosquitto")
STOP_LIMIT_S = 5

MOSQUITTO_CONF = """\
listener %d 127.0.0.1
allow_anonymous true
persistence false
log_dest stderr
log_type error
log_type warning
max_queued_messages 10000
"""


def free_port():
    """A TCP port that nobody listens on at the moment."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return probe.getsockname()[1]


class Broker:
    """A running broker: `kind`, `host`, `port`, `pid`. Use as a context manager, or stop()."""

    def __init__(self, kind, command, port, folder):
        self.kind = kind
        self.host = LOOPBACK
        self.port = port
        self.log = Path(folder) / (kind + ".log")
        with open(self.log, "ab") as log:
            self._process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=ROOT
            )
        self.pid = self._process.pid

    def wait_ready(self):
        """Wait until it takes connections; NotHad with its log's end when it does not."""
        limit = time.monotonic() + PATIENCE_S
        while time.monotonic() < limit and self._process.poll() is None:
            try:
                socket.create_connection((self.host, self.port), 1).close()
                return self
            except OSError:
                time.sleep(0.05)
        self.stop()
        tail = self.log.read_text(errors="replace")[-1000:]
        raise NotHad("%s did not start on port %d: %s" % (self.kind, self.port, tail))

    def freeze(self):
        """Stop it from answering while its connections stay open, like a network that swallows."""
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self):
        """Let it go on after freeze()."""
        self._process.send_signal(signal.SIGCONT)

    def kill(self):
        """End it at once, as a crash would."""
        self._process.kill()
        self._process.wait()

    def stop(self):
        """End it in order; harmless when it has ended."""
        if self._process.poll() is not None:
            return
        self.thaw()
        self._process.terminate()
        try:
            self._process.wait(STOP_LIMIT_S)
        except subprocess.TimeoutExpired:
            self.kill()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


def start_amqtt(folder, port=0):
    """Start amqtt on `port` (0: a free one); its log goes into `folder`. Raises NotHad."""
    port = port or free_port()
    command = [str(VENV_PYTHON), "-m", "tools.setup.amqtt_broker", "%d" % port]
    return Broker("amqtt", command, port, folder).wait_ready()


def start_mosquitto(folder, port=0):
    """Start mosquitto on `port` (0: a free one), if it was had. Raises NotHad."""
    state = load()
    if "mosquitto" not in state["had"]:
        raise NotHad(state["not_had"].get("mosquitto", "not fetched yet: run `make setup`"))
    port = port or free_port()
    conf = Path(folder) / "mosquitto.conf"
    conf.write_text(MOSQUITTO_CONF % port)
    command = [state["had"]["mosquitto"], "-c", str(conf)]
    return Broker("mosquitto", command, port, folder).wait_ready()


def start(kind, folder, port=0):
    """Start the broker of this kind, "amqtt" or "mosquitto". Raises NotHad."""
    return {"amqtt": start_amqtt, "mosquitto": start_mosquitto}[kind](folder, port)
