"""Runs the real cloud task under whichever interpreter starts it, with a scripted charger.

argv[1]: JSON, see `main`. Prints one JSON line an event and one with "end". The ticker stands for
the control task: it asks to run every 10 ms and notes by how much it came late.
"""

import asyncio
import gc
import json
import sys

import umqtt_desk  # noqa: F401  (before anything that imports umqtt)

from firmware.link import Link
from hal.aio import sleep_ms, ticks_diff, ticks_ms

BEGAN = ticks_ms()


def uptime():
    return ticks_diff(ticks_ms(), BEGAN)


def tell(event, **more):
    more["event"] = event
    more["ms"] = uptime()
    print(json.dumps(more))


class Network:
    def __init__(self, port):
        self.port = port
        self.is_up = True

    def up(self):
        return self.is_up

    def host_port(self):
        return "127.0.0.1", self.port


class Board:
    def __init__(self, port):
        self.network = Network(port)


class Charger:
    """Sends `count` records of `size` bytes, each once; echoes nothing."""

    def __init__(self, count, size, replies, quiet):
        self.quiet = quiet
        self.count = count
        self.body = b"x" * size
        self.replies = replies
        self.taken = 0
        self.received = 0
        self.oversized = 0
        self.links = 0

    def will(self):
        return "status", b'{"v":1,"online":false}'

    def on_link(self, up_ms, up):
        self.links += up
        tell("link", up=up)

    def on_message(self, up_ms, leaf, payload):
        self.received += 1
        assert isinstance(payload, bytes)
        if not self.quiet:
            tell("message", leaf=leaf, size=len(payload), text=payload[:24].decode())
        if self.replies:
            self.count += 1

    def on_oversize(self, up_ms, leaf, size):
        self.oversized += 1
        tell("oversize", leaf=leaf, size=size)

    def has_messages(self, up_ms):
        return self.taken < self.count

    def take_message(self, up_ms):
        if self.taken == self.count:
            return None
        self.taken += 1
        return "record", b"%05d" % (self.taken - 1) + self.body, 1, False


class Ticker:
    def __init__(self):
        self.worst_ms = 0

    async def run(self):
        last = ticks_ms()
        while True:
            await sleep_ms(10)
            now = ticks_ms()
            self.worst_ms = max(self.worst_ms, ticks_diff(now, last) - 10)
            last = now


async def switch(network, at_ms, is_up):
    await sleep_ms(at_ms)
    network.is_up = is_up
    tell("network", up=is_up)


def reached(until, seen):
    return all(seen[name] >= least for name, least in until.items())


async def main(settings):
    """settings: port, id, options (of Link), count and size of records, replies (one more record a
    message), quiet (no line a message), first_id (packet id to start with), network ([[at_ms, up], ...]), until (name: least;
    names as in `seen`), linger_ms after that, limit_ms."""
    board = Board(settings["port"])
    charger = Charger(
        settings.get("count", 0),
        settings.get("size", 200),
        settings.get("replies", False),
        settings.get("quiet", False),
    )
    link = Link(
        board,
        charger,
        settings["id"],
        uptime,
        log=lambda text: tell("log", text=text),
        **settings.get("options", {}),
    )
    link.session._codec.pid = settings.get("first_id", 0)
    ticker = Ticker()
    tasks = [asyncio.create_task(ticker.run()), asyncio.create_task(link.run())]
    for at_ms, is_up in settings.get("network", ()):
        tasks.append(asyncio.create_task(switch(board.network, at_ms, is_up)))
    gc.collect()
    heap = gc.mem_alloc() if hasattr(gc, "mem_alloc") else 0
    done = False
    while uptime() < settings.get("limit_ms", 120000):
        seen = {
            "taken": charger.taken,
            "idle": charger.taken > 0
            and link.session.in_flight == 0
            and link.session._tx.size == 0,
            "received": charger.received,
            "oversized": charger.oversized,
            "losses": link.losses,
            "links": charger.links,
        }
        if tasks[1].done():
            break
        if reached(settings["until"], seen):
            done = True
            break
        await sleep_ms(2)
    ended = "" if done else "limit"
    if tasks[1].done():
        try:
            await tasks[1]
        except Exception as error:
            ended = "task: " + repr(error)
    await sleep_ms(settings.get("linger_ms", 0))
    gc.collect()
    grown = gc.mem_alloc() - heap if heap else 0
    was_up = link.up
    for task in tasks:
        task.cancel()
    await sleep_ms(1)
    tell(
        "end",
        done=done,
        ended=ended,
        loss=link.last_loss,
        losses=link.losses,
        was_up=was_up,
        strays=link.session.strays,
        pid=link.session._codec.pid,
        worst_ms=ticker.worst_ms,
        grown=grown,
        taken=charger.taken,
    )


if __name__ == "__main__":
    asyncio.run(main(json.loads(sys.argv[1])))
