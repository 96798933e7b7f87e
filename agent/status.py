"""What the charger says of itself between records: the retained status, and a session's live values."""

import json

from . import states
from .packing import member

WILL = b'{"v":1,"online":false}'


def status(house, up_ms):
    """The status message as JSON bytes (design section 4). No card data."""
    config = house.config.current
    now_s = house.time.unix_s(up_ms)
    connector = house.connector
    return json.dumps(
        {
            "v": 1,
            "online": True,
            "boot": house.counters.boot,
            "fw": house.fw,
            "state": connector.state,
            "vehicle": connector.vehicle,
            "monthly_payment": {"enabled": config.enabled, "version": config.version},
            "tariff": config.tariff and {"id": config.tariff[0], "version": config.tariff[1]},
            "key": house.keys.generation,
            "list": _list(house, now_s),
            "unsent": house.outbox.unsent,
            "rejected": house.outbox.rejected,
            "free_kib": house.free_kib(),
            "store": "fault" if not house.store_ok else "full" if house.room.full else "ok",
            "clock": house.time.quality,
            "time": now_s,
            "faults": faults(house, up_ms),
        }
    ).encode()


def _list(house, now_s):
    age_s = None
    if now_s is not None and house.counters.list_fresh_s:
        age_s = max(0, now_s - house.counters.list_fresh_s)
    held = house.subscribers
    told = {"version": held.version, "count": held.count, "age_s": age_s}
    waits = house.list_update.waits()
    if waits is not None:
        told["waits"] = waits
    return told


def faults(house, up_ms):
    """The words for everything that is wrong now, [] when nothing is."""
    connector = house.connector
    words = []
    for word in (connector.fault, connector.pilot_fault, connector.meter.fault(up_ms)):
        if word:
            words.append(word)
    words.extend(house.complaints)
    if not house.store_ok:
        words.append("store_fault")
    if not house.config.readable:
        words.append("config_unreadable")
    if not house.subscribers.readable:
        words.append("list_unreadable")
    if not house.keys.readable:
        words.append("keys_unreadable")
    return words


def telemetry(house, up_ms):
    """The running session's live values as a dict."""
    connector = house.connector
    reading = connector.meter.raw
    return {
        "session": member(connector.session.terms, "session"),
        "connector": 1,
        "w": reading.power_w,
        "wh": connector.session.register_wh - connector.session.reg_begin_wh,
        "a": [ma / 1000 for ma in reading.current_ma],
        "volt": list(reading.voltage_v),
        "limit_ma": connector.permit_ma,
        "time": house.time.unix_s(up_ms),
        "clock": house.time.quality,
    }


def indication(house):
    """The word for the indicator: what was just shown while it lasts, else what the state means."""
    if house.shown:
        return house.shown
    if house.connector.asking:
        return "asking"
    state = house.connector.state
    if state in (states.SUSPENDED_EV, states.SUSPENDED_EVSE):
        return "suspended"
    return state
