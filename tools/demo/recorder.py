"""Listens at the broker and keeps one message of each name, as docs/wire/examples has them."""

from pathlib import Path

from tools.cloud import examples, mqtt


class Recorder:
    """Keeps what travels between a charger and the service, byte for byte; a context manager."""

    def __init__(self, broker: mqtt.Broker, folder: Path, charger: str, key: str):
        self._broker = broker
        self._folder = folder
        self._topics = f"{mqtt.PREFIX}/{charger}/#"
        self._key = key
        self._client = broker.client("ppm-recorder")
        self._client.on_connect = self._on_connect
        self._client.on_message = self._on_message

    def __enter__(self) -> "Recorder":
        self._folder.mkdir(parents=True, exist_ok=True)
        (self._folder / examples.KEY_FILE).write_text(self._key + "\n")
        self._client.connect(self._broker.host, self._broker.port)
        self._client.loop_start()
        return self

    def __exit__(self, *_) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def _on_connect(self, client, *_) -> None:
        client.subscribe(self._topics, 1)

    def _on_message(self, _client, _userdata, message) -> None:
        examples.save(self._folder, message.topic.rsplit("/", 1)[1], message.payload)
