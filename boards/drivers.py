"""Drivers by name: the one convention between a board's description and the drivers in hal/.

A driver is a module hal/meters/<driver>.py, hal/readers/<driver>.py or hal/power/<driver>.py with

    open_driver(chip, objects, clock) -> hal.ports.Meter, CardReader or PowerBoard

chip: the chip's part of board.json, as it stands there (a dict): model, constants, thresholds...
objects: what `machine` made for it, a dict: "bus" (UART, SPI or I2C) and "settings" (the bus's part of
    board.json: baud, mode...), "de" where the bus has one, every pin of chip["pins"] by its role ("cs",
    "reset", "relay", ...: Pin, ADC or PWM by its `way`), "limits" of board.json, "later" (ms, call): a
    one-shot timer, and for meter and reader "power": the power board's driver, whose chip may measure.
clock: hal.ports.Clock.

It leaves outputs as it finds them, does not talk to the chip yet, and raises ValueError for a description
that it cannot work with, naming the field. Only drivers that are named are imported.
"""

from hal.ports import CardReader, Meter, PowerBoard

FOLDERS = {"meter": "hal.meters.", "reader": "hal.readers.", "power": "hal.power."}


class NoMeter(Meter):
    """Stands for a meter whose driver could not be opened."""

    def read(self):
        return None


class NoReader(CardReader):
    """Stands for a reader that is not there: by design (healthy), or because it could not be opened."""

    def __init__(self, healthy=False):
        self._healthy = healthy

    def poll(self):
        return None

    def healthy(self):
        return self._healthy


class NoPower(PowerBoard):
    """Stands for a power board whose driver could not be opened: nothing flows."""

    def vehicle(self):
        return "F"

    def permit(self, limit_ma):
        pass

    def contactor(self):
        return False

    def fault(self):
        return "internal"


class Limited:
    """A power board that is never asked for more than the board's wiring bears, whatever its driver does.

    All but the permit is the driver's own.
    """

    def __init__(self, power, limit_ma):
        self._power = power
        self._limit_ma = limit_ma

    def permit(self, limit_ma):
        self._power.permit(min(limit_ma, self._limit_ma))

    def __getattr__(self, name):
        return getattr(self._power, name)


def open_chip(role, chip, objects_of, clock):
    """The driver that chip["driver"] names, or a stand-in that gives no energy and says why on the console.

    role: "meter", "reader" or "power". objects_of(chip) makes what the driver is given.
    """
    name = chip["driver"]
    if role == "reader" and name == "none":
        return NoReader(healthy=True)
    try:
        module = __import__(FOLDERS[role] + name, None, None, ("open_driver",))
        return module.open_driver(chip, objects_of(chip), clock)
    except (ImportError, AttributeError, KeyError, OSError, TypeError, ValueError) as error:
        print("%s: %s cannot be opened: %s: %s" % (role, name, type(error).__name__, error))
    return {"meter": NoMeter, "reader": NoReader, "power": NoPower}[role]()
