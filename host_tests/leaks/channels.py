"""What leaves a charger and the service: everything is written down here, by the name of its way out.

A new way out needs one line: `out.add("its name", bytes or text)`.
"""

import base64
import binascii
import threading
from collections import defaultdict
from pathlib import Path

import paho.mqtt.client as paho

UP = ("status", "telemetry", "record", "reply")
PATIENCE_S = 10


class Channels:
    """said: {name: bytes}. Names are those of WAYS_OUT in test_leaks.py."""

    def __init__(self):
        self.said = defaultdict(bytearray)
        self._lock = threading.Lock()

    def add(self, name: str, data: bytes | str) -> None:
        """Something went out by this way."""
        with self._lock:
            self.said[name] += (data.encode() if isinstance(data, str) else data) + b"\n"

    def add_files(self, name: str, folder: Path, but: tuple[str, ...]) -> None:
        """The files of a folder, with their names."""
        for path in sorted(folder.rglob("*")):
            if path.is_file() and path.name not in but:
                self.add(name, path.name)
                self.add(name, path.read_bytes())


class Wire:
    """Listens at the broker to everything that chargers say: topics, payloads, and what is in a JWS."""

    def __init__(self, out: Channels, host: str, port: int):
        self.out = out
        self.client = paho.Client(paho.CallbackAPIVersion.VERSION2, client_id="leaks")
        ready = threading.Event()
        self.client.on_subscribe = lambda *_: ready.set()
        self.client.on_message = self._hear
        self.client.connect(host, port)
        self.client.loop_start()
        self.client.subscribe([("ppm/v1/+/" + leaf, 1) for leaf in UP])
        assert ready.wait(PATIENCE_S)

    def _hear(self, _client, _userdata, message):
        leaf = message.topic.rsplit("/", 1)[1]
        self.out.add("mqtt " + leaf, message.topic)
        self.out.add("mqtt " + leaf, message.payload)
        for part in message.payload.split(b"."):
            try:
                self.out.add(
                    "mqtt " + leaf, base64.urlsafe_b64decode(part + b"=" * (-len(part) % 4))
                )
            except (binascii.Error, ValueError):
                continue

    def publish(self, topic: str, payload: bytes) -> None:
        """Say something to a charger."""
        self.client.publish(topic, payload, qos=1).wait_for_publish(PATIENCE_S)

    def close(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()
