"""The way to the broker: its address as people write it, and a client for it."""

import os
import ssl
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

import paho.mqtt.client as paho

from tools.cloud.errors import CloudError

PREFIX = "ppm/v1"
KEEPALIVE_S = 30


class BrokerUnreachable(CloudError):
    """There is no broker at that address."""


@dataclass(frozen=True)
class Broker:
    """Where a broker is: HOST:PORT, mqtt://USER:PASSWORD@HOST:PORT or mqtts://..."""

    host: str
    port: int
    user: str | None = None
    password: str | None = None
    tls: bool = False

    @classmethod
    def parse(cls, text: str) -> "Broker":
        """A broker as people write it; CloudError when it is not one."""
        url = urlsplit(text if "://" in text else f"mqtt://{text}")
        try:
            port = url.port
        except ValueError:
            port = -1
        if url.scheme not in ("mqtt", "mqtts") or not url.hostname or port == -1:
            raise CloudError(f"{text!r} is no broker. Write HOST:PORT or mqtts://USER@HOST:PORT")
        tls = url.scheme == "mqtts"
        password = unquote(url.password) if url.password else os.environ.get("PPM_BROKER_PASSWORD")
        user = unquote(url.username) if url.username else None
        return cls(url.hostname, port or (8883 if tls else 1883), user, password, tls)

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"

    def client(self, client_id: str, **options) -> paho.Client:
        """A paho client for this broker, not connected yet."""
        client = paho.Client(paho.CallbackAPIVersion.VERSION2, client_id=client_id, **options)
        if self.user:
            client.username_pw_set(self.user, self.password)
        if self.tls:
            client.tls_set_context(ssl.create_default_context())
        return client


def topic(charger_id: str, leaf: str) -> str:
    """The topic of one charger's messages."""
    return f"{PREFIX}/{charger_id}/{leaf}"


def split_topic(text: str) -> tuple[str, str] | None:
    """(charger, leaf) of a topic, or None when it is not one of ours."""
    parts = text.split("/")
    if len(parts) != 4 or "/".join(parts[:2]) != PREFIX:
        return None
    return parts[2], parts[3]
