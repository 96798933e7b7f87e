"""A board that is data: opened from its board.json, whatever chips it has.

The image of such a board holds boards/selected.py with the text of its board.json; see tools/image. Pages
with wiring: docs/hardware/boards. The description was checked when the image was built (tools/boards),
so nothing is checked again here; a driver that cannot be opened is a stand-in that gives no energy.
"""

import json

from boards.drivers import Limited, open_chip
from boards.lamp import open_lamp
from boards.partition import open_volume
from boards.uplink import open_uplink
from boards.wiring import Wiring
from hal.aio import sleep_ms, ticks_diff, ticks_ms
from hal.ports import Board, Clock

STEP_MS = 50
_OWN_NUMBER = (
    "modbus",
)  # drivers of meters that are a part of their own, with a number of their own
_boards = {}


class BoardClock(Clock):
    def ticks_ms(self):
        return ticks_ms() % self.period_ms


class DescribedBoard(Board):
    """See hal.ports.Board. description: board.json as a dict. machine: the module `machine`.

    clock: hal.ports.Clock, the processor's own where it is None.
    """

    def __init__(self, description, machine, clock=None):
        wiring = Wiring(description, machine)  # outputs are safe from here
        self.name = description["name"]
        self._description = description
        self._machine = machine
        self._stepped = ticks_ms()
        self.clock = clock or BoardClock()
        chips = description["chips"]
        power = open_chip("power", chips["power"], wiring.objects, self.clock)
        wiring.shared["power"] = power
        self.power = Limited(power, description["limits"]["limit_ma"])
        self.meter = open_chip("meter", self._numbered(chips["meter"]), wiring.objects, self.clock)
        self.reader = open_chip("reader", chips["reader"], wiring.objects, self.clock)
        self.indicator = open_lamp(description, wiring.pins, self.clock)
        self.network = open_uplink(description, machine)
        self._dog = machine.WDT(timeout=description["watchdog_ms"])

    def volume(self):
        volume = open_volume(self._description)
        self.network.begin(volume)
        self._dog.feed()
        return volume

    def attach(self, agent, uptime):
        self._dog.feed()

    def reset(self, reason):
        print("reset: %s" % reason)
        self._machine.reset()

    def feed_watchdog(self):
        self._dog.feed()

    async def pause_ms(self, due_ms):
        left = STEP_MS - ticks_diff(ticks_ms(), self._stepped)
        await sleep_ms(min(max(left, 1), STEP_MS))
        self._stepped = ticks_ms()

    async def wait_ms(self, ms):
        await sleep_ms(ms)

    def _numbered(self, chip):
        """A meter chip on the board has no number of its own: the processor's stands for it."""
        if chip.get("serial") or chip["driver"] in _OWN_NUMBER:
            return chip
        chip = dict(chip)
        chip["serial"] = "".join(["%02X" % byte for byte in self._machine.unique_id()])[:24]
        return chip


def open_described(text, machine=None):
    """Return the one board of this process, from the text of its board.json; made at the first call."""
    if "board" not in _boards:
        if machine is None:
            import machine
        _boards["board"] = DescribedBoard(json.loads(text), machine)
    return _boards["board"]
