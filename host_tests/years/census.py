"""Law 16 without a heap to measure: how much a charger holds in RAM, counted from outside.

Counts the items of every container that can be reached from the charger, its flash and modules apart.
"""

from host_tests.years.sessions import need

EVERY_EVENTS = 50  # often: every boot hides what has grown since the one before
YOUNG = 12  # looks
SLACK = 600  # items: a session that runs, a list under way
A_FILE = 6  # items for each file in flash: segments, and boots whose records they hold (bounded with it)


def census(root, apart):
    """Items in all containers below `root`, bytes of buffers counted by 8.

    apart: the volume; what lies in its files is not counted, even where one of them is open.
    """
    seen = {id(apart)}
    seen.update(id(data) for data in apart.files.values())
    total, open_ = 0, [root]
    while open_:
        one = open_.pop()
        if id(one) in seen or isinstance(one, (int, str, type(None), type)) or callable(one):
            continue
        seen.add(id(one))
        if isinstance(one, (bytes, bytearray)):
            total += len(one) // 8
        elif isinstance(one, dict):
            total += len(one)
            open_.extend(one.values())
        elif isinstance(one, (list, tuple, set)):
            total += len(one)
            open_.extend(one)
        elif hasattr(one, "__dict__"):
            open_.extend(one.__dict__.values())  # vars() is not MicroPython
    return total


class Watch:
    """Looks now and then whether the charger holds more than it did when young."""

    def __init__(self):
        self.counts = []

    def look(self, events, charger, volume):
        """events: how many have been played."""
        if events % EVERY_EVENTS or charger is None:
            return
        self.counts.append(census(charger, volume))
        young = max(self.counts[:YOUNG])
        most = young * 3 // 2 + SLACK + A_FILE * len(volume.files)
        need(16, self.counts[-1] <= most, "it holds more and more: %s", self.counts)
