"""The brokers that tests and the demo use: they carry, retain, tell last wills, and end."""

import os
import queue
import socket

import pytest
from paho.mqtt.client import CallbackAPIVersion, Client


def client(broker, name, will=None):
    """A connected paho client whose messages arrive in its `.got` queue."""
    made = Client(CallbackAPIVersion.VERSION2, client_id=name)
    made.got = queue.Queue()
    made.on_message = lambda _c, _u, message: made.got.put(message)
    ready = queue.Queue()
    made.on_subscribe = lambda *_: ready.put(True)
    made.ready = ready
    if will:
        made.will_set(will, b"gone", 1, True)
    made.connect(broker.host, broker.port)
    made.loop_start()
    return made


def listen(made, topic):
    """Subscribe and wait until the broker has said so."""
    made.subscribe(topic, 1)
    made.ready.get(timeout=5)


def end(*clients):
    for made in clients:
        made.disconnect()
        made.loop_stop()


def test_a_broker_carries_retains_and_tells_the_last_will(broker):
    hears, tells = client(broker, "hears"), client(broker, "tells", will="t/will")
    listen(hears, "t/+")
    tells.publish("t/kept", b"k" * 8192, 1, True).wait_for_publish(5)
    assert hears.got.get(timeout=5).payload == b"k" * 8192
    late = client(broker, "late")
    listen(late, "t/kept")
    first = late.got.get(timeout=5)
    assert first.retain and len(first.payload) == 8192
    tells.socket().shutdown(socket.SHUT_RDWR)
    tells.loop_stop()
    assert hears.got.get(timeout=5).payload == b"gone"
    end(hears, late)


def test_a_broker_ends_when_it_is_stopped(broker):
    assert broker.host == "127.0.0.1"
    broker.stop()
    broker.stop()
    with pytest.raises(OSError):
        socket.create_connection((broker.host, broker.port), 1)
    with pytest.raises(ProcessLookupError):
        os.kill(broker.pid, 0)


def test_a_broker_comes_back_on_its_port(start_broker):
    first = start_broker("amqtt")
    first.kill()
    assert start_broker("amqtt", first.port).port == first.port
