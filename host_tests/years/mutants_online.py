"""Broken agents of questions and keys: see mutants.py."""

from agent import asking, keyring

TOUCHED = (asking.Asking, keyring.Keyring)


def late_answer_is_accepted():
    asking.Asking.tick = lambda self, up_ms: None


def answer_is_accepted_twice():
    was = asking.Asking.answered

    def answered(self, up_ms, order, socket):
        if self._id:
            self._last = self._id, self._card, self._ref
        elif getattr(self, "_last", ("",))[0] == order.get("ask"):
            self._id, self._card, self._ref = self._last
        return was(self, up_ms, order, socket)

    asking.Asking.answered = answered


def record_is_signed_with_the_newest_key():
    keyring.Keyring.of = lambda self, seq: self._now


def new_key_is_forgotten_at_boot():
    was = keyring.Keyring.__init__

    def __init__(self, volume, master):
        was(self, volume, master)
        if len(self._starts) > 2:
            self._now, self._before = self._first, None
            self._starts = [0]

    keyring.Keyring.__init__ = __init__


# (law, what breaks, laws that may be the first to notice it)
MUTANTS = (
    (10, late_answer_is_accepted, (1, 4, 10)),
    (10, answer_is_accepted_twice, (1, 10)),
    (5, record_is_signed_with_the_newest_key, (5,)),
    (8, new_key_is_forgotten_at_boot, (5, 9)),
)
