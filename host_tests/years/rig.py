"""One charger under the world: the control task over the mock hardware, the link, and power that fails.

The only file here that knows the agent, and it knows no more of it than the firmware does.
"""

from agent.charger import Charger
from firmware.control import Control
from firmware.silence import Silence
from hal.mock.ports import MockIndicator, MockMeter, MockPowerBoard
from hal.mock.volume import PowerCut
from hal.ports import TWO_CARDS, Board, CardReader
from host_tests.years.sessions import need

HOUR_MS = 3600000
MASTER = bytes(range(32))
CHARGER = "CH-1"
ODD_MS = 300000


class Uptime:
    """The charger's monotonic clock: a crystal that is `ppm` fast."""

    def __init__(self, world, ppm):
        self._world = world
        self._zero_ms = world.now_ms
        self._ppm = ppm

    def now_ms(self):
        """Milliseconds since the boot."""
        ms = self._world.now_ms - self._zero_ms
        return ms + ms * self._ppm // 1000000


class Reader(CardReader):
    """The card reader; the oracle is told what it hands over."""

    def __init__(self, rig):
        self._rig = rig

    def poll(self):
        """See hal.ports.CardReader."""
        cards = self._rig.world.cards
        if not cards:
            return None
        card = cards.pop(0)
        if self._rig.world.reader_fault == "two_cards":
            return TWO_CARDS
        if self._rig.world.reader_fault:
            return None
        self._rig.card_read(card[1])
        return card

    def healthy(self):
        """See hal.ports.CardReader."""
        return not self._rig.world.reader_fault


class MockBoard(Board):
    """What Control needs of a board."""

    def __init__(self, rig):
        self.power = MockPowerBoard(rig.world)
        self.meter = MockMeter(rig.world)
        self.reader = Reader(rig)
        self.indicator = MockIndicator()


class Rig:
    """world, volume: hal.mock; oracle and service are set by whoever makes it (see run.py)."""

    def __init__(self, world, volume, ppm):
        self.world = world
        self.volume = volume
        self.oracle = None
        self.service = None
        self._ppm = ppm
        self.charger = None
        self.linked = False
        self.steps = 0
        self.power_cuts = 0
        self.restarts = 0
        self.dark_ms = 5000  # how long the next power cut lasts
        self.dark_deed = None  # what happens in it
        self.boot_arm = None  # (operation, mode) of a second cut while booting
        self.fw = "1.0.0"
        self._lie = ("", False)
        self._lie_ms = 0
        self._stopping = ""
        self._touched = False  # the charger heard of something besides its own senses
        self._silence = Silence()
        self._looked_ms = 0

    # -- power

    def boot(self):
        """Power is there; it may fail again meanwhile."""
        while True:
            try:
                self._boot()
                return
            except PowerCut:
                self.fail(True)

    def _boot(self):
        self.volume.revive()
        if self.boot_arm is not None:
            self.volume.cut_after(*self.boot_arm)
            self.boot_arm = None
        self.linked = False
        self.service.questions.booted()
        self._synced_ms = -HOUR_MS
        self._stopping = ""
        self.board = MockBoard(self)
        self.uptime = Uptime(self.world, self._ppm)
        self.charger = None
        charger = Charger(self.volume, CHARGER, MASTER, self.fw)
        vehicle = self.board.power.vehicle()
        self.control = Control(self.board, charger, self.uptime, vehicle)
        charger.boot(self.uptime.now_ms(), vehicle, self.board.meter.read())
        self.volume.revive()
        self.charger = charger
        self.oracle.booted(charger)
        self._link_ms = self.world.now_ms + 3000

    def fail(self, torn):
        """The power goes (PowerCut was raised, or between two calls), and stays away for dark_ms."""
        self.power_cuts += 1
        self.oracle.power_lost(torn)
        self._dark(self.dark_ms)

    def cut(self):
        """A power cut between two calls."""
        self.fail(False)
        self.boot()

    def restart(self):
        """The firmware restarts."""
        self.restarts += 1
        self.oracle.power_lost(False)
        self._dark(700)
        self.boot()

    def _dark(self, ms):
        if self.dark_deed is not None:
            deed, self.dark_deed = self.dark_deed, None
            self.world.restart(ms // 2)
            deed()
            self.world.restart(ms - ms // 2)
        else:
            self.world.restart(ms)
        self.oracle.dark(ms)

    # -- time passes

    def run(self, ms):
        """Let time pass; a power cut in it ends it early."""
        try:
            self._run(self.world.now_ms + ms)
        except PowerCut:
            self.fail(True)
            self.boot()

    def _run(self, goal_ms):
        world, oracle, control = self.world, self.oracle, self.control
        calm = 0
        while True:
            changes = world.changes
            control.step()
            self.steps += 1
            charger = self.charger
            oracle.shown(charger.indication)
            oracle.step(charger)
            if self._stopping:
                oracle.stopped(self._stopping)
                self._stopping = ""
                oracle.step(charger)
            self._network()
            if charger.reset_requested:
                self.restart()
                charger, control = self.charger, self.control
            left_ms = goal_ms - world.now_ms
            if left_ms <= 0:
                return
            calm = calm + 1 if world.changes == changes and not self._touched else 0
            self._touched = False
            skip_ms = 50 if calm == 0 else 1000
            if calm > 2:
                skip_ms = max(
                    50, min(charger.next_due_ms(self.uptime.now_ms()), self._own_due_ms())
                )
            if self._odd(world):
                skip_ms = min(skip_ms, 1000)  # as a board does: how soon it shows is what counts
            skip_ms = min(left_ms, max(50, world.skip_ms(skip_ms)))
            closed, permitted, before_ms = world.closed, world.permit_ma > 0, world.now_ms
            world.step(before_ms + skip_ms, leased=True)
            oracle.passed(world.now_ms - before_ms, closed, permitted)

    def _odd(self, world):
        """Whether the meter has begun to lie, or energy to flow while it lies, a short time ago."""
        lie = (world.meter_fault, world.permit_ma > 0)
        if lie != self._lie:
            self._lie = lie
            self._lie_ms = world.now_ms
        return lie[0] and lie[1] and world.now_ms - self._lie_ms < ODD_MS

    def card_read(self, uid):
        """A card on its way to the charger: called between the reader and the agent."""
        digits = "".join(["%02X" % b for b in uid])
        self.service.questions.presented(digits)
        if self.oracle.card(digits) == "stop":
            self._stopping = self.charger.session

    # -- the link

    def _own_due_ms(self):
        """Until the desk has something to do: a message to deliver, a clock to set, a silence."""
        now_ms = self.world.now_ms
        due_ms = now_ms + 900000
        if self.world.network:
            if not self.linked:
                return max(0, self._link_ms - now_ms)
            for entry in self.service.queue:
                due_ms = min(due_ms, entry[0])
            if self.world.time_source:
                due_ms = min(due_ms, self._synced_ms + HOUR_MS)
            if self.charger.unsent:
                due_ms = min(due_ms, self._looked_ms + self._silence.left_ms)
        return max(0, due_ms - now_ms)

    def _network(self):
        world = self.world
        if not world.network:
            if self.linked:
                self.linked = self.oracle.linked = False
                self.charger.on_link(self.uptime.now_ms(), False)
                self._link_ms = world.now_ms + 3000
                self._silence = Silence()
            return
        now_ms = world.now_ms
        if not self.linked:
            if now_ms < self._link_ms:
                return
            self.linked = self.oracle.linked = True
            self.oracle.books.restarted()
            self.charger.on_link(self.uptime.now_ms(), True)
        if world.time_source and now_ms - self._synced_ms >= HOUR_MS:
            self._synced_ms = now_ms
            self._set_clock()
        before_ms, self._looked_ms = self._looked_ms, now_ms
        if self._silence.over(now_ms - before_ms, True, self.charger.unsent):
            self.oracle.books.restarted()
            self.charger.on_silence(self.uptime.now_ms())
        self.pump()

    def _set_clock(self):
        oracle, world = self.oracle, self.world
        self._touched = True
        self.charger.on_time(self.uptime.now_ms(), world.wall_ms() + world.jump_ms, "S", "sntp")
        oracle.clock_known = True
        oracle.access.trusted_s = max(oracle.access.trusted_s, world.wall_ms() // 1000)
        oracle.look(self.charger)

    def pump(self):
        """Carry messages both ways until both sides are quiet."""
        charger, service = self.charger, self.service
        for _ in range(2000):
            moved = False
            for _ in range(400):
                message = charger.take_message(self.uptime.now_ms())
                if message is None:
                    if not self.oracle.store_sick:
                        self.oracle.books.drained()
                    break
                moved = True
                service.receive(message[0], message[1])
            if self._deliver():
                moved = True
            if not moved:
                return

    def _deliver(self):
        """Hand over the first message that is due: its answer is heard before the next one goes."""
        queue, now_ms = self.service.queue, self.world.now_ms
        for i in range(len(queue)):
            if queue[i][0] <= now_ms:
                _, leaf, token, note = queue.pop(i)
                self._touched = True
                self._before(leaf, note)
                self.charger.on_message(self.uptime.now_ms(), leaf, token)
                self.oracle.look(self.charger)
                return True
        return False

    def _before(self, leaf, note):
        """What the oracle has to know before a message takes effect."""
        if not note["good"]:
            return
        oracle = self.oracle
        access, books = oracle.access, oracle.books
        if leaf == "ack":
            books.named = max(books.named, note["upto"])
        elif leaf == "config":
            access.config.sent(note["version"], note["config"])
        elif leaf == "list":
            if note["cards"] is not None:
                access.lists.sent(note["version"], note["cards"])
            if note["version"] >= min(access.lists.now):
                access.list_heard(oracle.wall_s)
        elif leaf == "order":
            order = note["order"]
            if order["n"] in books.order_replies:
                return
            if order["do"] == "start":
                access.ordered(order, self.world.now_ms)
            elif order["do"] == "authorize":
                let_in = self.service.questions.delivered(order, note)
                if let_in is not None:
                    oracle.answered(*let_in)
            elif order["do"] in ("lock", "unlock"):
                access.locked = access.locked | {order["do"] == "lock"}
                if order["do"] == "unlock":
                    access.opened_ms = self.world.now_ms
            elif order["do"] == "resend":
                books.resent = books.resent[-7:] + [(order["from"], order["to"])]

    # -- law 2

    def fork(self, name):
        """Boot a copy as if the power went now: how many begins of `name` without an end it holds."""
        volume = self.volume.copy()
        volume.capacity = None
        charger = Charger(volume, CHARGER, MASTER, self.fw)
        charger.boot(0, "C", self.board.meter.read())
        return 1 if charger.session == name else 0

    def settle(self):
        """Everything is repaired and online: until nothing is unsent."""
        for _ in range(60):
            self.run(120000)
            if self.linked and not self.charger.unsent and not self.service.queue:
                return
        need(6, False, "%d records are never named", self.charger.unsent)
