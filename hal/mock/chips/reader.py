"""What simulated reader chips have in common: a supply, a reset line, and cards that hear when both go."""


class ReaderChip:
    """Without supply it hears and says nothing, and forgets. hanging: it works on nothing until it is reset."""

    def __init__(self, world, field):
        self.hanging = False
        self._world = world
        self._field = field
        self._powered = True
        self._low = False
        self._forget()

    def power(self, on):
        """Switch its supply."""
        self._powered = on
        self._begin()

    def reset(self, low):
        """Hears its reset pin."""
        self._low = low
        if low:
            self._begin()

    def _forget(self):
        """It is as it is after a start."""
        raise NotImplementedError

    def _begin(self):
        self.hanging = False
        self._forget()
        self._field.drop()
