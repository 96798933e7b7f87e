"""`micropython -m inside SEED DAYS VISITS`: one life, its figures and its heap as a line of JSON."""

import gc
import json
import sys

from host_tests.years.life import Life
from host_tests.years.run import Stage, play
from host_tests.years.sessions import need

QUARTER_EVENTS = 1000


class Watched:
    """Events, with a look at the heap every so many of them (law 16)."""

    def __init__(self, events, stage):
        self._events = events
        self._stage = stage
        self.heap = []

    def __iter__(self):
        n = 0
        for event in self._events:
            yield event
            n += 1
            if n % QUARTER_EVENTS == 0:
                gc.collect()
                used = gc.mem_alloc() - in_volume(self._stage.volume)
                self.heap.append(used)
                early = max(self.heap[:3])
                need(16, used < early * 5 // 4 + 30000, "the heap grows: %s", self.heap)


def in_volume(volume):
    """Bytes that the mock flash holds in the heap."""
    return sum(len(volume.files[path]) for path in volume.files)


def main(seed, days, visits):
    gc.threshold(32768)
    stage = Stage(seed, 40, 512)
    watched = Watched(Life(seed, days, visits), stage)
    broken = play(stage, watched)
    figures = stage.figures()
    figures["heap"] = watched.heap
    print("@@" + json.dumps([figures, broken]))


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
