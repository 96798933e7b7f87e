"""`const` on both interpreters: folded by MicroPython's compiler, the identity on CPython."""

try:
    from micropython import const
except ImportError:

    def const(value):
        return value
