"""The OpenEVSE controller's energy as a meter: `$GU` gives the session's Ws and the lifetime's Wh.

The lifetime takes the session in at unplugging only, cut to whole Wh, and the session stays to be seen until
the next one; a power cut loses the session. So never their sum: what is counted is what each reading is more
than the last, in integer Ws, and the register (hal/energy.py) is ours. The last reading lies in flash beside
the register it was counted into, so that what flowed while this charger was booting is counted too:

    session_ws u32 | lifetime_wh u32 | register_wh u64 | rest_uj u64 | crc32 u32
"""

import binascii
import struct

from hal.energy import KEEP_WH, UJ_PER_WH, EnergyRegister
from hal.opening import need
from hal.ports import Meter, Reading

PATH = "openevse"
FRESH_MS = 1000
SUMS_MS = 1000  # the controller adds to its energy once a second
MOST_WS = 120000  # 3 x 80 A for 2 s: more between two readings is not believed at once

_FORM = "<IIQQ"
_SIZE = 24


def counted_ws(before, now):
    """Ws that flowed between two readings (session_ws, lifetime_wh), at least; 0 where nothing can be said.

    The lifetime stands: the session grew, or it is a new one (the controller has booted). It rose: the session
    was taken in, and is still shown, or the next has begun. It fell: another controller.
    """
    if now[1] < before[1]:
        return 0
    if now[0] >= before[0]:
        if now[1] - before[1] not in (0, now[0] // 3600):  # more than the session that is shown
            return max(0, (now[1] - before[1]) * 3600 - before[0])
        return now[0] - before[0]
    if now[1] == before[1]:
        return now[0]
    return max(0, (now[1] - before[1]) * 3600 - before[0])


class OpenEvseMeter(Meter):
    """power: the `hal.power.openevse.OpenEvse`. serial: of the charger, 1 to 24 characters.

    phases: 1..3 that carry the current that the one transformer sees; the controller's energy must be built
    for as many. voltage_mv of the controller is a fixed value unless it has been told the real one.
    """

    def __init__(self, power, serial, phases=1):
        self.register = EnergyRegister(serial)
        self._power = power
        self._phases = phases
        self._volume = None
        self._base = None  # the reading that has been counted
        self._ahead_uj = 0  # what the charger had noted beyond the reading in flash
        self._odd = None  # one that came unexpected and waits for another that agrees
        self._seen = 0
        self._kept_wh = 0

    def begin(self, volume, register_wh, serial):
        self._volume = volume
        self.register.begin(volume, register_wh, serial)
        kept = _parse(volume)
        if kept is None:
            return
        base, kept_wh, kept_uj = kept
        behind_uj = (kept_wh - self.register.register_wh) * UJ_PER_WH
        behind_uj += kept_uj - self.register.rest_uj
        if behind_uj > 0:
            self.register.add(behind_uj)
        self._base = base
        self._ahead_uj = max(0, -behind_uj)

    def attend(self):
        power = self._power
        if power.energy_seen == self._seen or self._volume is None:
            return
        self._seen = power.energy_seen
        now = power.energy
        if self._base is None:
            if self._agreed(now):
                self._base = now
                self._keep()
            return
        odd = self._is_odd(now)
        if odd and not self._agreed(now):
            return
        flowed_uj = counted_ws(self._base, now) * 1000000
        ahead_uj = min(self._ahead_uj, flowed_uj)
        self._ahead_uj = 0
        self.register.add(flowed_uj - ahead_uj)
        self._base = now
        self._odd = None
        if odd or self.register.register_wh - self._kept_wh >= KEEP_WH:
            self._keep()

    def read(self):
        if self._base is None or self._power.energy_ms() > FRESH_MS or self._odd is not None:
            return None
        ma, mv, n = self._power.current_ma, self._power.voltage_mv, self._phases
        volt = mv // 1000
        return Reading(
            self.register.register_wh,
            self.register.serial,
            ma * volt * n // 1000,
            (ma, ma if n > 1 else 0, ma if n > 2 else 0),
            (volt, volt if n > 1 else 0, volt if n > 2 else 0),
            age_ms=self._power.energy_ms() + SUMS_MS,
        )

    def keep(self):
        """Keep register and reading in flash now, as on a warning that the supply goes."""
        self._keep()

    def _is_odd(self, now):
        """Whether `now` is anything but a session that goes on."""
        grown_ws = now[0] - self._base[0]
        return now[1] != self._base[1] or not 0 <= grown_ws <= MOST_WS

    def _agreed(self, now):
        """Whether `now` follows from the unexpected reading before it. A sum of 8 bits lets some noise pass."""
        odd, self._odd = self._odd, now
        return odd is not None and odd[1] == now[1] and 0 <= now[0] - odd[0] <= MOST_WS

    def _keep(self):
        register = self.register
        self._kept_wh = register.register_wh
        if self._volume is None or self._base is None:
            return
        register.keep()
        data = struct.pack(
            _FORM, self._base[0], self._base[1], register.register_wh, register.rest_uj
        )
        data += struct.pack("<I", binascii.crc32(data) & 0xFFFFFFFF)
        try:
            self._volume.write(PATH, data)
        except OSError:
            register.failed = True


def _parse(volume):
    """((session_ws, lifetime_wh), register_wh, rest_uj), None where it is absent or damaged."""
    try:
        data = volume.read(PATH)
    except OSError:
        return None
    if not data or len(data) != _SIZE + 4:
        return None
    if struct.unpack_from("<I", data, _SIZE)[0] != binascii.crc32(data[:_SIZE]) & 0xFFFFFFFF:
        return None
    session_ws, lifetime_wh, register_wh, rest_uj = struct.unpack_from(_FORM, data)
    return (session_ws, lifetime_wh), register_wh, rest_uj


def open_driver(chip, objects, clock):
    """See boards/drivers.py. chip: serial, phases. objects: power, of the driver hal.power.openevse."""
    power = need(objects, "power")
    if not hasattr(power, "energy_seen"):
        raise ValueError("power: this meter is in an openevse power board")
    return OpenEvseMeter(power, need(chip, "serial"), chip.get("phases", 1))
