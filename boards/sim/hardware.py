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

from hal.ports import Clock

TURN_MS = 50
LIMITS = {"limit_ma": 32000, "phases": 3}
QUIET_MS = 7000  # longer than the slowest thing that a power board does after a change
TROUBLE_QUIET_MS = 65000  # while something is wrong: drivers tell of it for a minute, or after one

_FLIP_EVERY = 7


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

    meter, reader, power: the drivers; None where it is the mock's.
    """

    def __init__(self, world, names, serial):
        self.meter = self.reader = self.power = None
        self.most_gap_ms = self.settle_ms = 0
        self._world = world
        self._calm = DriverClock(world)
        self._counting = DriverClock(world)
        self._switches = {}
        self._switched = {}
        self._seen = self._turn = None
        self._quiet_ms = world.now_ms + QUIET_MS
        if names["power"] != "mock":
            self.power = Asked(_POWERS[names["power"]](self))
        if names["meter"] != "mock":
            self.meter = _METERS[names["meter"]](self, serial)
        if names["reader"] != "mock":
            self.reader = _READERS[names["reader"]](self)

    # ---- the bus's faults

    def switch(self, of, fault):
        """Switch the fault "cut" or "flip" of a bus on, or all off with "". ValueError where it cannot be."""
        if of not in self._switches:
            raise ValueError("the %s has no bus" % of)
        self._switches[of](fault)
        self._switched[of] = fault
        if not fault:
            del self._switched[of]
        self._world.changes += 1

    # ---- time

    def takes_turn(self):
        """Whether the drivers have a turn now: not where nothing has passed for them and nothing happened."""
        world = self._world
        turn = (self._calm.passed_ms(), self._counting.passed_ms(), world.changes)
        if turn == self._turn:
            return False
        self._turn = turn
        return True

    def pass_ms(self, due_ms, most_ms, attend):
        """Let time pass, `most_ms` at most, and return how much; attend() gives the drivers a turn."""
        world = self._world
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
        world = self._world
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
        world, power = self._world, self.power
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
        return self._world.now_ms

    def open_meter(self, module, chip, objects, gap_ms, settle_ms):
        """gap_ms: how long the chip may be left alone while it counts. settle_ms: turns until it is heard."""
        self.most_gap_ms, self.settle_ms = gap_ms, settle_ms
        self._add("meter", objects["bus"].lines)
        chip["calibrated"] = True
        objects["limits"] = LIMITS
        return _open("hal.meters." + module, chip, objects, self._counting)

    def open_reader(self, module, chip, objects):
        self._add("reader", objects["bus"].lines)
        return _open("hal.readers." + module, chip, objects, self._calm)

    def open_power(self, module, chip, objects):
        if "bus" in objects:
            self._add("power", objects["bus"].lines)
        objects["limits"] = LIMITS
        return _open("hal.power." + module, chip, objects, self._calm)

    def _add(self, of, lines):
        def switch(fault):
            lines.cut = fault == "cut"
            lines.flip_every = _FLIP_EVERY if fault == "flip" else 0

        self._switches[of] = switch


def _open(module, chip, objects, clock):
    return __import__(module, None, None, ("open_driver",)).open_driver(chip, objects, clock)


def _atm90e32(hardware, serial):
    from hal.mock.buses import SimPin, SimSpi
    from hal.mock.chips.atm90e32 import CONSTANTS, Atm90e32Chip

    pin = SimPin()
    objects = {"bus": SimSpi({pin: Atm90e32Chip(hardware._world)}), "cs": pin}
    chip = {"serial": serial, "constants": CONSTANTS}
    return hardware.open_meter("atm90e32", chip, objects, 120000, 800)


def _bl0942(hardware, serial):
    from hal.mock.chips.bl0942 import CONSTANTS, Bl0942Chip

    chip = {"serial": serial, "constants": CONSTANTS}
    bus = _uart(hardware, Bl0942Chip(hardware._world), 4800)
    return hardware.open_meter("bl0942", chip, {"bus": bus}, 120000, 800)


def _cse7766(hardware, serial):
    from hal.mock.chips.cse7766 import Cse7766Chip

    chip = {"serial": serial, "constants": {"voltage_permille": 1000, "current_permille": 1000}}
    bus = _uart(hardware, Cse7766Chip(hardware._world), 4800)
    return hardware.open_meter("cse7766", chip, {"bus": bus}, 4500, 400)


def _sdm630(hardware, serial):
    from hal.mock.chips.modbus_slave import ModbusSlave
    from hal.mock.chips.rs485 import SimRs485

    slave = ModbusSlave(hardware._world, "sdm630")
    bus = SimRs485(hardware.now_ms, slave, 9600)
    objects = {"bus": bus, "settings": {"baud": 9600}}
    return hardware.open_meter("modbus", {"model": "sdm630"}, objects, 600000, 1000)


def _pn532(hardware):
    from hal.mock.chips.cards import Field
    from hal.mock.chips.pn532 import Pn532Chip, Pn532OnUart

    wire = Pn532OnUart(Pn532Chip(hardware._world, Field(hardware._world)))
    bus = wire.line = _uart(hardware, wire, 115200)
    return hardware.open_reader("pn532", {"transport": "uart"}, {"bus": bus})


def _mfrc522(hardware):
    from hal.mock.buses import SimPin, SimSpi
    from hal.mock.chips.cards import Field
    from hal.mock.chips.mfrc522 import Mfrc522Chip

    pin = SimPin()
    bus = SimSpi({pin: Mfrc522Chip(hardware._world, Field(hardware._world))})
    return hardware.open_reader("mfrc522", {"transport": "spi"}, {"bus": bus, "cs": pin})


def _openevse(hardware):
    from hal.mock.chips.openevse import OpenEvseChip

    bus = _uart(hardware, OpenEvseChip(hardware._world), 115200)
    return hardware.open_power("openevse", {}, {"bus": bus})


def _direct(hardware):
    from hal.mock.chips.pilot_circuit import FACTS, PilotCircuit

    circuit = PilotCircuit(hardware._world, gate=True, comparator=True)

    def switch(fault):
        if fault == "flip":
            raise ValueError("a pilot has no bytes to flip")
        circuit.broken = fault == "cut"

    hardware._switches["power"] = switch
    return hardware.open_power("direct", {"facts": FACTS}, dict(circuit.ports))


def _uart(hardware, chip, baud):
    from hal.mock.buses import SimUart

    bus = SimUart(hardware.now_ms, chip, baud)
    chip.uart = bus
    return bus


_METERS = {"atm90e32": _atm90e32, "bl0942": _bl0942, "cse7766": _cse7766, "sdm630": _sdm630}
_READERS = {"pn532": _pn532, "mfrc522": _mfrc522}
_POWERS = {"openevse": _openevse, "direct": _direct}
