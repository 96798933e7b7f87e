"""Pins and buses of a described board, made from its description: the relay's pin before everything else.

machine: the module `machine`, or what stands for it on a desk.
"""

from hal.opening import I2C_TIMEOUT_US

RELAY = "relay"


class Wiring:
    """pins: {name: machine object}; a pin that is "out" has its boot level before the next one is made.

    shared: what every driver is given beside its own bus and pins.
    """

    def __init__(self, description, machine):
        self._description = description
        self._machine = machine
        self._buses = {}
        self.pins = {}
        self.shared = {"limits": description["limits"], "later": self.later}
        pins = description.get("pins", {})
        # An order from here on: what can let energy through stands first, and is off.
        for name in sorted(pins, key=lambda name: (name != RELAY, name)):
            self.pins[name] = self._pin(pins[name])

    def objects(self, chip):
        """What a chip's driver is given, see boards/drivers.py."""
        found = dict(self.shared)
        for role, name in chip.get("pins", {}).items():
            found[role] = self.pins[name]
        name = chip.get("bus")
        if name:
            settings = self._description["buses"][name]
            found["bus"] = self._bus(name, settings)
            found["settings"] = settings
            if "de" in settings:
                found["de"] = self._machine.Pin(settings["de"], self._machine.Pin.OUT, value=0)
        return found

    def later(self, ms, call):
        """Call `call(timer)` once in `ms` milliseconds. One at a time: a second call moves the first."""
        timer = self._machine.Timer
        # the virtual timer of an RP2 is -1; an ESP32 has only numbered ones
        number = -1 if self._description["mcu"].startswith("rp") else 0
        timer(number).init(mode=timer.ONE_SHOT, period=ms, callback=call)

    def _pin(self, entry):
        pin = self._machine.Pin
        number, way = entry["gpio"], entry["way"]
        if way == "out":
            return pin(number, pin.OUT, value=entry["boot"])
        if way == "analog":
            adc = self._machine.ADC
            if hasattr(adc, "ATTN_11DB"):
                return adc(pin(number), atten=adc.ATTN_11DB)
            return adc(pin(number))
        if way == "pwm":
            # held high, which is the pilot's +12 V, until the driver sets a duty
            return self._machine.PWM(pin(number), freq=1000, duty_u16=65535)
        pull = entry.get("pull")
        if pull:
            return pin(number, pin.IN, pin.PULL_UP if pull == "up" else pin.PULL_DOWN)
        return pin(number, pin.IN)

    def _bus(self, name, settings):
        if name not in self._buses:
            self._buses[name] = self._open_bus(settings)
        return self._buses[name]

    def _open_bus(self, s):
        machine = self._machine
        pin = machine.Pin
        kind = s["kind"]
        if kind == "uart":
            return machine.UART(
                s["id"], baudrate=s["baud"], bits=8, parity=0 if s.get("parity") == "even" else None,
                stop=1, tx=pin(s["tx"]), rx=pin(s["rx"]), timeout=0, rxbuf=256, txbuf=256,
            )  # fmt: skip
        if kind == "spi":
            return machine.SPI(
                s["id"], baudrate=s["baud"], polarity=s.get("mode", 0) >> 1, phase=s.get("mode", 0) & 1,
                sck=pin(s["sck"]), mosi=pin(s["mosi"]), miso=pin(s["miso"]),
            )  # fmt: skip
        return machine.I2C(
            s["id"], scl=pin(s["scl"]), sda=pin(s["sda"]), freq=s["baud"], timeout=I2C_TIMEOUT_US
        )
