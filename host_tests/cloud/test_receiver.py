"""The service over a real broker: stored, then acknowledged; several chargers; reconnection."""

import threading
import time

import paho.mqtt.client as paho
import pytest
from typer.testing import CliRunner

from host_tests.cloud.fake_charger import FakeCharger, opened
from tools.cloud.cli import app
from tools.cloud.mqtt import Broker, split_topic
from tools.cloud.receiver import Receiver
from tools.patience import PATIENCE_S


class Wire:
    """A charger's end of the broker: publishes, and keeps what comes down."""

    def __init__(self, broker, name, answer=None):
        self.name, self.answer = name, answer
        self.heard = []
        self._changed = threading.Condition()
        ready = threading.Event()
        self.client = paho.Client(paho.CallbackAPIVersion.VERSION2, client_id=f"test-{name}")
        self.client.on_message = self._on_message
        self.client.on_subscribe = lambda *_: ready.set()
        self.client.connect(broker.host, broker.port)
        leaves = ("ack", "order", "config", "list")
        self.client.loop_start()
        self.client.subscribe([(f"ppm/v1/{name}/{leaf}", 1) for leaf in leaves])
        assert ready.wait(PATIENCE_S)

    def _on_message(self, _client, _userdata, message):
        leaf = message.topic.rsplit("/", 1)[1]
        payload = opened(message.payload)[1]
        if self.answer and leaf == "order":
            reply = self.answer(payload)
            self.client.publish(f"ppm/v1/{self.name}/reply", reply, qos=1)
        with self._changed:
            self.heard.append((leaf, payload))
            self._changed.notify_all()

    def publish(self, leaf, payload):
        self.client.publish(f"ppm/v1/{self.name}/{leaf}", payload, qos=1)

    def wait(self, wanted):
        """The first message that `wanted(leaf, payload)` holds for."""

        def found():
            return next((one for one in self.heard if wanted(*one)), None)

        with self._changed:
            assert self._changed.wait_for(found, PATIENCE_S), self.heard
        return found()[1]

    def close(self):
        self.client.disconnect()
        self.client.loop_stop()


@pytest.fixture
def wire():
    open_ones = []

    def connect(*args, **kwargs):
        open_ones.append(Wire(*args, **kwargs))
        return open_ones[-1]

    yield connect
    for one in open_ones:
        one.close()


@pytest.fixture
def receiving(service):
    running = []

    def start(broker):
        receiver = Receiver(service, Broker(broker.host, broker.port))
        receiver.start()
        running.append(receiver)
        return receiver

    yield start
    for receiver in running:
        receiver.stop()


def upto(number):
    return lambda leaf, payload: leaf == "ack" and payload["upto"] == number


def test_records_of_several_chargers_are_stored_and_named(broker, service, receiving, wire):
    receiving(broker)
    service.register("CH-2", "22" * 32)
    one, two = FakeCharger(), FakeCharger("CH-2", master=b"\x22" * 32)
    first = wire(broker, "CH-1")
    for _ in range(20):
        first.publish("record", one.record())
    first.wait(upto(20))
    first.publish("record", two.record())  # another charger's key: nothing happens
    first.publish("record", one.record())
    first.wait(upto(21))
    second = wire(broker, "CH-2")
    second.client.on_message = None  # its messages have another key than `opened` expects
    second.publish("record", two.record())
    deadline = time.monotonic() + PATIENCE_S
    while service.gaps("CH-2") != [(1, 1)] and time.monotonic() < deadline:
        time.sleep(0.05)
    assert service.gaps("CH-2") == [(1, 1)]
    assert len(service.rejected()) == 1


def test_a_status_brings_what_is_missing(broker, service, receiving, wire):
    receiving(broker)
    service.enable("CH-1", actor="u-9", role="superadmin", plan="business")
    service.subscribe("CH-1", "anna", "04A2B3C4D5E6F7")
    charger = wire(broker, "CH-1")
    charger.publish("status", FakeCharger().status())
    config = charger.wait(lambda leaf, payload: leaf == "config")
    assert config["monthly_payment"]["enabled"] is True
    assert charger.wait(lambda leaf, payload: leaf == "list")["parts"] == 1


def test_nothing_is_acknowledged_to_the_broker_before_it_is_stored(
    amqtt, service, receiving, wire, monkeypatch
):
    receiver = receiving(amqtt)
    order = []
    taken, acked = service.take, receiver._client.ack

    def take(*args):
        down = taken(*args)
        order.append("stored")
        return down

    def ack(*args):
        order.append("puback")
        return acked(*args)

    monkeypatch.setattr(service, "take", take)
    monkeypatch.setattr(receiver._client, "ack", ack)
    charger = wire(amqtt, "CH-1")
    charger.publish("record", FakeCharger().record())
    charger.wait(upto(1))
    deadline = time.monotonic() + PATIENCE_S
    while len(order) < 2 and time.monotonic() < deadline:
        time.sleep(0.02)
    assert order == ["stored", "puback"]


def test_a_failing_database_is_tried_again(amqtt, service, receiving, wire, monkeypatch):
    from sqlalchemy.exc import OperationalError

    from tools.cloud import receiver as module

    receiving(amqtt)
    monkeypatch.setattr(module, "_PAUSE_S", 0.05)
    taken, failures = service.take, [1, 1]

    def take(*args):
        if failures:
            failures.pop()
            raise OperationalError("insert", {}, Exception("locked"))
        return taken(*args)

    monkeypatch.setattr(service, "take", take)
    charger = wire(amqtt, "CH-1")
    charger.publish("record", FakeCharger().record())
    charger.wait(upto(1))


def test_the_receiver_comes_back_after_the_broker_was_away(start_broker, service, receiving, wire):
    broker = start_broker("amqtt")
    receiving(broker)
    port = broker.port
    broker.stop()
    again = start_broker("amqtt", port=port)
    charger, line = FakeCharger(), wire(again, "CH-1")
    token = charger.record()
    deadline = time.monotonic() + PATIENCE_S
    while service.charger("CH-1").upto < 1 and time.monotonic() < deadline:
        line.publish("record", token)
        time.sleep(0.5)
    assert service.charger("CH-1").upto == 1


def test_an_order_from_the_command_line_waits_for_the_reply(amqtt, service, db_url, wire):
    import json

    def answer(payload):
        result = ("applied", "ok") if payload["do"] == "identify" else ("refused", "no_session")
        reply = {"v": 1, "id": payload["id"], "for": "order", "n": payload["n"]}
        return json.dumps(reply | {"result": result[0], "reason": result[1]})

    wire(amqtt, "CH-1", answer)
    address = f"{amqtt.host}:{amqtt.port}"
    common = ["--db", db_url, "--broker", address, "--wait", "10"]
    runner = CliRunner()
    result = runner.invoke(app, ["order", "CH-1", "identify", *common])
    assert result.exit_code == 0 and "applied, ok" in result.output, result.output
    result = runner.invoke(app, ["order", "CH-1", "stop", *common])
    assert result.exit_code == 1 and "refused, no_session" in result.output
    assert [order.reason for order in service.orders_of("CH-1")] == ["ok", "no_session"]
    service.register("CH-2", "22" * 32)
    result = runner.invoke(app, ["order", "CH-2", "stop", *common[:-1], "0.2"])
    assert result.exit_code == 4 and "No reply" in result.output


def test_a_trace_from_the_command_line_is_a_table(amqtt, service, db_url, wire):
    import json

    entry = {"up_ms": 61000, "at": {"t": 1614593000, "q": "S"}, "rule": "L3", "reason": "unknown"}
    entry |= {"method": "rfid_list", "card": "4376fe5e", "list_version": 3, "offline": False}

    def answer(payload):
        reply = {"v": 1, "id": payload["id"], "for": "order", "n": payload["n"]}
        trace = [entry | {"count": 2}]
        return json.dumps(reply | {"result": "applied", "reason": "ok", "trace": trace})

    wire(amqtt, "CH-1", answer)
    words = ["order", "CH-1", "trace", "--db", db_url, "--broker", f"{amqtt.host}:{amqtt.port}"]
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 0, result.output
    for word in ("L3", "does not hold this card", "4376…", "0:01:01", "v3", "2021-03-01"):
        assert word in result.output, result.output


def test_addresses_and_topics():
    assert Broker.parse("127.0.0.1:1884") == Broker("127.0.0.1", 1884)
    assert Broker.parse("broker").port == 1883
    assert Broker.parse("mqtts://me:p%40ss@b").password == "p@ss"
    assert Broker.parse("mqtts://b").port == 8883
    assert split_topic("ppm/v1/CH-1/record") == ("CH-1", "record")
    for other in ("ppm/v2/CH-1/record", "ppm/v1/record", "ppm/v1/a/b/c", ""):
        assert split_topic(other) is None


def test_receive_runs_until_it_is_told_to_stop(amqtt, service, db_url, wire):
    import os
    import signal
    import subprocess
    import sys

    address = f"{amqtt.host}:{amqtt.port}"
    words = [sys.executable, "-m", "tools.cloud", "receive", "--db", db_url, "--broker", address]
    environment = {**os.environ, "NO_COLOR": "1"}
    process = subprocess.Popen(
        words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    )
    try:
        assert process.stdout.readline() == f"receiving from {address}\n"
        charger = wire(amqtt, "CH-1")
        charger.publish("record", FakeCharger().record())
        charger.wait(upto(1))
    finally:
        process.send_signal(signal.SIGTERM)
        said, log = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 0, log
    assert "stopped after 1 messages" in said
    assert "CH-1: record 1 fault stored" in log and "Traceback" not in log
