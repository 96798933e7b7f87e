"""What the simulated charger can be fitted with: each chip on its bus, with that bus's faults."""

_EVERY = 7  # the byte that is flipped or lost


class BusFaults:
    """The faults of a chip's bus, one at a time: cut, flip, drop, low, high of its `lines`, and the chip's own.

    lines: None for a chip without bytes. own: {word: call(on)}.
    """

    def __init__(self, lines, own=None):
        self._lines = lines
        self._own = own or {}
        self.words = sorted(self._own)
        if lines:
            self.words += ["cut", "drop", "flip", "high", "low"]

    def switch(self, fault):
        """This fault and no other; "" for none. ValueError for one that this bus cannot have."""
        if fault and fault not in self.words:
            raise ValueError("this bus can have %s" % ", ".join(self.words))
        lines = self._lines
        if lines:
            lines.cut = fault == "cut"
            lines.flip_every = _EVERY if fault == "flip" else 0
            lines.drop_every = _EVERY if fault == "drop" else 0
            lines.stuck = {"low": 0x00, "high": 0xFF}.get(fault)
        for word in self._own:
            self._own[word](word == fault)


def _setter(chip, name, on, off):
    """call(on) that sets an attribute."""

    def switch(is_on):
        setattr(chip, name, on if is_on else off)

    return switch


def _uart(hardware, chip, baud):
    from hal.mock.buses import SimUart

    bus = SimUart(hardware.now_ms, chip, baud)
    chip.uart = bus
    return bus


# ---- meters


def _atm90e32(hardware, serial):
    from hal.mock.buses import SimPin, SimSpi
    from hal.mock.chips.atm90e32 import CONSTANTS, Atm90e32Chip

    pin = SimPin()
    bus = SimSpi({pin: Atm90e32Chip(hardware.world)})
    chip = {"serial": serial, "constants": CONSTANTS}
    objects = {"bus": bus, "cs": pin}
    return hardware.open_meter("atm90e32", chip, objects, BusFaults(bus.lines), 120000, 800)


def _bl0942(hardware, serial):
    from hal.mock.chips.bl0942 import CONSTANTS, Bl0942Chip

    chip = {"serial": serial, "constants": CONSTANTS}
    bus = _uart(hardware, Bl0942Chip(hardware.world), 4800)
    return hardware.open_meter("bl0942", chip, {"bus": bus}, BusFaults(bus.lines), 120000, 800)


def _cse7766(hardware, serial):
    from hal.mock.chips.cse7766 import Cse7766Chip

    chip = {"serial": serial, "constants": {"voltage_permille": 1000, "current_permille": 1000}}
    bus = _uart(hardware, Cse7766Chip(hardware.world), 4800)
    return hardware.open_meter("cse7766", chip, {"bus": bus}, BusFaults(bus.lines), 4500, 400)


def _sdm630(hardware, serial):
    from hal.mock.chips.modbus_slave import ModbusSlave
    from hal.mock.chips.rs485 import SimRs485

    slave = ModbusSlave(hardware.world, "sdm630")
    bus = SimRs485(hardware.now_ms, slave, 9600)
    own = {
        "foreign": _setter(slave, "foreign_only", True, False),
        "late": _setter(slave, "late_every", 2, 0),
    }
    objects = {"bus": bus, "settings": {"baud": 9600}}
    faults = BusFaults(bus.lines, own)
    return hardware.open_meter("modbus", {"model": "sdm630"}, objects, faults, 600000, 1000)


def _openevse_meter(hardware, serial):
    chip, objects = {"serial": serial}, {"power": hardware.power}
    return hardware.open_meter("openevse", chip, objects, None, 4500, 1000)


# ---- readers


def _field(hardware):
    from hal.mock.chips.cards import Field

    hardware.field = Field(hardware.world)
    return hardware.field


def _pn532(hardware):
    from hal.mock.chips.pn532 import Pn532Chip, Pn532OnUart

    chip = Pn532Chip(hardware.world, _field(hardware))
    wire = Pn532OnUart(chip)
    bus = wire.line = _uart(hardware, wire, 115200)
    return _open_pn532(hardware, "uart", {"bus": bus}, bus.lines, chip, {})


def _pn532_i2c(hardware):
    from hal.mock.buses import SimI2c, SimPin
    from hal.mock.chips.pn532 import Pn532Chip, Pn532OnI2c
    from hal.opening import I2C_TIMEOUT_US

    chip = Pn532Chip(hardware.world, _field(hardware))
    wire = Pn532OnI2c(chip)
    bus = wire.bus = SimI2c({0x24: wire}, I2C_TIMEOUT_US)
    reset = SimPin()
    reset.told = chip.reset
    objects = {"bus": bus, "settings": {"kind": "i2c", "baud": 400000}, "reset": reset}
    own = {"stretch": _setter(wire, "stretch_us", 60000, wire.stretch_us)}
    return _open_pn532(hardware, "i2c", objects, bus.lines, chip, own)


def _pn532_spi(hardware):
    from hal.mock.buses import SimPin, SimSpi
    from hal.mock.chips.pn532 import Pn532Chip, Pn532OnSpi

    chip = Pn532Chip(hardware.world, _field(hardware))
    pin = SimPin()
    bus = SimSpi({pin: Pn532OnSpi(chip)})
    return _open_pn532(hardware, "spi", {"bus": bus, "cs": pin}, bus.lines, chip, {})


def _open_pn532(hardware, transport, objects, lines, chip, own):
    own["hang"] = _setter(chip, "hanging", True, False)
    description = {"transport": transport, "proves": True}
    return hardware.open_reader("pn532", description, objects, BusFaults(lines, own))


def _mfrc522(hardware):
    from hal.mock.buses import SimPin, SimSpi
    from hal.mock.chips.mfrc522 import Mfrc522Chip

    pin = SimPin()
    chip = Mfrc522Chip(hardware.world, _field(hardware))
    bus = SimSpi({pin: chip})
    faults = BusFaults(bus.lines, {"hang": _setter(chip, "hanging", True, False)})
    return hardware.open_reader("mfrc522", {"transport": "spi"}, {"bus": bus, "cs": pin}, faults)


# ---- power boards


def _openevse(hardware):
    from hal.mock.chips.openevse import OpenEvseChip

    bus = _uart(hardware, OpenEvseChip(hardware.world), 115200)
    return hardware.open_power("openevse", {}, {"bus": bus}, BusFaults(bus.lines))


def _direct(hardware):
    from hal.mock.chips.pilot_circuit import FACTS, PilotCircuit

    circuit = PilotCircuit(hardware.world, gate=True, comparator=True)
    own = {
        "cut": _setter(circuit, "broken", True, False),
        "low": _pilot_stuck(circuit, 0),
        "high": _pilot_stuck(circuit, 3100),
    }
    return hardware.open_power(
        "direct", {"facts": FACTS}, dict(circuit.ports), BusFaults(None, own)
    )


def _pilot_stuck(circuit, mv):
    def switch(is_on):
        # each of two faults is switched off after the other was switched on
        if is_on or circuit.between_mv == mv:
            circuit.between_mv = mv if is_on else None

    return switch


METERS = {
    "atm90e32": _atm90e32,
    "bl0942": _bl0942,
    "cse7766": _cse7766,
    "sdm630": _sdm630,
    "openevse": _openevse_meter,
}
READERS = {
    "pn532": _pn532,
    "pn532_i2c": _pn532_i2c,
    "pn532_spi": _pn532_spi,
    "mfrc522": _mfrc522,
}
POWERS = {"openevse": _openevse, "direct": _direct}
