"""What the demo runs on: a broker, the billing service with its database, and one simulated charger."""

import contextlib
import secrets
import time
from dataclasses import dataclass
from pathlib import Path

from tools.cloud import examples, store
from tools.cloud.mqtt import Broker as BrokerAddress
from tools.cloud.receiver import Receiver
from tools.cloud.service import Service
from tools.demo.recorder import Recorder
from tools.patience import PATIENCE_S
from tools.setup import brokers
from tools.simulate.client import Simulator
from tools.simulate.launch import Options

CHARGER = "GARAGE-1"


class DemoError(Exception):
    """The demo cannot go on; the text says why."""


@dataclass(frozen=True)
class Fitted:
    """What the charger has: names of tools.simulate's --meter, --reader and --power."""

    meter: str = "mock"
    reader: str = "mock"
    power: str = "mock"

    @property
    def look_s(self) -> int:
        """How long a card is at the reader before the reader has told it: no time for the mock."""
        return 0 if self.reader == "mock" else 1


class Stage:
    """Everything started, in `folder`; a context manager that ends what it started.

    kind: "amqtt" or "mosquitto". cuts: how often the power was cut. now_s: the world's time, which the service takes for its own.
    """

    def __init__(
        self,
        folder: Path,
        kind: str,
        start_s: int,
        heap_kib: int | None = None,
        word: int | None = None,
        example_folder: Path | None = None,
        fitted: Fitted = Fitted(),
    ):
        self.fitted = fitted
        self.cuts = 0
        self.now_s = start_s
        self._examples = example_folder
        self._stack = contextlib.ExitStack()
        self._folder = folder
        self._kind = kind
        self._heap_kib = heap_kib
        self._word = word

    def __enter__(self) -> "Stage":
        with self._stack:
            enter = self._stack.enter_context
            self.broker = enter(brokers.start(self._kind, self._folder))
            self.service = Service(f"sqlite:///{self._folder / 'billing.db'}", lambda: self.now_s)
            self._stack.callback(self.service.close)
            key = examples.key_of(self._examples) or secrets.token_hex(32)
            self.service.register(CHARGER, key)
            address = BrokerAddress.parse(f"{self.broker.host}:{self.broker.port}")
            if self._examples:
                enter(Recorder(address, self._examples, CHARGER, key))
            self.receiver = Receiver(self.service, address)
            self.receiver.start()
            self._stack.callback(self.receiver.stop)
            self.charger = enter(
                Simulator(
                    Options(
                        charger=CHARGER,
                        broker=(self.broker.host, self.broker.port),
                        state=self._folder / "charger",
                        key=key,
                        speed=0,
                        start_unix=self.now_s,
                        heap_kib=self._heap_kib,
                        word_bits=self._word,
                        register_wh=2_935_600,
                        **vars(self.fitted),
                    )
                )
            )
            self._stack = self._stack.pop_all()
        return self

    def __exit__(self, *exc) -> None:
        self._stack.close()

    def advance(self, seconds: float, settle: bool = True) -> None:
        """Let the world's time pass; `settle` lets the records arrive on the way."""
        self.charger.client.advance(int(seconds), settle)
        self.now_s = self.charger.client.world()["unix"]

    def advance_to(self, unix_s: int, settle: bool = True) -> None:
        """Let time pass until an instant of the world's clock."""
        if unix_s > self.now_s:
            self.advance(unix_s - self.now_s, settle)

    def publish(self, down: list) -> None:
        """Send what a portal act gave back, and let the charger take it."""
        self.receiver.publish(CHARGER, down)

    def wait(self, what: str, ready) -> None:
        """Wait in real time until ready() is true. The world's time stands still meanwhile, so that
        two runs of the demo live through the same month."""
        limit = time.monotonic() + PATIENCE_S
        while not ready():
            if time.monotonic() > limit:
                raise DemoError(f"{what}: not within {PATIENCE_S:.0f} s")
            time.sleep(0.02)

    def keep_key(self) -> None:
        """Keep the charger's newest key beside the examples that it signed."""
        if self._examples:
            generation = self.service.keys_of(CHARGER)[-1][0]
            with self.service.store.begin() as session:
                key = store.master_key(session, CHARGER, generation)
            examples.keep_key(self._examples, generation, key or b"")

    def cut(self, dark_s: int) -> None:
        """Cut the power (SIGKILL), and give it back after `dark_s` seconds of the world."""
        self.cuts += 1
        self.charger.restart(dark_s)
        self.now_s = self.charger.client.world()["unix"]
