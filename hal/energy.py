"""The register of a meter chip that counts and forgets: it only rises, and outlives chip and board.

A chip gives counts since its own start; what they are worth is a whole number of microjoules, so that
nothing is rounded: 1 Wh = 3,600,000,000 uJ. The sum is kept in flash now and then:

    wh u64 | rest_uj u64 | serial 24 | crc32 u32

A power cut loses what was counted since. Two things bound that: `not_below` takes over what the charger
has noted in its session (60 s or 100 Wh, whichever comes first), and a board that is warned of the cut
calls `keep`. It never adds anything.
"""

import binascii
import struct

UJ_PER_WH = 3600000000
PATH = "meter"
KEEP_WH = 1000  # kept at the latest after this much; less often than the charger keeps its session

_FORM = "<QQ24s"
_SIZE = 40


class EnergyRegister:
    """register_wh: whole Wh, never falling. serial: of the meter it belongs to, 1 to 24 characters.

    Before `begin` it counts in RAM from 0 and is not to be shown to anybody.
    """

    def __init__(self, serial):
        self.serial = serial
        self.register_wh = 0
        self.failed = False  # the volume did not take it; counting goes on
        self._rest_uj = 0
        self._kept_wh = 0
        self._volume = None

    def begin(self, volume, register_wh, serial):
        """Go on from what is kept on `volume`, or from `register_wh` where that is more.

        register_wh, serial: what the charger noted last (None, "" when nothing); of another serial
        number it says nothing. What was counted since the chip's start is added.
        """
        counted_wh, counted_uj = self.register_wh, self._rest_uj
        self._volume = volume
        self.register_wh = self._rest_uj = 0
        try:
            kept = _parse(volume.read(PATH), self.serial)
        except OSError:
            kept = None
            self.failed = True
        if kept:
            self.register_wh, self._rest_uj = kept
        if register_wh is not None and serial == self.serial and register_wh > self.register_wh:
            self.register_wh, self._rest_uj = register_wh, 0
        self._kept_wh = self.register_wh
        self.add(counted_wh * UJ_PER_WH + counted_uj)

    def add(self, energy_uj):
        """Count `energy_uj` (0 and up, uJ) more. ValueError for less: a chip's fault is its driver's to find."""
        if energy_uj < 0:
            raise ValueError("energy: %d uJ" % energy_uj)
        total_uj = self._rest_uj + energy_uj
        self.register_wh += total_uj // UJ_PER_WH
        self._rest_uj = total_uj % UJ_PER_WH

    @property
    def rest_uj(self):
        """What is counted beyond the whole Wh, 0..3,599,999,999 uJ."""
        return self._rest_uj

    def keep_when_due(self, after_wh=KEEP_WH):
        """Keep it in flash once `after_wh` have been counted since the last time."""
        if self.register_wh - self._kept_wh >= after_wh:
            self.keep()

    def keep(self):
        """Keep it in flash now. A volume that fails does not stop the counting."""
        if self._volume is None:
            return
        data = struct.pack(_FORM, self.register_wh, self._rest_uj, self.serial.encode())
        data += struct.pack("<I", binascii.crc32(data) & 0xFFFFFFFF)
        try:
            self._volume.write(PATH, data)
            self.failed = False
        except OSError:
            self.failed = True
        self._kept_wh = self.register_wh


def _parse(data, serial):
    """(wh, rest_uj) of the file's content, None where it is absent, damaged or of another meter."""
    if not data or len(data) != _SIZE + 4:
        return None
    if struct.unpack_from("<I", data, _SIZE)[0] != binascii.crc32(data[:_SIZE]) & 0xFFFFFFFF:
        return None
    register_wh, rest_uj, kept_serial = struct.unpack_from(_FORM, data)
    if kept_serial.rstrip(b"\x00") != serial.encode():
        return None
    return register_wh, rest_uj
