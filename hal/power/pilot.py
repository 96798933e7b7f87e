"""The arithmetic of control pilot, proximity and temperature (IEC 61851-1); pure, integers only.

Duty in permille of the 1 kHz period, current in mA, voltage as the mV that the board's ADC pin sees, whose
bands come from the board description. Every value is rounded once, at the end.
"""

from hal.ports import LEAST_LIMIT_MA, MOST_LIMIT_MA

_KNEE_MA = 51000
_KNEE = 850
DERATE_FROM = 600  # tenths of a degree C
DERATE_TO = 700


def duty_permille(limit_ma):
    """The duty that offers `limit_ma`: 6000..80000 mA as 100..960; 0 for any other current.

    Up to 51 A duty% = I/0.6, above duty% = I/2.5 + 64. Between 51 and 52.5 A the second gives less than
    85 %, which a vehicle reads by the first: there it stays at 85 %, which is 51 A.
    """
    if not LEAST_LIMIT_MA <= limit_ma <= MOST_LIMIT_MA:
        return 0
    if limit_ma <= _KNEE_MA:
        return (limit_ma + 30) // 60
    return max(_KNEE, (limit_ma + 160000 + 125) // 250)


def limit_of(permille):
    """The current that a vehicle takes from a duty, mA; 0 where it must not charge."""
    if permille < 80 or permille > 970:
        return 0  # 30..70 asks for digital communication, which this charger has not
    if permille < 100:
        return LEAST_LIMIT_MA
    if permille <= _KNEE:
        return permille * 60
    return min(MOST_LIMIT_MA, (permille - 640) * 250)


def duty_u16(permille):
    """Permille as `machine.PWM.duty_u16` takes it, 0..65535."""
    return (permille * 65535 + 500) // 1000


def vehicle_of(high_mv, bands_mv, error_mv, hysteresis_mv, last):
    """The state that the pilot's high level shows: "A".."D", "E" at 0 V and below, "" between the bands.

    bands_mv: (least, most) of A, B, C, D. error_mv: what is at most E. The band of the state before, `last`,
    is wider by `hysteresis_mv` at both ends.
    """
    for i in range(4):
        slack = hysteresis_mv if "ABCD"[i] == last else 0
        if bands_mv[i][0] - slack <= high_mv <= bands_mv[i][1] + slack:
            return "ABCD"[i]
    return "E" if high_mv <= error_mv else ""


def plug_limit_ma(pp_mv, windows):
    """What the cable's code allows, mA; 0 where the voltage is in no window: short, open, or no code.

    windows: (least mV, most mV, mA) of each code: 1500 ohm 13 A, 680 20 A, 220 32 A, 100 63 A.
    """
    for least_mv, most_mv, limit_ma in windows:
        if least_mv <= pp_mv <= most_mv:
            return limit_ma
    return 0


def tenths_of(ntc_mv, table):
    """The temperature in tenths of a degree C, None where the sensor is missing or short.

    table: (mV, tenths) with falling mV, rising temperature; straight lines between.
    """
    if not table[-1][0] <= ntc_mv <= table[0][0]:
        return None
    for i in range(len(table) - 1):
        (above_mv, cold), (below_mv, warm) = table[i], table[i + 1]
        if ntc_mv >= below_mv:
            return cold + (warm - cold) * (above_mv - ntc_mv) // (above_mv - below_mv)
    return None


def derated_ma(limit_ma, tenths):
    """`limit_ma` at a temperature: whole up to 60 degrees, then in a straight line to 6 A at 70, where it ends.

    tenths None, a sensor that is missing: 6 A. 0 from 70 degrees on.
    """
    if limit_ma < LEAST_LIMIT_MA:
        return 0
    if tenths is None:
        return LEAST_LIMIT_MA
    if tenths >= DERATE_TO:
        return 0
    if tenths <= DERATE_FROM:
        return limit_ma
    span = DERATE_TO - DERATE_FROM
    return LEAST_LIMIT_MA + (limit_ma - LEAST_LIMIT_MA) * (DERATE_TO - tenths) // span
