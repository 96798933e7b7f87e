"""What a broker, or something else on its port, can do before the session stands."""

import asyncio
import socket

import pytest

from host_tests.link.hostile import HostileBroker


def scripted(first):
    """A broker whose first connection goes by `first`, and which behaves afterwards."""

    async def script(peer, number):
        if number == 0:
            await first(peer)
        else:
            await peer.accept()
            await peer.grant()
            await peer.serve()

    return HostileBroker(script)


def lost_then_up(runner, first, **options):
    with scripted(first) as broker:
        ran = runner.run(broker.port, {"links": 1}, options=options)
    assert not broker.errors
    assert broker.connections == 2
    return ran.losses()


def test_port_closed(runner):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        ran = runner.run(taken.getsockname()[1], {"losses": 4})
    assert all(loss.startswith("connect: errno") for loss in ran.losses())
    assert not ran.of("link")


def test_backoff_grows_to_its_cap(runner):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        ran = runner.run(taken.getsockname()[1], {"losses": 6}, options={"retry_ms": [40, 320]})
    times = [one["ms"] for one in ran.of("log")]
    waits = [after - before for before, after in zip(times, times[1:])]
    for wait, span in zip(waits, (40, 80, 160, 320, 320)):
        assert span // 2 - 1 <= wait <= span + 250


def test_nobody_accepts(runner):
    # the backlog of a listener that never accepts is full: SYNs are dropped, nothing answers
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen(0)
        port = deaf.getsockname()[1]
        fillers = [socket.socket() for _ in range(3)]
        for filler in fillers:
            filler.setblocking(False)
            filler.connect_ex(("127.0.0.1", port))
        ran = runner.run(port, {"losses": 1}, options={"answer_ms": 300, "open_ms": 300})
        for filler in fillers:
            filler.close()
    assert ran.losses()[0] in ("connect_timeout: 300 ms", "no_connack")


@pytest.mark.parametrize(
    "code, words",
    [
        (1, "refused: 1 protocol version"),
        (2, "refused: 2 client id"),
        (3, "refused: 3 server unavailable"),
        (4, "refused: 4 user or password"),
        (5, "refused: 5 not authorised"),
        (6, "malformed: CONNACK code 6"),
    ],
)
def test_connack_refuses(runner, code, words):
    async def first(peer):
        await peer.accept(code)

    assert lost_then_up(runner, first) == [words]


def test_closes_before_connack(runner):
    async def first(peer):
        await peer.packet()

    assert lost_then_up(runner, first)[0].startswith("closed")


def test_closes_inside_connack(runner):
    async def first(peer):
        await peer.packet()
        await peer.send(b"\x20\x02")

    assert lost_then_up(runner, first) == ["closed: before CONNACK"]


def test_silent_inside_connack(runner):
    async def first(peer):
        await peer.packet()
        await peer.send(b"\x20\x02\x00")
        await peer.serve()

    assert lost_then_up(runner, first, answer_ms=300) == ["no_connack"]


def test_never_answers(runner):
    async def first(peer):
        await peer.serve()

    assert lost_then_up(runner, first, answer_ms=300) == ["no_connack"]


@pytest.mark.parametrize(
    "banner, words",
    [
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "malformed: packet type 0x48"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "malformed: packet type 0x53"),
        (b"220 mail ESMTP\r\n", "malformed: topic length"),
        (b"\x15\x03\x01\x00\x02\x02\x46", "malformed: packet type 0x15"),
        (b"\xd0\x00", "malformed: 0xd0 before CONNACK"),
        (b"\x20\x03\x00\x00\x00", "malformed: length 3 of packet 0x20"),
    ],
)
def test_wrong_service(runner, banner, words):
    async def first(peer):
        await peer.send(banner)
        await peer.serve()

    assert lost_then_up(runner, first)[0].startswith(words)


def test_subscription_refused(runner):
    async def first(peer):
        await peer.accept()
        await peer.grant(0x80)
        await peer.serve()

    assert lost_then_up(runner, first) == ["subscribe_refused: ppm/v1/CH-1/config"]


def test_subscription_unanswered(runner):
    async def first(peer):
        await peer.accept()
        await peer.serve()

    assert lost_then_up(runner, first, answer_ms=300) == ["no_suback"]


def test_network_goes_down_while_connecting(runner):
    async def first(peer):
        await peer.serve()

    with scripted(first) as broker:
        ran = runner.run(
            broker.port, {"losses": 1, "links": 1}, network=[[200, False], [500, True]]
        )
    assert ran.losses() == ["network_down"]
    down, up = ran.of("network")
    assert ran.of("log")[0]["ms"] - down["ms"] < 200
    assert ran.of("link")[0]["ms"] >= up["ms"]


def test_connect_says_who_and_what(runner):
    async def script(peer, number):
        await peer.accept()
        await peer.grant()
        granted.extend(peer.subscribed)
        await peer.serve()

    granted = []
    with HostileBroker(script) as broker:
        runner.run(broker.port, {"links": 1}, options={"user": "charger", "password": "secret"})
        (body,) = broker.connects
    assert body[:6] == b"\x00\x04MQTT" and body[6] == 4
    assert body[7] == 0x80 | 0x40 | 0x20 | 0x08 | 0x04 | 0x02
    assert int.from_bytes(body[8:10], "big") == 30
    fields, at = [], 10
    while at < len(body):
        size = int.from_bytes(body[at : at + 2], "big")
        fields.append(body[at + 2 : at + 2 + size])
        at += 2 + size
    will = [b"ppm/v1/CH-1/status", b'{"v":1,"online":false}']
    assert fields == [b"CH-1", *will, b"charger", b"secret"]
    leaves = ("config", "list", "order", "ack")
    assert granted == [("ppm/v1/CH-1/" + leaf, 1) for leaf in leaves]


def test_retained_before_suback(runner):
    # a broker may send what it retains before it answers the subscription
    async def script(peer, number):
        await peer.accept()
        for _ in range(4):
            _, body = await peer.packet()
            await peer.send(b"\x32\x1b\x00\x12ppm/v1/CH-1/config\x00\x07early")
            await asyncio.sleep(0.02)
            await peer.send(b"\x90\x03" + body[:2] + b"\x01")
        await peer.serve()

    with HostileBroker(script) as broker:
        ran = runner.run(broker.port, {"links": 1, "received": 4})
    assert not ran.losses()
    assert {one["text"] for one in ran.of("message")} == {"early"}
