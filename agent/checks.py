"""Members of a signed message, checked one by one; an error names the member and the reason."""

from .const import const
from .reasons import Refused

_REFERENCE = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.:@-"
_MISSING = object()
_TELLABLE = const(1 << 53)  # a number with thousands of digits has no place in an answer


def bad(name, why):
    """The refusal of one member, to be raised by the caller."""
    return Refused("bad_value", name + ": " + why)


def _member(obj, name, default):
    value = obj.get(name.rsplit(".", 1)[-1], default)
    if value is _MISSING:
        raise bad(name, "missing")
    return value


def integer(obj, name, low, high, default=_MISSING):
    """An int member in low..high. `name` may be dotted for the message; its last part is looked up."""
    value = _member(obj, name, default)
    if isinstance(value, bool) or not isinstance(value, int):
        raise bad(name, "must be an integer")
    if not low <= value <= high:
        told = ", is %d" % value if abs(value) <= _TELLABLE else ""
        raise bad(name, "must be %d..%d%s" % (low, high, told))
    return value


def boolean(obj, name, default=_MISSING):
    """A true or false member."""
    value = _member(obj, name, default)
    if value is not True and value is not False:
        raise bad(name, "must be true or false")
    return value


def word(obj, name, words, default=_MISSING):
    """A string member that is one of `words`."""
    value = _member(obj, name, default)
    if not isinstance(value, str) or value not in words:
        raise bad(name, "must be one of " + ", ".join(words))
    return value


def text(obj, name, longest, default=_MISSING):
    """A string member of 0..longest characters."""
    value = _member(obj, name, default)
    if not isinstance(value, str):
        raise bad(name, "must be a string")
    if len(value) > longest:
        raise bad(name, "longer than %d characters" % longest)
    for char in value:
        if 0xD800 <= ord(char) < 0xE000:
            raise bad(name, "half a surrogate pair is no character")
    return value


def reference(obj, name, default=_MISSING, least=0):
    """A user, contract, group or tariff reference: `least` to 24 of [A-Za-z0-9_.:@-]."""
    value = text(obj, name, 24, default)
    if len(value) < least:
        raise bad(name, "must not be empty")
    for char in value:
        if char not in _REFERENCE:
            raise bad(name, "only letters, digits and _ . : @ - are allowed")
    return value


def table(obj, name, default=_MISSING):
    """An object member."""
    value = _member(obj, name, default)
    if not isinstance(value, dict):
        raise bad(name, "must be an object")
    return value


def array(obj, name, longest, default=_MISSING):
    """A list member of at most `longest` elements."""
    value = _member(obj, name, default)
    if not isinstance(value, list):
        raise bad(name, "must be a list")
    if len(value) > longest:
        raise bad(name, "more than %d elements" % longest)
    return value
