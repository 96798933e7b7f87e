"""Simulated chips in the world of `sim` and the real drivers over them. Imported only when one was asked for.

Drivers need turns, and the simulator's time jumps. So time passes here, in `pass_ms`:

* After everything that the charger can sense, and while drivers are busy, in turns of 50 ms.
* Then it jumps to the next instant at which the agent or the world has something to do, while current flows
  no further than the meter's chip can bear (`most_gap_ms`: its counter wraps or stands at its end). The
  heartbeat of the controller, or the gate of the relay, is renewed as the control task would have done.
* A jump does not exist for the clock of reader and power board, nor for the meter's where nothing flowed:
  they have nothing due then. Where something flowed it is followed by turns of the drivers alone, in which
  the meter is heard often enough to believe it (`settle_ms`).

A chip begins anew with the process: kill, cut and reset are power cuts without a warning for it.
"""

from boards.sim.fitting import METERS, POWERS, READERS
from hal.ports import Clock

TURN_MS = 50
LIMITS = {"limit_ma": 32000, "phases": 3}
QUIET_MS = 7000  # longer than the slowest thing that a power board does after a change
TROUBLE_QUIET_MS = 65000  # while something is wrong: drivers tell of it for a minute, or after one
_FOLDERS = {"meter": "meters", "reader": "readers", "power": "power"}


class DriverClock(Clock):
    """The world's time without `skipped_ms` of it."""

    def __init__(self, world):
        self.skipped_ms = 0
        self._world = world

    def ticks_ms(self):
        return self.passed_ms() % self.period_ms

    def passed_ms(self):
        return self._world.now_ms - self.skipped_ms


class Asked:
    """A power board, and what it was last permitted; all but that is the driver's own."""

    def __init__(self, power):
        self.asked_ma = 0
        self._power = power

    def permit(self, limit_ma):
        self.asked_ma = limit_ma
        self._power.permit(limit_ma)

    def __getattr__(self, name):
        return getattr(self._power, name)


class Hardware:
    """names: {"meter", "reader", "power": name or "mock"}. serial: of a meter chip, from the description.

    meter, reader, power: the drivers; None where it is the mock's. field: what cards a reader's chip has before it.
    """

    field = None

    def __init__(self, world, names, serial):
        self.meter = self.reader = self.power = None
        self.most_gap_ms = self.settle_ms = 0
        self.world = world
        self._calm = DriverClock(world)
        self._counting = DriverClock(world)
        self._faults = {}  # by role, the BusFaults of its chip
        self._switched = {}
        self._seen = self._turn = None
        self._quiet_ms = world.now_ms + QUIET_MS
        if names["power"] != "mock":
            self.power = Asked(POWERS[names["power"]](self))
        if names["meter"] != "mock":
            self.meter = METERS[names["meter"]](self, serial)
        if names["reader"] != "mock":
            self.reader = READERS[names["reader"]](self)

    # ---- the bus's faults

    def switch(self, of, fault):
        """Switch a fault of fitting.BusFaults on, and every other off; "" for none.

        ValueError "member: reason", of the command, where it cannot be.
        """
        if of not in self._faults:
            raise ValueError("of: the %s has no bus" % of)
        try:
            self._faults[of].switch(fault)
        except ValueError as error:
            raise ValueError("fault: %s" % error)
        self._switched[of] = fault
        if not fault:
            del self._switched[of]
        self.world.changes += 1

    # ---- time

    def takes_turn(self):
        """Whether the drivers have a turn now: not where nothing has passed for them and nothing happened."""
        world = self.world
        turn = (self._calm.passed_ms(), self._counting.passed_ms(), world.changes)
        if turn == self._turn:
            return False
        self._turn = turn
        return True

    def pass_ms(self, due_ms, most_ms, attend):
        """Let time pass, `most_ms` at most, and return how much; attend() gives the drivers a turn."""
        world = self.world
        # Nothing has to be heard again where nothing flowed, unless the meter is silent anyway.
        settle_ms = self.settle_ms if world.current_ma() or not self._heard() else 0
        most_ms = min(most_ms, max(due_ms, TURN_MS))
        ms = most_ms - settle_ms
        if ms <= TURN_MS or not self._is_quiet():
            ms = min(TURN_MS, most_ms)
            world.step(world.now_ms + ms, leased=True)
            return ms
        began_ms = world.now_ms
        end_ms = began_ms + self._jump(ms) + settle_ms
        while world.now_ms < end_ms:
            world.step(min(world.now_ms + TURN_MS, end_ms), leased=True)
            attend()
        return world.now_ms - began_ms

    def _heard(self):
        return self.meter is None or self.meter.read() is not None

    def _jump(self, ms):
        world = self.world
        controller = world.controller
        flows = world.current_ma() > 0
        if flows and self.most_gap_ms:
            ms = min(ms, self.most_gap_ms)
        if controller:
            controller.renewed(world.now_ms + ms)
        ms = max(TURN_MS, world.skip_ms(ms))
        world.step(world.now_ms + ms, leased=True)
        if controller:
            controller.renewed(world.now_ms)
        self._calm.skipped_ms += ms
        if not flows:
            self._counting.skipped_ms += ms
        return ms

    def _is_quiet(self):
        """Whether nothing has changed for so long that no driver has anything to do but to look again."""
        world, power = self.world, self.power
        seen = [world.changes]
        trouble = bool(self._switched)
        if power:
            seen += [power.vehicle(), power.contactor(), power.fault(), power.asked_ma]
            trouble = trouble or bool(power.fault() or power.complaint())
        if self.meter:
            seen += [self.meter.complaint(), self._heard()]
            trouble = trouble or bool(self.meter.complaint())
        if self.reader:
            seen.append(self.reader.healthy())
            trouble = trouble or not self.reader.healthy()
        if seen != self._seen:
            self._seen = seen
            self._quiet_ms = world.now_ms + (TROUBLE_QUIET_MS if trouble else QUIET_MS)
        return world.now_ms >= self._quiet_ms

    # ---- what the makers below take

    def now_ms(self):
        return self.world.now_ms

    def open_meter(self, module, chip, objects, faults, gap_ms, settle_ms):
        """gap_ms: how long the chip may be left alone while it counts. settle_ms: turns until it is heard."""
        self.most_gap_ms, self.settle_ms = gap_ms, settle_ms
        chip["calibrated"] = True
        return self._open("meter", module, chip, objects, faults, self._counting)

    def open_reader(self, module, chip, objects, faults):
        return self._open("reader", module, chip, objects, faults, self._calm)

    def open_power(self, module, chip, objects, faults):
        return self._open("power", module, chip, objects, faults, self._calm)

    def _open(self, role, module, chip, objects, faults, clock):
        if faults:
            self._faults[role] = faults
        objects["limits"] = LIMITS
        module = __import__("hal.%s.%s" % (_FOLDERS[role], module), None, None, ("open_driver",))
        return module.open_driver(chip, objects, clock)
