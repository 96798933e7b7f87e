"""The rules of a board description that a schema cannot say; each error names its field."""

from hal.meters.modbus_table import MODELS, Model
from hal.readers.pn532_i2c import LEAST_HZ
from tools.boards.processors import PROCESSORS

# kinds of bus that a driver talks over; None: it needs none
KINDS = {
    "atm90e32": ("spi",),
    "bl0942": ("uart",),
    "cse7766": ("uart",),
    "modbus": ("uart",),
    "openevse": ("uart",),
    "pn532": ("i2c", "spi", "uart"),
    "mfrc522": ("spi",),
    "direct": None,
    "none": None,
}
# what a driver cannot do without, by its name: roles of `pins`
ROLES = {
    "direct": ("pwm", "cp_high", "cp_low", "relay", "live"),
    "atm90e32": ("cs",),
    "mfrc522": ("cs",),
}
BUS_PINS = {"uart": ("tx", "rx", "de"), "spi": ("sck", "mosi", "miso"), "i2c": ("scl", "sda")}
DRIVEN = ("tx", "de", "sck", "mosi", "scl", "sda", "mdc", "mdio", "power")


def errors(board):
    """What is wrong with a description that the schema has accepted: ["field: reason"]."""
    return [
        *_pins(board),
        *_buses(board),
        *_chips(board),
        *_meter(board),
        *_reader(board),
        *_relay(board),
        *_rest(board),
    ]


def uses(board):
    """Every use of a pin: (field, gpio, driven)."""
    for name, entry in board["pins"].items():
        yield "pins.%s.gpio" % name, entry["gpio"], entry["way"] in ("out", "pwm")
    for name, bus in board["buses"].items():
        for role in BUS_PINS[bus["kind"]]:
            if role in bus:
                yield "buses.%s.%s" % (name, role), bus[role], role in DRIVEN
    net = board["network"]
    for role in ("mdc", "mdio", "power", "clock"):
        if role in net:
            driven = role in DRIVEN or (role == "clock" and net["clock_out"])
            yield "network.%s" % role, net[role], driven


def _pins(board):
    cpu = PROCESSORS[board["mcu"]]
    first = {}
    for field, gpio, driven in uses(board):
        if gpio not in cpu.pins:
            yield "%s: %s has no pin %d" % (field, board["mcu"], gpio)
        elif gpio in cpu.flash:
            yield "%s: pin %d belongs to the flash chip" % (field, gpio)
        elif gpio in cpu.radio and board["network"]["kind"] == "wifi":
            yield "%s: pin %d belongs to the radio" % (field, gpio)
        elif gpio in cpu.ethernet and board["network"]["kind"] == "ethernet":
            yield "%s: pin %d belongs to the Ethernet PHY" % (field, gpio)
        if driven and gpio in cpu.input_only:
            yield "%s: pin %d is an input only" % (field, gpio)
        if gpio in first:
            yield "%s: pin %d is already %s" % (field, gpio, first[gpio])
        first.setdefault(gpio, field)
    for name, entry in board["pins"].items():
        if entry["way"] == "analog" and entry["gpio"] not in cpu.analog:
            yield (
                "pins.%s.gpio: pin %d has no ADC that works beside the network"
                % (name, entry["gpio"])
            )
        if entry["gpio"] in cpu.input_only and entry.get("pull"):
            yield "pins.%s.pull: pin %d has no pull resistor" % (name, entry["gpio"])


def _buses(board):
    first = {}
    for name, bus in board["buses"].items():
        key = bus["kind"], bus["id"]
        if key in first:
            yield "buses.%s.id: %s %d is already buses.%s" % (name, *key, first[key])
        first.setdefault(key, name)


def _chips(board):
    for role, chip in board["chips"].items():
        field, driver = "chips.%s" % role, chip["driver"]
        kinds = KINDS[driver]
        if kinds is None:
            if "bus" in chip:
                yield "%s.bus: %s has no bus" % (field, driver)
        elif chip.get("bus") not in board["buses"]:
            yield "%s.bus: there is no bus %r" % (field, chip.get("bus"))
        elif board["buses"][chip["bus"]]["kind"] not in kinds:
            yield "%s.bus: %s needs %s" % (field, driver, " or ".join(kinds))
        elif (
            chip.get("transport", board["buses"][chip["bus"]]["kind"])
            != (board["buses"][chip["bus"]]["kind"])
        ):
            yield "%s.transport: the bus is %s" % (field, board["buses"][chip["bus"]]["kind"])
        named = chip.get("pins", {})
        for wanted in ROLES.get(driver, ()):
            if wanted not in named:
                yield "%s.pins.%s: %s needs it" % (field, wanted, driver)
        if driver == "direct" and "facts" not in chip:
            yield "%s.facts: direct needs it" % field
        elif driver == "direct" and "pp" in named and "pp_windows" not in chip["facts"]:
            yield "%s.facts.pp_windows: the pin pp needs it" % field
        for wanted, pin in named.items():
            if pin not in board["pins"]:
                yield "%s.pins.%s: there is no pin %r" % (field, wanted, pin)
    light = board.get("indicator", {})
    if "pin" in light and board["pins"].get(light["pin"], {}).get("way") != "out":
        yield "indicator.pin: %r is no pin with way out" % light["pin"]


def _meter(board):
    meter = board["chips"]["meter"]
    if meter["driver"] == "modbus":
        if meter.get("model") not in MODELS:
            yield "chips.meter.model: no such meter; there are: %s" % ", ".join(sorted(MODELS))
        elif Model(meter["model"]).number is None and "serial" not in meter:
            yield "chips.meter.serial: a %s tells none, so it must stand here" % meter["model"]
    elif meter["calibrated"] and not meter.get("constants"):
        yield "chips.meter.constants: calibrated, and there are none"
    if meter["source"] == "mid" and meter["driver"] != "modbus":
        yield "chips.meter.source: a chip on the board is no certified meter"
    if meter["phases"] < board["limits"]["phases"]:
        yield "chips.meter.phases: the meter does not see every phase of limits.phases"


def _reader(board):
    reader = board["chips"]["reader"]
    bus = board["buses"].get(reader.get("bus"), {})
    slow = bus.get("kind") == "i2c" and bus["baud"] < LEAST_HZ
    if reader["driver"] == "pn532" and slow:
        yield "buses.%s.baud: a pn532 needs %d or more" % (reader["bus"], LEAST_HZ)
    if reader.get("proves") and reader["driver"] != "pn532":
        yield "chips.reader.proves: a %s cannot read such a card" % reader["driver"]


def _relay(board):
    if board["chips"]["power"]["driver"] != "direct":
        return
    name = board["chips"]["power"].get("pins", {}).get("relay")
    pin = board["pins"].get(name)
    if pin is None:
        return
    if name != "relay":
        yield "chips.power.pins.relay: the pin must be named relay, which is set first"
    field = "pins.%s" % name
    if pin["way"] != "out":
        yield "%s.way: a relay's pin is out" % field
        return
    active = 0 if pin.get("active") == "low" else 1
    if pin["boot"] == active:
        yield "%s.boot: the relay would be on from the start" % field
    if pin.get("active") == "low":
        yield (
            "%s.active: a pin floats at reset: only an active-high relay with a pull-down stays off"
            % field
        )
    if pin["gpio"] in PROCESSORS[board["mcu"]].unsteady:
        yield "%s.gpio: pin %d is not steadily low through reset" % (field, pin["gpio"])


def _rest(board):
    most = PROCESSORS[board["mcu"]].most_watchdog_ms
    if board["watchdog_ms"] > most:
        yield "watchdog_ms: %s has %d at most" % (board["mcu"], most)
    wanted = "start" if board["mcu"].startswith("rp") else "partition"
    if wanted not in board["flash"]:
        yield "flash: %s needs %s" % (board["mcu"], wanted)
    if board["network"]["kind"] == "ethernet" and board["mcu"] != "esp32":
        yield "network.kind: only the esp32 has Ethernet"
