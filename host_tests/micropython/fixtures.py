"""Fixtures that tests share: the interpreters and the brokers."""

import pytest

from host_tests.micropython.collect import NAMES, in_ci, need
from tools import setup
from tools.setup.brokers import KINDS, start
from tools.setup.errors import NotHad


@pytest.fixture(scope="session")
def interpreters():
    """The MicroPythons that are here: a list of tools.setup.Interpreter."""
    return setup.interpreters()


@pytest.fixture(params=NAMES)
def micropython(request):
    """Each MicroPython in turn: an Interpreter (.path, .word_bits, .heap_args, .command(...))."""
    one = need(request.param)
    request.node.user_properties.append(("interpreter", one.label))
    return one


@pytest.fixture
def start_broker(tmp_path):
    """start_broker(kind="amqtt", port=0) -> Broker; every one is ended when the test ends."""
    running = []

    def started(kind="amqtt", port=0):
        try:
            running.append(start(kind, tmp_path, port))
        except NotHad as error:
            why = "%s is missing: %s" % (kind, error)
            if in_ci() or kind == "amqtt":
                pytest.fail(why, pytrace=False)
            pytest.skip(why)
        return running[-1]

    yield started
    for broker in running:
        broker.stop()


@pytest.fixture(params=KINDS)
def broker(request, start_broker):
    """A fresh broker on the loopback address, amqtt and mosquitto in turn (.host, .port)."""
    return start_broker(request.param)


@pytest.fixture
def amqtt(start_broker):
    """A fresh amqtt broker (.host, .port): where one kind of broker is enough."""
    return start_broker("amqtt")
