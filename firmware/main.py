"""From the board to the running charger: volume, identity, agent, tasks."""

import asyncio
import gc

from boards.selected import open_board
from firmware import provisioning
from firmware.control import Control
from firmware.crash import crash, guarded
from firmware.housekeeping import Housekeeping
from firmware.locked import Locked
from firmware.uptime import Uptime
from firmware.version import FIRMWARE
from firmware.watchdog import Watchdog

_CRITICAL = ("control", "housekeeping")
FIRST_TURNS = 20
TURN_MS = 50


def make_agent(board, volume):
    """Return (agent, identity): the charger's mind, or `Locked` and None where it has no identity."""
    try:
        identity = provisioning.identify(volume, board.commissioning())
    except provisioning.NotProvisioned as exc:
        print("locked: not provisioned: %s" % exc)
        return Locked(), None
    from agent.charger import Charger

    return Charger(volume, identity.charger, identity.key, FIRMWARE), identity


async def first_look(board):
    """Give the drivers time to hear from their chips; return the vehicle's state.

    A meter that needs more than this is silent at first, which the charger can live with, and a power board
    that does is at "F".
    """
    for _ in range(FIRST_TURNS):
        board.attend()
        if board.meter.read() is not None and board.power.vehicle() != "F":
            break
        await board.wait_ms(TURN_MS)
    return board.power.vehicle()


async def run(board):
    """Boot the agent and run its tasks for ever."""
    uptime = Uptime(board.clock)
    volume = board.volume()
    agent, identity = make_agent(board, volume)
    board.power.begin(volume)
    board.meter.begin(volume, *agent.kept_register)
    vehicle = await first_look(board)
    agent.boot(uptime.now_ms(), vehicle, board.meter.read())
    board.attach(agent, uptime)
    link = None
    if identity:
        # Late, so that a charger without an identity does not load what it cannot use.
        from firmware.link import Link
        from firmware.lister import Lister

        board.network.use_broker(identity.host, identity.port)
        link = Link(board, agent, identity.charger, uptime.now_ms, log=print)
    dog = Watchdog(board, _CRITICAL)
    chores = Housekeeping(board, agent, uptime, link)
    tasks = [
        ("watchdog", dog.run()),
        ("housekeeping", chores.run(lambda: dog.beat("housekeeping"))),
    ]
    if link:
        tasks.append(("link", link.run()))
        tasks.append(("lister", Lister(agent, uptime).run()))
    _set_collector()
    running = [asyncio.create_task(guarded(board, name, work)) for name, work in tasks]
    await guarded(
        board, "control", Control(board, agent, uptime, vehicle).run(lambda: dog.beat("control"))
    )
    return running  # held until here: the loop keeps only weak references on CPython


def _set_collector():
    # Collect before the heap is full, so that it stays in one piece.
    gc.collect()
    try:
        gc.threshold(gc.mem_free() // 2)
    except AttributeError:  # CPython
        return
    print("heap: %d bytes used, %d free" % (gc.mem_alloc(), gc.mem_free()))


def start():
    board = open_board()
    try:
        asyncio.run(run(board))
    except Exception as error:
        crash(board, "main", error)


# A board's port runs this file as a script, the simulator imports it by its name at the top.
if __name__ in ("__main__", "main"):
    start()
