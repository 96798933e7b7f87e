"""The other side of a real broker: paho-mqtt in the billing service's place."""

import threading
import time

import paho.mqtt.client as mqtt

from tools.patience import PATIENCE_S

PREFIX = "ppm/v1/CH-1/"


class Cloud:
    """A subscriber to all that the charger says. `got`: [(leaf, payload, retained), ...]."""

    def __init__(self, broker):
        self.got = []
        self._granted = threading.Event()
        self.client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id="cloud")
        self.client.on_message = self._message
        self.client.on_subscribe = lambda *_: self._granted.set()
        self.client.connect(broker.host, broker.port)
        self.client.loop_start()
        self.client.subscribe([(PREFIX + "record", 1), (PREFIX + "status", 1)])
        assert self._granted.wait(PATIENCE_S)

    def _message(self, client, userdata, message):
        leaf = message.topic.removeprefix(PREFIX)
        self.got.append((leaf, message.payload, message.retain))

    def send(self, leaf, payload, retain=False):
        sent = self.client.publish(PREFIX + leaf, payload, qos=1, retain=retain)
        sent.wait_for_publish(PATIENCE_S)

    def records(self):
        return [int(payload[:5]) for leaf, payload, _ in self.got if leaf == "record"]

    def wait(self, enough, limit_s=PATIENCE_S):
        limit = time.monotonic() + limit_s
        while not enough() and time.monotonic() < limit:
            time.sleep(0.01)
        return enough()

    def close(self):
        self.client.disconnect()
        self.client.loop_stop()
