"""The `sim` board: the mock hardware, its flash in a file, its time in the hands of `Pacer`.

The state folder holds `start.json` (what the charger was started with, written by
tools.simulate), `flash.img` and `world.json`. sys.argv: [program, state folder, dark seconds, resets].
"""

import asyncio
import json
import sys

from boards.sim.control import ControlPort
from boards.sim.flash import open_volume
from boards.sim.pace import Pacer
from boards.sim.process import restart
from boards.sim.worldfile import WorldFile
from hal.aio import sleep_ms
from hal.mock.flash import BLOCK_SIZE
from hal.mock.ports import (
    MockClock,
    MockIndicator,
    MockMeter,
    MockNetwork,
    MockPowerBoard,
    MockReader,
)
from hal.mock.world import World
from hal.ports import Board

_CRASHES = 3
_HEALTHY_MS = 60000
_boards = {}


def open_board(argv=None):
    """Return the one board of this process; made, with its outputs safe, at the first call."""
    if "sim" not in _boards:
        argv = argv or sys.argv
        number = [int(text) for text in argv[2:4]] + [0, 0]
        _boards["sim"] = SimBoard(argv[1], number[0], number[1])
    return _boards["sim"]


class SimBoard(Board):
    """See `hal.ports.Board`. world: the `World`; flash: the block device, None on CPython."""

    name = "sim"

    def __init__(self, folder, dark_s=0, crashes=0):
        with open(folder + "/start.json") as f:
            self._start = json.load(f)
        self._folder = folder
        self._crashes = crashes
        self._file = WorldFile(folder + "/world.json")
        self.world = World(
            self._start["unix"], self._start["register_wh"], self._start["meter_serial"]
        )
        saved = self._file.load()
        if saved:
            self.world.from_dict(saved)
        self.world.restart(dark_s * 1000)
        self.save()
        self.hardware = self._hardware()
        self.power = getattr(self.hardware, "power", None) or MockPowerBoard(self.world)
        self.meter = getattr(self.hardware, "meter", None) or MockMeter(self.world)
        self.reader = getattr(self.hardware, "reader", None) or MockReader(self.world)
        self.clock = MockClock(self.world)
        self.indicator = MockIndicator()
        self.network = MockNetwork(self.world, self._start["host"], self._start["port"])
        self.flash = None
        self.pacer = Pacer(
            self.world,
            self._save_step,
            self._start["speed"],
            self._unsettled,
            self._pass_ms if self.hardware else None,
        )
        self._booted_ms = self.world.now_ms
        self._agent = None
        self._uptime = None
        self._after = None

    # ---- hal.ports.Board

    def volume(self):
        blocks = self._start["flash_kib"] * 1024 // BLOCK_SIZE
        volume, self.flash = open_volume(self._folder + "/flash.img", blocks)
        reason = getattr(volume, "reason", "")
        if reason:
            print("flash:", reason)
        return volume

    def attend(self):
        if self.hardware and self.hardware.takes_turn():
            Board.attend(self)

    def commissioning(self):
        if not self._start["key"]:
            return None
        return {name: self._start[name] for name in ("charger", "key", "host", "port")}

    def attach(self, agent, uptime):
        self._agent = agent
        self._uptime = uptime
        self._ready = asyncio.create_task(self._open_control())

    def reset(self, reason):
        crashes = 0
        if reason == "crash":
            crashes = self._crashes + 1
            if self.world.now_ms - self._booted_ms >= _HEALTHY_MS:
                crashes = 1
        if crashes >= _CRASHES:
            print("stopped: %d crashes one after another" % crashes)
            sys.exit(4)
        self._boot_again(0, crashes)

    def feed_watchdog(self):
        pass  # nothing to hold off: a hung charger is killed by whoever started it

    async def pause_ms(self, due_ms):
        await self.pacer.pause(due_ms)

    async def wait_ms(self, ms):
        if self._agent is None:  # booting: no control task moves the time yet
            self.world.step(self.world.now_ms + ms)
            await sleep_ms(0)
            return
        await self.pacer.wait(ms)

    def _hardware(self):
        names = {role: self._start.get(role, "mock") for role in ("meter", "reader", "power")}
        if set(names.values()) == {"mock"}:
            return None
        from boards.sim.hardware import Hardware

        return Hardware(self.world, names, self._start["meter_serial"])

    def _pass_ms(self, due_ms, most_ms):
        return self.hardware.pass_ms(due_ms, most_ms, self.attend)

    # ---- for the control port

    def save(self):
        """Write the whole world down."""
        self._file.save_whole(self.world)

    def _save_step(self):
        self._file.save(self.world)

    def belief(self):
        """Return what the charger believes of itself."""
        agent = self._agent
        if agent is None:
            return {
                "indication": "dark",
                "permit_ma": 0,
                "unsent": 0,
                "session": "",
                "up_ms": 0,
                "faults": [],
            }
        return {
            "indication": agent.indication,
            "permit_ma": agent.permit_ma,
            "unsent": agent.unsent,
            "session": getattr(agent, "session", ""),
            "up_ms": self._uptime.now_ms(),
            "faults": [word for word in (self.power.fault(),) if word] + list(self.complaints()),
        }

    def switch_power(self, on):
        if on != self.world.mains:
            self.world.set_mains(on)
            self._after = 0

    def cut(self, dark_s):
        self._after = dark_s

    def after_answer(self):
        """Told when an answer is on its way: a cut comes behind it."""
        if self._after is not None:
            self._boot_again(self._after, 0)

    async def dark(self):
        """Live without supply: the world and the control port go on, the charger does not."""
        await self._open_control()
        while True:
            await self.pacer.pause(60000)

    def _boot_again(self, dark_s, crashes):
        restart(self._start["command"] + [self._folder, str(dark_s), str(crashes)])

    def _unsettled(self):
        return self._agent.unsent if self._agent is not None and self.world.network else 0

    async def _open_control(self):
        host, port = self._start["control"]
        try:
            await ControlPort(self).open(host, port)
        except OSError as exc:
            print("control port %s:%d: %s" % (host, port, exc))
            sys.exit(1)
        print("ready: control %s:%d" % (host, port))
