"""Record bodies in few bytes, and back.

A body is a tuple of (key, value) pairs, so that its order is its own and not a dictionary's. Values
are None, bool, int, str, Instant, Samples, lists and bodies. Keys and common words are one byte:
their tables are part of what lies in flash, so they are only ever appended to.
"""

from .const import const
from .samples import Samples, known
from .timekeeping import QUALITIES, Instant

KEYS = (
    "session token type ref method user contract group billing tariff id version meter serial source "
    "reg_begin_wh list_version offline t_auth t_plug t_start reg_end_wh energy_wh seconds connected charging "
    "ev_suspended evse_suspended outage samples t_stop t_unplug stop_reason flags reason count enabled "
    "outage_s resumed from to flag before_wh after_wh fault on free_kib month sessions first_seq last_seq "
    "certified signed detail policy unbilled_sessions unbilled_wh unknown "
    "generation rule"
).split(" ")

WORDS = (
    "ISO14443 Central None none rfid_list rfid_online app_ble app_cloud ppm free mid internal "
    "Local Remote EVDisconnected DeAuthorized PowerLoss Reboot EmergencyStop Other "
    "rfid_guest"
).split(" ")

_NONE = const(0)
_FALSE = const(1)
_TRUE = const(2)
_INT = const(3)
_NEGATIVE = const(4)
_STR = const(5)
_LIST = const(6)
_BODY = const(7)
_INSTANT = const(8)
_SAMPLES = const(9)
_WORD = const(0x80)  # 0x80 + n is WORDS[n]


def pack(body):
    """The bytes of a body. ValueError for a key that has no number."""
    out = bytearray()
    _pack_value(out, body)
    return bytes(out)


def unpack(data):
    """The body in `data`, as nested tuples of pairs. ValueError when it is damaged."""
    try:
        value, end = _unpack_value(data, 0)
    except IndexError:
        raise ValueError("record body: cut short")
    except RuntimeError:
        raise ValueError("record body: nested without end")
    if end != len(data):
        raise ValueError("record body: %d bytes too many" % (len(data) - end))
    return value


def member(body, *names):
    """The value under a path of keys, None when absent."""
    for name in names:
        for key, value in body if isinstance(body, tuple) else ():
            if key == name:
                body = value
                break
        else:
            return None
    return body


def _pack_int(out, value):
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)


def _unpack_int(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7


def _pack_value(out, value):
    if value is None:
        out.append(_NONE)
    elif value is False:
        out.append(_FALSE)
    elif value is True:
        out.append(_TRUE)
    elif isinstance(value, int):
        out.append(_INT if value >= 0 else _NEGATIVE)
        _pack_int(out, abs(value))
    elif isinstance(value, str):
        if value in WORDS:
            out.append(_WORD + WORDS.index(value))
        else:
            data = value.encode()
            out.append(_STR)
            _pack_int(out, len(data))
            out.extend(data)
    elif isinstance(value, tuple):
        out.append(_BODY)
        out.append(len(value))
        for key, inner in value:
            out.append(KEYS.index(key))
            _pack_value(out, inner)
    elif isinstance(value, list):
        out.append(_LIST)
        _pack_int(out, len(value))
        for inner in value:
            _pack_value(out, inner)
    elif isinstance(value, Instant):
        out.append(_INSTANT)
        _pack_int(out, value.boot)
        _pack_int(out, value.up_ms)
        out.append(QUALITIES.index(value.quality))
        _pack_int(out, value.unix_s or 0)
    elif isinstance(value, Samples):
        out.append(_SAMPLES)
        data = value.packed()
        _pack_int(out, value.reg_begin_wh)
        _pack_int(out, len(data))
        out.extend(data)
    else:
        raise ValueError("record body: %r has no packed form" % (value,))


def _unpack_value(data, at):
    tag = data[at]
    at += 1
    if tag >= _WORD:
        return WORDS[tag - _WORD], at
    if tag == _NONE:
        return None, at
    if tag == _FALSE or tag == _TRUE:
        return tag == _TRUE, at
    if tag == _INT or tag == _NEGATIVE:
        value, at = _unpack_int(data, at)
        return (value if tag == _INT else -value), at
    if tag == _STR:
        size, at = _unpack_int(data, at)
        if at + size > len(data):
            raise IndexError
        return str(bytes(data[at : at + size]), "utf-8"), at + size
    if tag == _BODY:
        size = data[at]
        at += 1
        pairs = []
        for _ in range(size):
            key = KEYS[data[at]]
            value, at = _unpack_value(data, at + 1)
            pairs.append((key, value))
        return tuple(pairs), at
    if tag == _LIST:
        size, at = _unpack_int(data, at)
        values = []
        for _ in range(size):
            value, at = _unpack_value(data, at)
            values.append(value)
        return values, at
    if tag == _INSTANT:
        boot, at = _unpack_int(data, at)
        up_ms, at = _unpack_int(data, at)
        quality = QUALITIES[data[at]]
        unix_s, at = _unpack_int(data, at + 1)
        return Instant(boot, up_ms, unix_s or None, quality), at
    if tag == _SAMPLES:
        reg_begin_wh, at = _unpack_int(data, at)
        size, at = _unpack_int(data, at)
        if at + size > len(data):
            raise IndexError
        if not known(data[at : at + size]):
            raise ValueError("record body: unknown sample")
        return Samples(reg_begin_wh, data[at : at + size]), at + size
    raise ValueError("record body: unknown tag %d" % tag)
