"""A module `machine` on the desk: it remembers what was made of it, in order, over hal.mock.buses."""

from hal.mock.buses import SimAdc, SimI2c, SimPin, SimPwm, SimSpi


class FakeMachine:
    """made: [(kind, number or id, what it was made with)]. uart(id, settings) gives a UART object."""

    def __init__(self, uart):
        self.made = made = []
        self.timers = []
        self.fed = self.resets = 0
        machine = self

        class Pin(SimPin):
            IN, OUT, PULL_UP, PULL_DOWN = 0, 1, 2, 3

            def __init__(self, number, way=None, pull=None, value=None):
                SimPin.__init__(self, 1 if value is None else value)
                self.number = number
                if way is not None:
                    made.append(("pin", number, way, value))

        class ADC(SimAdc):
            def __init__(self, pin):
                SimAdc.__init__(self, lambda: 0)
                made.append(("adc", pin.number))

        class PWM(SimPwm):
            def __init__(self, pin, freq, duty_u16):
                SimPwm.__init__(self, freq, duty_u16)
                made.append(("pwm", pin.number, freq, duty_u16))

        class Timer:
            ONE_SHOT = 0

            def __init__(self, number):
                self.number = number

            def init(self, mode, period, callback):
                machine.timers.append((self.number, period, callback))

        class WDT:
            def __init__(self, timeout):
                made.append(("wdt", timeout))

            def feed(self):
                machine.fed += 1

        def UART(number, **settings):
            made.append(("uart", number, settings["tx"].number, settings["rx"].number))
            return uart(number, settings)

        def SPI(number, **settings):
            made.append(("spi", number, settings["sck"].number))
            return SimSpi({})

        def I2C(number, **settings):
            made.append(("i2c", number, settings["scl"].number))
            return SimI2c({}, settings["timeout"])

        self.Pin, self.ADC, self.PWM = Pin, ADC, PWM
        self.Timer, self.WDT = Timer, WDT
        self.UART, self.SPI, self.I2C = UART, SPI, I2C

    def unique_id(self):
        return b"\x24\x6f\x28\x01\x02\x03"

    def reset(self):
        self.resets += 1
