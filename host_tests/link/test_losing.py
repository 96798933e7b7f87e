"""How a session ends, how soon that is noticed, and what follows."""

import asyncio
import contextlib

from host_tests.link.hostile import HostileBroker, publish
from host_tests.link.test_traffic import ORDER, behave, records, standing


def test_half_a_packet_then_silence(runner):
    async def then(peer, number):
        if number == 0:
            await peer.send(publish(ORDER, b"cut short", 3)[:-4])
            await peer.serve(pingresp=False)
        else:
            await behave(peer, number)

    with standing(then) as broker:
        ran = runner.run(broker.port, {"links": 2}, options={"keepalive_s": 2})
    assert ran.losses() == ["silent"] and not ran.of("message")
    up, down, again = ran.of("link")[:3]
    assert 1500 < down["ms"] - up["ms"] < 3500


def test_silent_after_connect(runner):
    async def then(peer, number):
        await peer.serve(pingresp=False)

    with standing(then) as broker:
        ran = runner.run(broker.port, {"losses": 1}, options={"keepalive_s": 2})
        assert broker.pings == 1
    assert ran.losses() == ["silent"]


def test_keepalive_holds_an_idle_session(runner):
    with standing(behave) as broker:
        ran = runner.run(broker.port, {"links": 1}, options={"keepalive_s": 2}, linger_ms=2500)
        assert broker.pings >= 2
    assert ran.end["was_up"] and not ran.losses()


def test_pings_unanswered_while_messages_come(runner):
    async def then(peer, number):
        async def talk():
            for packet_id in range(1, 100):
                await peer.send(publish(ORDER, b"still here", packet_id))
                await asyncio.sleep(0.1)

        task = asyncio.create_task(talk())
        try:
            await peer.serve(pingresp=False)
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError, ConnectionError):
                await task

    # the charger's PUBACKs are traffic, so it has nothing to ping for
    with standing(then) as broker:
        ran = runner.run(broker.port, {"received": 30}, options={"keepalive_s": 2}, limit_ms=9000)
    assert ran.end["was_up"] and not ran.losses()


def test_puback_never(runner):
    async def then(peer, number):
        await peer.serve(puback=number > 0)

    with standing(then) as broker:
        ran = runner.run(
            broker.port, {"links": 2, "idle": 1}, count=20, options={"puback_ms": 500}
        )
    assert ran.losses() == ["no_puback"]
    # the window's eight were let go: sending them again is the outbox's decision
    assert records(broker) == list(range(20))


def test_disconnect_in_the_middle_of_a_publish(runner):
    async def then(peer, number):
        if number == 0:
            await peer.reader.readexactly(3000)
            peer.writer.transport.abort()
        else:
            await behave(peer, number)

    with standing(then) as broker:
        ran = runner.run(broker.port, {"links": 2, "idle": 1, "taken": 30}, count=30, size=2000)
    assert len(ran.losses()) == 1 and ran.losses()[0].startswith(("closed", "io"))
    # what the first connection took is the outbox's to send again; the rest came in order
    got = records(broker)
    assert got == list(range(got[0], 30)) and got[0] > 0


def test_disconnect_every_time(runner):
    async def then(peer, number):
        if number < 6:
            await asyncio.sleep(0.05)
        else:
            await behave(peer, number)

    with standing(then) as broker:
        ran = runner.run(broker.port, {"links": 7}, options={"retry_ms": [20, 200]})
    assert len(ran.losses()) == 6
    states = [one["up"] for one in ran.of("link")]
    assert states[:-1] == [True, False] * 6 + [True]
    # a session that broke at once is no success: the waits go on growing
    assert ran.of("link")[-2]["ms"] - ran.of("link")[-3]["ms"] >= 100


def test_network_word_closes_at_once(runner):
    with standing(behave) as broker:
        ran = runner.run(broker.port, {"links": 2}, network=[[600, False], [1000, True]])
    assert ran.losses() == ["network_down"]
    up, down, again = ran.of("link")[:3]
    off, on = ran.of("network")
    assert down["ms"] - off["ms"] < 100
    assert on["ms"] <= again["ms"] < on["ms"] + 1000


def test_memory_does_not_grow(runner):
    def grown(count):
        with HostileBroker(script) as broker:
            ran = runner.run(
                broker.port,
                {"taken": count, "idle": 1, "received": count},
                count=0,
                replies=True,
                size=900,
                quiet=True,
                limit_ms=40000,
            )
        return ran.end["grown"]

    async def script(peer, number):
        await peer.accept()
        await peer.grant()

        async def talk():
            for packet_id in range(1, 3001):
                await peer.send(publish(ORDER, b"y" * 900, packet_id))

        task = asyncio.create_task(talk())
        try:
            await peer.serve()
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError, ConnectionError):
                await task

    few, many = grown(100), grown(3000)
    print("heap after 100 messages each way: %d bytes, after 3000: %d" % (few, many))
    assert many - few < 512
