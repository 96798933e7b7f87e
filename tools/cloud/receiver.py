"""The service over MQTT: what chargers say is stored, then acknowledged to the broker.

The PUBACK is sent after the transaction is committed. Should the database fail, the message stays
with the broker, and the charger offers its records again anyway: only a signed ack lets them go.
"""

import logging
import threading
import time

import paho.mqtt.client as paho
from sqlalchemy.exc import SQLAlchemyError

from tools.cloud import mqtt
from tools.cloud.service import UPLINKS, Service
from tools.patience import PATIENCE_S

log = logging.getLogger("tools.cloud.receiver")

_ATTEMPTS = 5
_PAUSE_S = 1.0


class Receiver:
    """Runs a Service for every charger at a broker.

    start() returns when the topics are subscribed; run() blocks until stop(). The connection is made
    again by itself for as long as it takes.
    """

    def __init__(self, service: Service, broker: mqtt.Broker, client_id: str = "ppm-cloud"):
        self.taken = 0
        self._service = service
        self._broker = broker
        self._subscribed = threading.Event()
        self._stopped = threading.Event()
        self._client = broker.client(client_id, clean_session=False, manual_ack=True)
        self._client.max_queued_messages_set(0)
        self._client.reconnect_delay_set(1, 30)
        self._client.on_connect = self._on_connect
        self._client.on_disconnect = self._on_disconnect
        self._client.on_subscribe = self._on_subscribe
        self._client.on_message = self._on_message

    def start(self, timeout_s: float = PATIENCE_S) -> None:
        """Connect and subscribe; BrokerUnreachable when that does not succeed in time."""
        try:
            self._client.connect(self._broker.host, self._broker.port, mqtt.KEEPALIVE_S)
        except OSError as error:
            raise mqtt.BrokerUnreachable(f"No broker answers at {self._broker}: {error}")
        self._client.loop_start()
        if not self._subscribed.wait(timeout_s):
            self.stop()
            raise mqtt.BrokerUnreachable(
                f"The broker at {self._broker} does not let us subscribe."
            )

    def run(self) -> None:
        """Block until stop()."""
        while not self._stopped.wait(3600):
            pass

    def stop(self) -> None:
        """Leave the broker; what is being handled is finished first."""
        self._stopped.set()
        self._client.disconnect()
        self._client.loop_stop()

    def publish(self, charger_id: str, down) -> None:
        """Publish what a Service call gave back for a charger."""
        for leaf, payload, retain in down:
            self._client.publish(mqtt.topic(charger_id, leaf), payload, qos=1, retain=retain)

    def _on_connect(self, client, _userdata, _flags, reason, _properties) -> None:
        if reason.is_failure:
            log.error("the broker at %s refuses us: %s", self._broker, reason)
            return
        log.info("connected to %s", self._broker)
        client.subscribe([(f"{mqtt.PREFIX}/+/{leaf}", 1) for leaf in UPLINKS])

    def _on_subscribe(self, _client, _userdata, _mid, _reasons, _properties) -> None:
        self._subscribed.set()

    def _on_disconnect(self, _client, _userdata, _flags, reason, _properties) -> None:
        if not self._stopped.is_set():
            log.warning("the connection to %s is lost (%s), trying again", self._broker, reason)

    def _on_message(self, client: paho.Client, _userdata, message: paho.MQTTMessage) -> None:
        place = mqtt.split_topic(message.topic)
        if place is not None and not self._take(*place, message.payload):
            return  # no PUBACK: the broker keeps it
        client.ack(message.mid, message.qos)
        self.taken += 1

    def _take(self, charger_id: str, leaf: str, payload: bytes) -> bool:
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                down = self._service.take(charger_id, leaf, payload)
            except SQLAlchemyError as error:
                cause = getattr(error, "orig", error)
                log.error("the database fails (attempt %d of %d): %s", attempt, _ATTEMPTS, cause)
                time.sleep(_PAUSE_S)
            except Exception:
                # One bad message must not end the service for every charger; it is kept by the
                # charger, since nothing acknowledges it.
                log.exception("%s: a message on `%s` could not be handled", charger_id, leaf)
                return True
            else:
                self.publish(charger_id, down)
                return True
        return False
