"""A card reader, its bus, its simulated chip and the world, in steps of the control task."""

from hal.mock.buses import SimI2c, SimPin, SimSpi, SimUart
from hal.mock.chips.cards import Card, Field
from hal.mock.chips.mfrc522 import Mfrc522Chip
from hal.mock.chips.pn532 import Pn532Chip, Pn532OnI2c, Pn532OnSpi, Pn532OnUart
from hal.mock.ports import MockClock
from hal.mock.world import World
from hal.opening import I2C_TIMEOUT_US
from hal.readers.mfrc522 import Mfrc522
from hal.readers.pn532 import Pn532
from hal.readers.pn532_hsu import Pn532Hsu
from hal.readers.pn532_i2c import Pn532I2c
from hal.readers.pn532_spi import Pn532Spi

TURN_MS = 50
PN532 = ("hsu", "i2c", "spi")
ALL = PN532 + ("mfrc522",)


class CountingSpi(SimSpi):
    passed = 0

    def _exchange(self, byte):
        self.passed += 1
        return SimSpi._exchange(self, byte)


class CountingUart(SimUart):
    passed = 0

    def write(self, data):
        self.passed += len(data)
        return SimUart.write(self, data)

    def readinto(self, buf, size=-1):
        count = SimUart.readinto(self, buf, size)
        self.passed += count or 0
        return count


class CountingI2c(SimI2c):
    passed = 0

    def writeto(self, address, data, stop=True):
        self.passed += len(data) + 1
        return SimI2c.writeto(self, address, data, stop)

    def readfrom_into(self, address, buf, stop=True):
        self.passed += len(buf) + 1
        SimI2c.readfrom_into(self, address, buf, stop)


class Rig:
    """how: one of ALL. pin: whether the reset line is wired. options: of the driver."""

    def __init__(self, how, pin=True, files=None, **options):
        self.how = how
        self.world = World()
        self.clock = MockClock(self.world, (1 << 30) - 5000)
        self.field = Field(self.world, files)
        reset = SimPin() if pin else None
        select = SimPin()
        self.wire = None
        if how == "mfrc522":
            self.chip = Mfrc522Chip(self.world, self.field)
            self.bus = CountingSpi({select: self.chip})
            self.reader = Mfrc522(self.bus, select, self.clock, reset, **options)
        else:
            self.chip = Pn532Chip(self.world, self.field)
            if how == "hsu":
                self.wire = Pn532OnUart(self.chip)
                self.bus = self.wire.line = CountingUart(
                    lambda: self.world.now_ms, self.wire, 115200
                )
                self.transport = Pn532Hsu(self.bus)
            elif how == "i2c":
                self.wire = Pn532OnI2c(self.chip)
                self.bus = self.wire.bus = CountingI2c({0x24: self.wire}, I2C_TIMEOUT_US)
                self.transport = Pn532I2c(self.bus)
            else:
                self.wire = Pn532OnSpi(self.chip)
                self.bus = CountingSpi({select: self.wire})
                self.transport = Pn532Spi(self.bus, select)
            self.reader = Pn532(self.transport, self.clock, reset, **options)
        if pin:
            reset.told = self.chip.reset
            self.chip.reset(reset.value() == 0)
        self.worst = 0

    def run(self, ms):
        """Let the control task turn for `ms`; what the reader told: a list."""
        told = []
        for _ in range(ms // TURN_MS):
            before = self.bus.passed
            self.reader.attend()
            card = self.reader.poll()
            self.worst = max(self.worst, self.bus.passed - before)
            if card:
                told.append(card)
            self.world.step(self.world.now_ms + TURN_MS)
        return told

    def hold(self, uid, file=None):
        """Put a card into the field until `clear`."""
        card = Card(uid, file)
        self.field.held.append(card)
        return card

    def clear(self):
        """Take every card away."""
        self.field.held = []
