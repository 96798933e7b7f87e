"""The figures: what each is called, how far it may move, and how it comes out of what was found."""

from dataclasses import dataclass

from tools.bench import buses

ENDURANCE = 100_000  # erase cycles of a NOR flash block, as data sheets promise
SESSIONS_A_DAY = 20
SETTLED = 500  # sessions; before, the worst block is only where LittleFS has begun
TIMED = "x"  # unit of a timing: times the calibration loop of the same run
TURN = "ms"  # unit of a turn: a timing too, whose goal is judged
TURN_BUDGET_MS = 50  # of the control task, for everything that it does


@dataclass(frozen=True)
class Figure:
    """One figure.

    name: "group.what.interpreter", the key in accepted.json; value: a number in `unit`, for timings a
    multiple of the calibration loop; better: "less" or "more"; tolerance: how much worse it may get,
    as a fraction, and slack: in its unit, whichever is more; goal: the design's budget, None without
    one; shown: the value for people.
    """

    name: str
    label: str
    value: float
    unit: str
    better: str = "less"
    tolerance: float = 0.02
    slack: float = 0
    goal: float | None = None
    shown: str = ""

    @property
    def timed(self):
        """Whether it is a timing, which is told and never held against an earlier one."""
        return self.unit in (TIMED, TURN)

    @property
    def over_budget(self):
        """Whether a driver's turn takes the control task's time from it."""
        return self.unit == TURN and self.meets_goal is False

    @property
    def meets_goal(self):
        """True, False, or None without a goal. Timings have their goals in ms in `shown` only."""
        if self.goal is None:
            return None
        return self.value <= self.goal if self.better == "less" else self.value >= self.goal


def of_sizes(sizes):
    """Figures of the compiled image. sizes: {path in the image: bytes}."""
    rooms = {"agent": 0, "firmware": 0, "hal": 0, "umqtt": 0, "not shipped: mock and sim": 0}
    for path, size in sizes.items():
        rooms[_room(path)] += size
    found = [
        Figure("size." + room.split(":")[0].replace(" ", "_"), room, size, "B", tolerance=0.01)
        for room, size in rooms.items()
    ]
    shipped = sum(size for room, size in rooms.items() if not room.startswith("not"))
    return [*found, Figure("size.shipped", "shipped in all", shipped, "B", tolerance=0.01)]


def _room(path):
    top = path.split("/")[0]
    if path.startswith("hal/mock/") or top == "boards":
        return "not shipped: mock and sim"
    return {"agent": "agent", "hal": "hal", "lib": "umqtt"}.get(top, "firmware")


def of_weight(facts, where):
    """Heap of code and of the booted charger, bytes."""
    code = facts["all_code"] - facts["agent_code"]
    rows = (
        ("agent_code", "agent imported", facts["agent_code"]),
        ("other_code", "firmware, hal, asyncio", code),
        ("agent_ram", "agent's state after boot", facts["agent_ram"]),
        ("booted", "in use after boot, link included", facts["booted"]),
    )
    found = [Figure(f"heap.{key}.{where}", label, n, "B", slack=512) for key, label, n in rows]
    free = facts["board_heap"] - facts["booted"]
    found.append(
        Figure(f"heap.free.{where}", "left of a board's heap", free, "B", "more", slack=2048)
    )
    if facts["largest_free"] is not None:
        label = "largest free block, the mock hardware's room included"
        found.append(
            Figure(f"heap.largest.{where}", label, facts["largest_free"], "B", "more", 0.25, 4096)
        )
    return found


def of_wear(facts, where):
    """Flash wear of typical sessions, and the years it lasts."""
    n = facts["sessions"]
    erases = facts["erases"] / n
    level = ENDURANCE * facts["blocks"] / (erases * SESSIONS_A_DAY * 365)
    found = [
        Figure(f"wear.erases.{where}", f"erases a session, of {n}", round(erases, 2), "", tolerance=0.05, goal=2),
        Figure(f"wear.programmed.{where}", "programmed a session", facts["programmed"] // n, "B", tolerance=0.05),
        Figure(f"wear.years_level.{where}", "years, wear spread evenly", round(level, 1), "years", "more", 0.05, goal=30),
    ]  # fmt: skip
    if n >= SETTLED:
        worst = facts["worst_block"] / facts["all_sessions"]
        years = ENDURANCE / (worst * SESSIONS_A_DAY * 365)
        found += [
            Figure(f"wear.worst_block.{where}", "worst block, erases a 1,000 sessions", round(worst * 1000, 1), "", tolerance=0.1),
            Figure(f"wear.years_worst.{where}", "years, by the worst block", round(years, 1), "years", "more", 0.1, goal=30),
        ]  # fmt: skip
    return found


def years_told(facts):
    """The arithmetic of years as lines of text."""
    n, total = facts["sessions"], facts["all_sessions"]
    erases = facts["erases"] / n
    level = ENDURANCE * facts["blocks"] / (erases * SESSIONS_A_DAY * 365)
    worst = facts["worst_block"] / total
    by_worst = ENDURANCE / (worst * SESSIONS_A_DAY * 365)
    lines = [
        f"evenly: {ENDURANCE:,} cycles x {facts['blocks']} blocks / ({erases:.2f} erases a session x "
        f"{SESSIONS_A_DAY} a day x 365) = {level:.0f} years",
    ]
    if n >= SETTLED:
        lines.append(
            f"worst block: {ENDURANCE:,} / ({facts['worst_block']} erases / {total} sessions x {SESSIONS_A_DAY} "
            f"x 365) = {by_worst:.0f} years; the median block had {facts['median_block']} erases"
        )
    return lines


def of_store(facts, where, whole):
    """Room of the journal. whole: whether it was filled until it was full."""
    each = facts["journal"] / facts["fit"]
    found = [
        Figure(f"store.bytes.{where}", "journal of a session", round(each), "B"),
    ]
    if whole:
        label = "unsent sessions in 1 MiB"
        found.append(Figure(f"store.sessions.{where}", label, facts["fit"], "", "more", goal=1000))
    return found


def of_ready(facts, where, sessions):
    """Boot and drain with unsent sessions in flash."""
    text = f"{sessions:,} unsent"
    ms = facts["boot_us"] / 1000
    drain_ms = facts["drain_us"] / 1000 / facts["drained"]
    return [
        Figure(f"store.boot_reads.{where}", f"flash reads of a boot, {text}", facts["reads"], "", tolerance=0.1),
        Figure(f"store.boot_bytes.{where}", f"bytes read by a boot, {text}", facts["read_bytes"], "B", tolerance=0.1),
        Figure(f"store.begin_reads.{where}", f"flash reads of a session's begin, {text}", facts["begin_reads"], "", tolerance=0.1),
        Figure(f"store.boot_heap.{where}", f"heap after that boot, {text}", facts["heap"], "B"),
        Figure(f"store.boot_high.{where}", f"high-water of that boot, {text}", facts["high"], "B", slack=4096),
        timing(f"time.boot.{where}", f"boot to ready, {text} (goal 1 s)", ms, facts),
        timing(f"time.drain.{where}", "drain: one record out and acknowledged", drain_ms, facts, f"{1000 / drain_ms:,.0f}/s"),
    ]  # fmt: skip


def of_life(facts, where):
    """Growth of the heap: the highest mark of the last quarter over that of the second one."""
    marks = facts["marks"]
    quarter = len(marks) // 4
    growth = max(marks[-quarter:]) - max(marks[quarter : 2 * quarter])
    n = facts["sessions"]
    return [
        Figure(f"life.high.{where}", f"heap's highest mark in {n:,} sessions", max(marks), "B", slack=1024),
        Figure(f"life.growth.{where}", f"growth over {n:,} sessions (goal 0 within 512)", growth, "B", slack=512, goal=512),
    ]  # fmt: skip


def of_pace(facts, where, history):
    """Timings of one charger. history: typical sessions in its journal, 0: a new one."""
    after = f" after {history:,} sessions" if history else ""
    key = "_history" if history else ""
    found = []
    for name, label in (
        ("tap", f"tap to permit ({facts['taps']}){after}"),
        ("idle", "control step, idle" + after),
        ("charging", "control step, charging" + after),
        ("sign", "render and sign a session's end" + after),
    ):
        for part, us in zip(("p50", "p99", "worst"), facts[name + "_us"], strict=True):
            full = f"time.{name}{key}.{part}.{where}"
            found.append(timing(full, f"{label}, {part}", us / 1000, facts))
    label = f"flash reads from tap to permit{after}"
    found += of_tap_reads(f"tap{key}", label, facts, where)
    if not history:
        label = "flash reads to find 1 card in 500"
        reads = facts["look_up_reads"]
        found.append(Figure(f"list.reads.{where}", label, reads, "", tolerance=0.05))
        label = "bytes read to find it"
        found.append(
            Figure(f"list.bytes.{where}", label, facts["look_up_bytes"], "B", tolerance=0.05)
        )
    return found


def of_buses(worst):
    """Bytes on the bus in each driver's worst turn. worst: {driver: bytes}."""
    return [
        Figure(f"bus.{name}", f"{name}: bytes in its worst turn", size, "B", tolerance=0)
        for name, size in worst.items()
    ]


def of_turns(worst, facts, where):
    """What each driver's worst turn takes, bytes and Python in one sum. facts: of the script turns."""
    label = "%s: bytes that the worst turn waits for, and Python"
    return [
        Figure(f"turn.{name}.{where}", label % name, round(buses.turn_ms(name, worst, times), 2), TURN, goal=TURN_BUDGET_MS)
        for name, times in sorted(facts["found"].items())
    ]  # fmt: skip


def of_list(facts, where):
    """Taking a list of 10,000, and of a difference to it, in parts."""
    n = f"{facts['entries']:,}"
    found = [
        Figure(f"list10k.erases.{where}", f"erases to take {n} and then 100 others", facts["erases"], "", tolerance=0.05),
        Figure(f"list10k.grown.{where}", "heap that this leaves taken", facts["grown"], "B", slack=1024, goal=1024),
    ]  # fmt: skip
    for name, label in (("part", "taking a part of 20"), ("slice", "merging 16 entries")):
        for part, us in zip(("p50", "p99", "worst"), facts[name + "_us"], strict=True):
            full = f"time.list_{name}.{part}.{where}"
            found.append(timing(full, f"{label}, {part}", us / 1000, facts))
    return found


def of_look_up(facts, where):
    """Finding a card among 10,000, a hundred of them in the overlay, and what a tap takes then."""
    n = f"{facts['entries']:,}, {facts['overlaid']} of them overlaid"
    entries, reads, read_bytes = facts["most"]
    found = [
        Figure(f"list10k.entries.{where}", f"entry reads to find 1 card in {n}", entries, "", slack=1, goal=15),
        Figure(f"list10k.reads.{where}", "flash reads to find it", reads, "", tolerance=0.05),
        Figure(f"list10k.bytes.{where}", "bytes read to find it", read_bytes, "B", tolerance=0.05),
        Figure(f"list10k.mean_reads.{where}", "flash reads on average", facts["mean"][1], "", tolerance=0.05),
        Figure(f"list10k.look_up_grown.{where}", "heap that 900 look-ups leave taken", facts["look_up_grown"], "B", slack=64, goal=64),
    ]  # fmt: skip
    for part, us in zip(("p50", "p99", "worst"), facts.get("tap_us", ()), strict=False):
        label = f"tap to permit ({facts['taps']}) among 10,000, {part}"
        if part == "p99":
            label += " (goal 20 ms)"
        found.append(timing(f"time.tap10k.{part}.{where}", label, us / 1000, facts))
    if "tap_reads" in facts:
        found += of_tap_reads(
            "tap10k", "flash reads from tap to permit among 10,000", facts, where
        )
    return found


def of_tap_reads(key, label, facts, where):
    """What a tap's time is made of on a board, and unlike it the same at every run."""
    return [
        Figure(f"{key}.reads.{part}.{where}", f"{label}, {part}", reads, "", tolerance=0.1)
        for part, reads in zip(("p50", "p99", "worst"), facts["tap_reads"], strict=True)
    ]


def timing(name, label, ms, facts, more=""):
    """A timing of `ms` milliseconds in a run whose calibration loop took facts["unit_us"]."""
    shown = f"{ms:,.2f} ms" + (f" = {more}" if more else "")
    return Figure(name, label, round(ms * 1000 / facts["unit_us"], 3), TIMED, shown=shown)
