"""What is measured, with how much of each, and in which order: at most two interpreters at once."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from tools.bench import buses, figures, listing
from tools.bench.stage import BenchError

MOST_AT_ONCE = 2
TOO_MANY = 5000  # sessions that do not fit in 1 MiB


@dataclass(frozen=True)
class Amounts:
    """How much: sessions worn through, sessions of the heap's marks, sessions unsent at a boot, whether
    the store is filled until it is full, taps, control steps, taps with 10,000 subscribers.
    """

    name: str
    worn: int
    lived: int
    unsent: int
    whole: bool
    taps: int
    steps: int
    taps10k: int


FULL = Amounts("full", 1000, 10000, 1000, True, 500, 4000, 1000)
QUICK = Amounts("quick", 20, 100, 20, False, 40, 400, 0)


@dataclass
class Findings:
    """figures: all of them; notes: lines for people, such as the arithmetic of years."""

    figures: list
    notes: list


class Plan:
    """Measures `amounts` on a Stage. told(text) hears what has ended."""

    def __init__(self, stage, interpreters, amounts, told):
        self._stage = stage
        self._interpreters = interpreters
        # wear, room and growth depend on the word size a little or not: the board's one is taken
        self._main = min(interpreters, key=lambda one: one.word_bits)
        self._amounts = amounts
        self._told = told

    def run(self):
        """All figures. Raises BenchError when a measurement cannot be made."""
        found = Findings(figures.of_sizes(self._stage.sizes), [])
        chains = [self._light, self._list, self._wear, self._store, self._life]
        with ThreadPoolExecutor(MOST_AT_ONCE) as pool:
            jobs = [pool.submit(chain) for chain in chains]
            parts = [job.result() for job in jobs]
        for part in parts:
            found.figures += part.figures
            found.notes += part.notes
        return found

    def _light(self):
        found = Findings([], [])
        for one in self._interpreters:
            facts = self._go(one, "weight", "weight-%s.img" % one.name)
            facts["board_heap"] = one.heap_kib * 1024
            found.figures += figures.of_weight(facts, one.name)
        for one in self._interpreters:
            a = self._amounts
            facts = self._go(one, "pace", "pace-%s.img" % one.name, 0, a.taps, a.steps)
            found.figures += figures.of_pace(facts, one.name, 0)
        worst = buses.worst_turns()
        found.figures += figures.of_buses(worst)
        for one in self._interpreters:
            facts = self._go(one, "turns", self._amounts.steps)
            found.figures += figures.of_turns(worst, facts, one.name)
            found.notes += buses.turn_lines(worst, facts, one.label)
        return found

    def _list(self):
        messages = self._stage.folder / "list.img"
        listing.write(messages)
        one = self._main
        facts = self._go(one, "listed", "listed.img", "list.img", 0)
        found = Findings(figures.of_list(facts, one.name), [])
        if (facts["version"], facts["overlaid"]) != (listing.FIRST_VERSION + 1, listing.CHANGED):
            raise BenchError("the list was not taken: %r" % facts)
        for one in self._interpreters:
            image = "listed-%s.img" % one.name
            (self._stage.folder / image).write_bytes(
                (self._stage.folder / "listed.img").read_bytes()
            )
            facts = self._go(one, "listed", image, 0, self._amounts.taps10k)
            found.figures += figures.of_look_up(facts, one.name)
        return found

    def _wear(self):
        one = self._main
        facts = self._go(one, "wear", "wear.img", self._amounts.worn)
        return Findings(figures.of_wear(facts, one.name), figures.years_told(facts))

    def _life(self):
        one = self._main
        facts = self._go(one, "life", "life.img", self._amounts.lived)
        marks = " ".join("%d" % mark for mark in facts["marks"])
        note = "heap marks, every %d sessions: %s" % (facts["sessions"] // 20, marks)
        return Findings(figures.of_life(facts, one.name), [note])

    def _store(self):
        a, one = self._amounts, self._main
        most = TOO_MANY if a.whole else a.unsent
        facts = self._go(one, "fill", "fill.img", most, "unsent.img", a.unsent)
        found = Findings(figures.of_store(facts, one.name, a.whole), [])
        if a.whole:
            text = "store: %d sessions fit, then %s; %d records unsent, %d segments, %d KiB free"
            values = (facts["unsent"], facts["segments"], facts["free"] // 1024)
            found.notes.append(text % (facts["fit"], facts["why"] or "stopped", *values))
        for one in self._interpreters:
            # one charger's flash serves both word sizes
            image = "unsent-%s.img" % one.name
            (self._stage.folder / image).write_bytes(
                (self._stage.folder / "unsent.img").read_bytes()
            )
            facts = self._go(one, "ready", image, a.unsent, 1)
            found.figures += figures.of_ready(facts, one.name, a.unsent)
            if a.whole:
                facts = self._go(one, "pace", image, a.unsent, a.taps, a.steps)
                found.figures += figures.of_pace(facts, one.name, a.unsent)
        return found

    def _go(self, interpreter, script, *args):
        facts = self._stage.run(interpreter, script, *args)
        self._told("%s on %s" % (script, interpreter.label))
        return facts
