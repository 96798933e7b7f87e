"""Random numbers that are the same on every interpreter and word size."""


class Dice:
    """xorshift32. seed: any int."""

    def __init__(self, seed):
        self._x = (seed * 2654435761 + 97) & 0xFFFFFFFF or 1
        for _ in range(4):
            self.next()

    def next(self):
        """An int 0..2**32-1."""
        x = self._x
        x ^= (x << 13) & 0xFFFFFFFF
        x ^= x >> 17
        x ^= (x << 5) & 0xFFFFFFFF
        self._x = x
        return x

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
