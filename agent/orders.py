"""Signed orders: one handler each. A handler returns members for the answer, or raises Refused with the reason."""

from .checks import integer, reference, word
from .reasons import Refused
from .subscribers import BILLINGS
from .timekeeping import LATEST_S

_COUNT = 0xFFFFFFFF


def carry_out(house, up_ms, order):
    """Do what a verified, fresh order says. Returns what the answer says besides (dict), None for nothing.

    Refused("unknown_order") for one that is not known.
    """
    handler = _HANDLERS.get(order["do"])
    if handler is None:
        raise Refused("unknown_order", "do: must be one of " + ", ".join(sorted(_HANDLERS)))
    return handler(house, up_ms, order)


def _start(house, up_ms, order):
    house.connector.order_start(
        up_ms,
        reference(order, "user", least=1),
        reference(order, "contract", ""),
        reference(order, "group", ""),
        word(order, "billing", BILLINGS[:2], "ppm"),
    )


def _stop(house, up_ms, order):
    house.connector.order_stop(up_ms)


def _lock(house, up_ms, order):
    house.lock(up_ms, True)


def _unlock(house, up_ms, order):
    house.lock(up_ms, False)


def _resend(house, up_ms, order):
    first = integer(order, "from", 1, _COUNT)
    last = integer(order, "to", first, _COUNT)
    if not house.outbox.resend(first, last):
        raise Refused("no_record", "from, to: none of these records is held")


def _reboot(house, up_ms, order):
    if house.connector.session is not None:
        raise Refused("busy", "a session is running")
    house.reset_ordered = True


def _identify(house, up_ms, order):
    house.indicate(up_ms, "identify")


def _set_time(house, up_ms, order):
    house.set_time(up_ms, integer(order, "time", 1, LATEST_S) * 1000, "S", "order", True)


def _trace(house, up_ms, order):
    return {"trace": house.trace.rows()}


def _not_yet(house, up_ms, order):
    raise Refused("not_supported")


_HANDLERS = {
    "start": _start,
    "stop": _stop,
    "lock": _lock,
    "unlock": _unlock,
    "resend": _resend,
    "reboot": _reboot,
    "identify": _identify,
    "set_time": _set_time,
    "trace": _trace,
    "self_test": _not_yet,
    "update": _not_yet,
}
