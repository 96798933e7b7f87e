"""Bytes on the bus: what each meter's driver moves in its turns, through its simulated chip."""

from hal.meters.atm90e32 import Atm90e32
from hal.meters.bl0942 import Bl0942
from hal.meters.cse7766 import Cse7766
from hal.meters.modbus import ModbusMeter
from hal.mock.buses import SimPin, SimSpi, SimUart
from hal.mock.chips import atm90e32, bl0942, cse7766
from hal.mock.chips.modbus_slave import ModbusSlave
from hal.mock.chips.rs485 import SimRs485
from hal.mock.ports import MockClock
from hal.mock.world import World
from hal.power import direct, openevse
from hal.readers import mfrc522, pn532
from hal.readers.pn532_hsu import Pn532Hsu
from hal.readers.pn532_i2c import LEAST_HZ, Pn532I2c
from hal.readers.pn532_spi import Pn532Spi

TURN_MS = 50
MOST_W = 8096
BAD_BUS = (0, 5, 7, 11, 13, 17, 29)
_CSE = {"voltage_permille": 1000, "current_permille": 1000}


def _atm90e32(world, clock):
    pin = SimPin()
    bus = SimSpi({pin: atm90e32.Atm90e32Chip(world)})
    return bus, Atm90e32(bus, pin, clock, "M", atm90e32.CONSTANTS, MOST_W)


def _bl0942(world, clock):
    chip = bl0942.Bl0942Chip(world)
    bus = chip.uart = SimUart(lambda: world.now_ms, chip, 4800)
    return bus, Bl0942(bus, clock, "M", bl0942.CONSTANTS, MOST_W)


def _cse7766(world, clock):
    chip = cse7766.Cse7766Chip(world)
    bus = chip.uart = SimUart(lambda: world.now_ms, chip, 4800)
    return bus, Cse7766(bus, clock, "M", _CSE, MOST_W)


METERS = {"atm90e32": _atm90e32, "bl0942": _bl0942, "cse7766": _cse7766}


def bus_bytes(name, flip_every=0, seconds=60):
    """(most bytes in one turn, bytes a second) of a meter at full load, its start included.

    flip_every: one byte of so many comes with an error, from a second after the start.
    """
    world = World()
    bus, meter = METERS[name](world, MockClock(world))
    world.plug(32000, 3 if name == "atm90e32" else 1)
    world.demand(32000)
    world.permit(32000)
    most = before = 0
    for _ in range(seconds * 1000 // TURN_MS):
        world.step(world.now_ms + TURN_MS, leased=True)
        meter.attend()
        if world.now_ms == 1000:
            bus.lines.flip_every = flip_every
        most = max(most, bus.lines.passed - before)
        before = bus.lines.passed
    return most, before // seconds


def bus_table():
    """Lines of text, one a meter."""
    rows = []
    for name in METERS:
        most = max(bus_bytes(name, every, 20)[0] for every in BAD_BUS)
        rows.append((name, most, bus_bytes(name)[1]))
    return ["%-10s %4d bytes in the worst turn, %5d a second" % row for row in rows]


# (bits that a byte takes on the line, bits a second): SPI 8, I2C 9, a UART 11 with start and pause
_UART_BITS = 11
CLOCKS = {
    "atm90e32": (8, 200000),
    "bl0942": (11, 4800),
    "cse7766": (11, 4800),
    "sdm630": (11, 9600),
    "pn532": (11, 115200),
    "pn532_i2c": (9, LEAST_HZ),
    "pn532_spi": (8, 1000000),
    "mfrc522": (8, 1000000),
    "openevse": (11, 115200),
}


class _Line:
    """Stands for a bus where only its bytes are asked for."""


def _modbus_bytes():
    """A request and the longest answer that came to it."""
    world = World()
    bus = SimRs485(lambda: world.now_ms, ModbusSlave(world, "sdm630"), 9600)
    meter = ModbusMeter(bus, MockClock(world), "sdm630")
    most = before = 0
    for _ in range(400):
        world.step(world.now_ms + TURN_MS)
        meter.attend()
        most = max(most, bus.lines.passed - before)
        before = bus.lines.passed
    return 8 + most


def worst_turns():
    """{driver: bytes on the bus in its worst turn}: measured for the meter chips, stated by the others."""
    found = {name: max(bus_bytes(name, every, 20)[0] for every in BAD_BUS) for name in METERS}
    found["sdm630"] = _modbus_bytes()
    found["pn532"] = pn532.worst_turn_bytes(Pn532Hsu(_Line()))
    found["pn532_i2c"] = pn532.worst_turn_bytes(Pn532I2c(_Line()))
    found["pn532_spi"] = pn532.worst_turn_bytes(Pn532Spi(_Line(), _Line()))
    found["mfrc522"] = mfrc522.worst_turn_bytes()
    found["openevse"] = sum(openevse.worst_turn_bytes())
    return found


def line_ms(name, size):
    """(ms on the line of so many bytes, whether the turn waits for them): a UART carries its own beside the turn."""
    bits, baud = CLOCKS[name]
    return size * bits * 1000 / baud, bits != _UART_BITS


def turn_ms(name, worst, times):
    """What a driver's worst turn takes from the control task, ms: the bytes that it waits for, and its Python.

    worst: of `worst_turns`. times: (p50, p99, worst) in us of what it took in MicroPython, of which the worst counts.
    """
    on_line, waited = line_ms(name, worst[name]) if name in worst else (0, False)
    return (on_line if waited else 0) + times[2] / 1000


def turn_lines(worst, facts, where):
    """Lines of text, one a driver: bytes, their time on the line, and what a turn took in MicroPython.

    worst: of `worst_turns`. facts: what tools.bench.board.turns said. A UART's bytes pass beside the turn.
    """
    lines = [
        "a driver's worst turn (%s; the times are told with the simulated chip in them):" % where
    ]
    for name, times in sorted(facts["found"].items()):
        p50, p99, most = times
        line = "  %-10s" % name
        if name in worst:
            ms, waited = line_ms(name, worst[name])
            beside = "within it" if waited else "beside the turn"
            line += "%4d bytes, %6.2f ms on the line %s;" % (worst[name], ms, beside)
        else:
            line += "%d ADC reads, %d pins;" % direct.worst_turn_reads()
        text = " Python p50 %.2f ms, p99 %.2f ms, worst %.2f ms = %.3f loops at p50"
        lines.append(line + text % (p50 / 1000, p99 / 1000, most / 1000, p50 / facts["unit_us"]))
    return lines
