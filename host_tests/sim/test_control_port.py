"""The control port on the wire: what is no command changes nothing and stops nothing."""

import json
import socket
import threading

import pytest

from tools.simulate import Client, CommandError

LONG = b'{"do":"' + b"x" * 5000


def raw(charger, data):
    """Send bytes, return all that comes until the port closes or falls silent."""
    with socket.create_connection(charger.launch.control, 5) as connection:
        connection.sendall(data)
        connection.shutdown(socket.SHUT_WR)
        got = b""
        while True:
            chunk = connection.recv(4096)
            if not chunk:
                return [json.loads(line) for line in got.splitlines()]
            got += chunk


@pytest.mark.parametrize(
    ("line", "error"),
    [
        (b"hello\n", "command: not JSON"),
        (b"\xff\xfe\x00\n", "command: not JSON"),
        (b"\n", "command: not JSON"),
        (b"[1]\n", "command: must be a JSON object"),
        (b'{"do":"plug","max_a":1e99}\n', "max_a: must be 6 to 80 ampere"),
        (b'{"do":"tap","uid":"zz"}\n', "uid: must be 8, 14 or 20 hex digits"),
        (LONG, "command: longer than 1024"),
        (LONG + b'"}\n', "command: longer than 1024"),
    ],
)
def test_bad_lines(simulator, line, error):
    charger = simulator()
    before = charger.client.world()
    assert raw(charger, line)[0] == {"error": error}
    assert charger.client.world() == before


def test_many_lines_in_one_packet_and_one_in_many(simulator):
    charger = simulator()
    assert raw(charger, b'{"do":"ping"}\n' * 3) == [{"ok": True}] * 3
    with socket.create_connection(charger.launch.control, 5) as connection:
        for byte in b'{"do":"ping"}\n':
            connection.sendall(bytes([byte]))
        assert json.loads(connection.recv(100)) == {"ok": True}


def test_an_unfinished_line_is_no_command(simulator):
    charger = simulator()
    assert raw(charger, b'{"do":"unplug"}') == []


def test_refused_commands_are_errors_in_python(simulator):
    charger = simulator()
    with pytest.raises(CommandError, match="^do: no vehicle is plugged$"):
        charger.client.do("demand", a=10)


def test_others_are_served_while_time_advances(simulator):
    charger = simulator()
    other = Client(*charger.launch.control)
    thread = threading.Thread(target=charger.client.advance, args=(10 * 86400,))
    thread.start()
    seen = 0
    while not seen:
        seen = other.world()["virtual_s"]
    with pytest.raises(CommandError, match="another advance"):
        other.advance(1)
    thread.join()
    assert other.world()["virtual_s"] == 10 * 86400
    other.close()


def test_a_client_that_leaves_disturbs_nobody(simulator):
    charger = simulator()
    for _ in range(20):
        connection = socket.create_connection(charger.launch.control, 5)
        connection.sendall(b'{"do":"adv')
        connection.close()
    assert charger.client.do("ping") == {"ok": True}
