"""Random numbers that are the same on every interpreter and word size."""


class Dice:
    """A counter, mixed until its neighbours have nothing in common (splitmix32). seed: any int.

    A generator whose bits are sums of earlier ones will not do: what was thrown before then decides what can
    still be thrown, and whole kinds of events never happen.
    """

    def __init__(self, seed):
        self._x = seed * 2654435761 & 0xFFFFFFFF
        self._x = self.next()

    def next(self):
        """An int 0..2**32-1."""
        self._x = x = (self._x + 0x9E3779B9) & 0xFFFFFFFF
        x = (x ^ x >> 16) * 0x21F0AAAD & 0xFFFFFFFF
        x = (x ^ x >> 15) * 0x735A2D97 & 0xFFFFFFFF
        return x ^ x >> 15

    def below(self, n):
        """An int 0..n-1."""
        return self.next() % n

    def between(self, low, high):
        """An int low..high, both included."""
        return low + self.next() % (high - low + 1)

    def chance(self, percent):
        """True in `percent` of 100 cases."""
        return self.next() % 100 < percent

    def pick(self, choices):
        """One of a sequence."""
        return choices[self.next() % len(choices)]

    def span_ms(self, *ladder):
        """A time in ms between two neighbours of a ladder of ms: every order of size is as likely."""
        at = self.below(len(ladder) - 1)
        return self.between(ladder[at], ladder[at + 1])
