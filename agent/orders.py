"""Signed orders: one handler each. A handler returns members for the answer, or raises Refused with the reason."""

import binascii

from .checks import bad, integer, reference, table, text, word
from .reasons import Refused
from .session import Grant
from .subscribers import BILLINGS, TYPES
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


def _socket(house, order):
    """The connector that an order names; the first when it names none."""
    number = integer(order, "connector", 1, 255, 1)
    if number != house.connector.number:
        raise bad("connector", "there is no %d" % number)
    return house.connector


def _token(house, order, user):
    """(type, ref) under which an ordered session is known: that of a card of the user where the order
    names one, so that this card can stop it."""
    if order.get("token") is None:
        return "Central", house.card_ref("Central", user.encode())
    token = table(order, "token")
    kind = word(token, "token.type", ("Central",) + TYPES)
    ref = text(token, "token.ref", 16)
    try:
        ref = binascii.hexlify(binascii.unhexlify(ref)).decode()
    except ValueError:
        ref = ""
    if len(ref) != 16:
        raise bad("token.ref", "must be 16 hex digits")
    return kind, ref


def _start(house, up_ms, order):
    user = reference(order, "user", least=1)
    contract = reference(order, "contract", "")
    group = reference(order, "group", "")
    billing = word(order, "billing", BILLINGS[:2], "ppm")
    kind, ref = _token(house, order, user)
    grant = Grant("app_cloud", ref, user, contract, group, billing, kind)
    _socket(house, order).order_start(up_ms, grant)


def _stop(house, up_ms, order):
    _socket(house, order).order_stop(up_ms, text(order, "session", 48, ""))


def _authorize(house, up_ms, order):
    _socket(house, order).order_authorize(up_ms, order)


def _revoke(house, up_ms, order):
    user = reference(order, "user", "")
    session = text(order, "session", 48, "")
    if not user and not session:
        raise bad("user", "user or session is needed")
    _socket(house, order).order_revoke(up_ms, user, session)


def _rotate(house, up_ms, order):
    house.keys.take(order, house.ledger.last + 1)
    house.tell_key(up_ms)


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
    "authorize": _authorize,
    "revoke": _revoke,
    "rotate": _rotate,
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
