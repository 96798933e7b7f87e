"""One life: the events, played on a rig under the oracle's eyes."""

import binascii
import sys

from hal.mock.volume import MemoryVolume
from hal.mock.world import World
from host_tests.years.census import Watch
from host_tests.years.dice import Dice
from host_tests.years.life import SECRET, Life, rules
from host_tests.years.online import Questions, Ring
from host_tests.years.oracle import Oracle
from host_tests.years.rig import CHARGER, MASTER, Rig
from host_tests.years.service import Service
from host_tests.years.sessions import Broken

START_S = 1609632000  # 2021-01-03
TROUBLE = "meter board pilot contactor reader clock time_source room io mode".split(" ")
CAPACITIES = (1 << 20, 1 << 20, 512 << 10, 384 << 10)


class Stage:
    """A charger, its world, its service and its oracle, made for a seed."""

    def __init__(self, seed, fork_every=40, remember=1 << 16, volume=None):
        dice = Dice(seed + 1000003)
        self.world = World(START_S + dice.below(365) * 86400, dice.below(100000))
        self.capacity = dice.pick(CAPACITIES)
        self.volume = volume or MemoryVolume(self.capacity)
        self.rig = rig = Rig(self.world, self.volume, dice.between(-40, 40))
        self.oracle = rig.oracle = Oracle(
            CHARGER, self.world, SECRET, remember, rig.fork, fork_every, 80
        )
        online = Dice(seed + 2000003)
        books, ring = self.oracle.books, Ring(MASTER, online)
        self.service = rig.service = service = Service(CHARGER, ring, books, dice, self.world)
        self.questions = service.questions = Questions(
            CHARGER, MASTER, service, self.oracle.access, online, self.world
        )
        books.on_answer = self.questions.obeyed
        self._ring = ring
        self.faults = 0
        self.events = 0
        self._watch = Watch()
        rig.boot()

    def play(self, event):
        """Wait, and let one event happen."""
        self.events += 1
        if event[0]:
            self.rig.run(event[0])
        else:
            self.rig.run(1)  # a step of the control task and nothing between
        if event[1] in TROUBLE:
            self.oracle.let_in.odd_ms = self.world.now_ms
        getattr(self, "_" + event[1])(*event[2:])
        self._watch.look(self.events, self.rig.charger, self.volume)

    # -- events

    def _plug(self, ma, phases, wh):
        if not self.world.plugged:
            self.world.plug(32000, phases)
            self.world.demand(ma, wh)

    def _unplug(self):
        if self.world.plugged:
            self.world.unplug()

    def _demand(self, ma, wh):
        self.world.demand(ma, wh)

    def _tap(self, uid):
        self.world.tap(binascii.unhexlify(uid))

    def _order(self, do, members):
        members = dict(members)
        if do == "start" and not members:
            members = {"user": "u-0", "contract": "", "group": "", "billing": "ppm"}
        if do == "resend":
            upto = max(1, self.oracle.books.named)
            first = max(1, upto - members["from"])
            members = {"from": first, "to": min(upto, first + members["to"])}
        self.service.order(do, members)

    def _rotate(self):
        self.service.rotate()

    def _network(self, up):
        if not up:
            self.faults += 1
        self.world.network = up
        self.world.changes += 1

    def _meter(self, fault):
        self.faults += 1 if fault else 0
        self.oracle.meter(fault)
        self.world.set_meter_fault(fault)

    def _board(self, fault):
        self.faults += 1 if fault else 0
        self.world.set_board_fault(fault)

    def _pilot(self, state):
        self.faults += 1 if state else 0
        self.world.set_pilot_fault(state)

    def _contactor(self, fault):
        self.faults += 1 if fault else 0
        self.oracle.contactor(fault)
        self.world.set_contactor_fault(fault)

    def _reader(self, fault):
        self.world.reader_fault = fault

    def _cut(self, dark_ms, deed):
        self._dark(dark_ms, deed)
        self.rig.cut()

    def _arm(self, operation, mode, dark_ms, deed):
        self._dark(dark_ms, deed)
        self.volume.cut_after(operation, mode)

    def _boot_arm(self, operation, mode):
        self.rig.boot_arm = (operation, mode)

    def _dark(self, dark_ms, deed):
        world, rig = self.world, self.rig
        rig.dark_ms = dark_ms
        rig.dark_deed = None
        if deed == "unplug":
            rig.dark_deed = world.unplug
        elif deed:

            def swap():
                world.unplug()
                world.plug(32000, 1)
                world.demand(16000, None if deed == "swap" else 500)

            rig.dark_deed = swap

    def _restart(self):
        self.rig.restart()

    def _time_source(self, on):
        self.world.time_source = on

    def _clock(self, jump_s):
        self.faults += 1 if jump_s else 0
        self.oracle.clock(jump_s)
        self.world.jump_ms = jump_s * 1000

    def _config(self, config):
        config = dict(config)
        config["rules"] = rules()
        self.service.change_config(config)

    def _cards(self, cards, whole, lose_part):
        now_s = self.world.wall_ms() // 1000
        chosen = {}
        for uid in cards:
            entry = dict(cards[uid])
            within_s = entry.pop("until_in_s", None)
            if within_s is not None:
                entry["until"] = now_s + within_s
            chosen[uid] = entry
        self.service.change_cards(chosen, whole, lose_part)

    def _mode(self, mode):
        self.service.mode = mode
        if mode == "prompt":
            self.service.acknowledge()

    def _reject(self, count):
        self.service.reject_next = count

    def _replay(self, leaf):
        self.service.replay(leaf)

    def _forge(self, how):
        self.service.forge(how)

    def _room(self, free):
        self.faults += 1 if free else 0
        used = sum(len(data) for data in self.volume.files.values())
        self.oracle.short_of_room = True
        self.oracle.room_short = free > 0
        self.oracle.store_sick = self.oracle.store_sick or free > 0
        self.volume.capacity = used + free if free else max(self.capacity, used + 200000)

    def _io(self, broken):
        self.faults += 1 if broken else 0
        self.volume.io_error = self.oracle.store_broken = broken
        self.oracle.store_sick = self.oracle.store_sick or broken

    # -- the end

    def finish(self):
        """Repair everything, go online, and look whether all is there."""
        world = self.world
        for name in ("meter", "board", "pilot", "contactor", "reader"):
            getattr(self, "_" + name)("")
        world.network = world.time_source = True
        self._clock(0)
        self.volume.revive()
        self._io(False)
        self.volume.capacity = None
        self.service.mode = "prompt"
        self.service.reject_next = 0
        self._unplug()
        self.rig.run(120000)
        self.service.acknowledge()
        self.rig.settle()
        self.service.check_all()
        self.oracle.last_words(world.register_wh())

    def figures(self):
        """What this life was like: {name: int}."""
        rig, oracle = self.rig, self.oracle
        return {
            "sessions": oracle.sessions,
            "cuts": rig.power_cuts,
            "restarts": rig.restarts,
            "faults": self.faults,
            "records": self.service.records,
            "steps": rig.steps,
            "events": self.events,
            "forks": oracle.totals[2],
            "wh": oracle.books.energy_wh,
            "asks": self.questions.count,
            "keys": self._ring.generation,
        }


def play(stage, events):
    """Play events to the end. Returns None, or (law, text, number of the event) of a broken law."""
    try:
        for event in events:
            stage.play(event)
        stage.finish()
    except Broken as broken:
        return broken.law, broken.text, stage.events
    except Exception as error:  # whatever the agent raises ends a charger: it may not
        return 0, trace(error), stage.events
    return None


def trace(error):
    """A short traceback."""
    try:
        import traceback

        return "".join(traceback.format_exception(error)[-4:])
    except ImportError:
        import io

        text = io.StringIO()
        sys.print_exception(error, text)
        return text.getvalue()


def live(seed, days, fork_every=40, remember=1 << 16, visits_a_day=3):
    """One life: (figures, None or the broken law)."""
    stage = Stage(seed, fork_every, remember)
    broken = play(stage, Life(seed, days, visits_a_day))
    return stage.figures(), broken
