"""A charger's life in steps, and how it goes on after the power was cut in the middle of one."""

import gc
import json

from agent import jws
from agent.listupdate import ListUpdate
from host_tests.flash.volumes import make, reopen
from host_tests.scenarios.bench import (
    BO,
    CARL,
    CHARGER,
    Bench,
    hex_of,
    list_hash,
    ref_of,
)  # fmt: skip
from host_tests.scenarios.newkeys import NEXT
from host_tests.sweep.oracle import MONTH_END_S, check_books, check_versions
from host_tests.sweep.steps import FEW, STEPS

BLOCKS = 73  # few enough for segments that the service holds to have to give way
BEFORE_S = 7200  # the life begins so long before a month ends
DARK_S = 20
OVER_MOST = 4  # entries of the list's overlay, so that both of its swaps are in this life


class Life:
    """flash: the Flash to live on, blank. planted: whether there is a fault to be found.

    config_range, list_range, order_range, key_range: (what the charger promised to have, the newest it was
    sent). configs, lists: what each version says. all_cards: every card there ever was.
    """

    def __init__(self, flash, planted=False):
        self.flash = flash
        self.planted = planted
        make(flash)
        ListUpdate.over_most = OVER_MOST
        self.bench = Bench(enabled=False, boot=False, volume=self.mounted())
        self.bench.world.set_time(MONTH_END_S - BEFORE_S)
        self.config_range = (0, 0)
        self.configs = {0: (False, None, 16000, "locked")}
        self.config_token = None
        self.list_range = (0, 0)
        self.list_parts = []
        self.lists = {0: {}}
        self.all_cards = [CARL]
        self.order_range = (0, 0)
        self.order_token = None
        self.key_range = (1, 1)
        self.bench.rings["up-2"] = jws.Keys(NEXT, 2)
        self.step = "-"

    def live(self, on_step):
        """Go through all steps; on_step(name) before each."""
        for name, do in STEPS:
            self.step = name
            on_step(name)
            do(self)
            gc.collect()

    def mounted(self):
        """The volume; with a planted fault one whose writes are not whole, for the sweep to find."""
        volume = reopen(self.flash)
        if self.planted:

            def write(path, data):
                volume.remove(path)
                volume.append(path, data)

            volume.write = write
        return volume

    # ---- what people and the service do

    def signed(self, leaf, message):
        payload = json.dumps(message).encode()
        return bytes(self.bench.keys.sign("down", leaf + "+jws", payload))

    def tell(self, leaf, token):
        self.bench.charger.on_message(self.bench.up_ms, leaf, token)
        self.bench.pump()

    def config(self):
        """The next configuration: each has another tariff version and limit."""
        bench = self.bench
        low = self.config_range[0]
        version = bench.version + 1
        message = bench.config_message()
        settings = {
            "version": version,
            "tariff": {
                "id": "T-1",
                "version": version,
                "currency": "EUR",
                "components": [{"type": "ENERGY", "price": "0.40"}],
            },
            "limit_ma": 16000 - 100 * version,
            "session": {"resume_within_s": 3600, "sample_s": 60},
        }
        message.update(settings)
        self.configs[version] = (True, version, message["limit_ma"], "locked")
        self.config_range = (low, version)
        bench.version = version
        self.config_token = self.signed("config", message)
        self.tell("config", self.config_token)
        self.said("applied")
        self.config_range = (version, version)

    def whole_list(self, cards):
        self.note_list(cards)
        self.bench.list_version += 1
        self.bench.cards = cards
        entries = self.bench.entries()
        parts = [entries[at : at + 20] for at in range(0, len(entries), 20)]
        self.send_list(None, [(part, []) for part in parts], list_hash(entries))

    def changed_list(self, put, gone):
        """A difference to the list in force, in two parts."""
        bench = self.bench
        base = bench.list_version
        cards = dict(bench.cards)
        cards.update(put)
        for uid in gone:
            cards.pop(uid)
        self.note_list(cards)
        bench.list_version += 1
        bench.cards = cards
        entries = bench.entries()
        changes = sorted([hex_of(uid) for uid in list(put) + gone], key=ref_of)
        parts = []
        for chosen in changes[: len(changes) // 2], changes[len(changes) // 2 :]:
            put = [e for e in entries if e["uid"] in chosen]
            parts.append((put, [ref_of(hex_of(uid)) for uid in gone if hex_of(uid) in chosen]))
        self.send_list(base, parts, list_hash(entries))

    def send_list(self, base, parts, digest):
        """Send an update. parts: [(put, del)]."""
        self.list_parts = []
        for part, (put, gone) in enumerate(parts, 1):
            message = {"version": self.bench.list_version, "base": base, "put": put, "del": gone}
            message.update({"aud": CHARGER, "part": part, "parts": len(parts), "sha256": digest})
            self.list_parts.append(self.signed("list", message))
        self.send_parts(1)

    def send_parts(self, first):
        """Send the parts of the newest update from `first` on."""
        for part, token in enumerate(self.list_parts, 1):
            if part >= first:
                self.tell("list", token)
                self.said("applied" if part == len(self.list_parts) else "waiting")
        self.list_is_applied()

    def note_list(self, cards):
        version = self.bench.list_version + 1
        self.lists[version] = cards
        for uid in cards:
            if uid not in self.all_cards:
                self.all_cards.append(uid)
        self.list_range = (self.list_range[0], version)

    def list_is_applied(self):
        self.said("applied")
        self.list_range = (self.list_range[1], self.list_range[1])

    def order(self, do, **members):
        bench = self.bench
        bench.n += 1
        self.order_range = (self.order_range[0], bench.n)
        message = {
            "aud": CHARGER,
            "n": bench.n,
            "exp": bench.now_s + 900,
            "id": "o-%d" % bench.n,
            "do": do,
        }
        message.update(members)
        self.order_token = self.signed("order", message)
        self.tell("order", self.order_token)
        self.order_range = (bench.n, bench.n)
        return bench.replies[-1]

    def said(self, result):
        reply = self.bench.replies[-1]
        assert reply["result"] == result, reply

    def reboot(self, dark_s, online=True, clock=True):
        self.bench.volume = self.mounted()
        self.bench.power_cut(dark_s, online, clock)

    # ---- after a cut

    def recover(self, variant, flash):
        """Boot where the power went, and live on to a quiet end. AssertionError: a law is broken.

        variant: 0.. for another order of what the outside does after the boot. The boot is the part
        that may be cut again: `flash` is not asked any more after it.
        """
        bench = self.bench
        self.reboot(DARK_S, online=False, clock=False)
        bench.run(1)
        flash.at_operation = None
        check_versions(self)
        bench.acks = True
        if variant & 1:
            bench.link(True)
            bench.run(5)
            bench.set_clock()
        else:
            bench.set_clock()
            bench.run(5)
            bench.link(True)
        bench.run(70)
        if variant & 2:
            bench.world.unplug()
            bench.run(40)
        self.reconcile()
        bench.world.unplug()
        bench.run(40)
        check_versions(self)
        before = bench.count("session_end")
        bench.tap(BO)
        bench.plug(16000, 30)
        bench.run(40)
        bench.unplug()
        bench.run(2)
        assert bench.count("session_end") == before + 1, "no new session after the cut"
        self.close()

    def reconcile(self):
        """What the service does when a charger comes back: send what it may not have."""
        bench = self.bench
        if self.order_range[0]:
            self.tell("order", self.order_token)
            if self.order_range[0] == self.order_range[1]:
                # signed with the key before, it is refused for that, once the new one was used
                again = ("stale",) if bench.keys.generation == 1 else ("stale", "wrong_key")
                assert bench.replies[-1]["reason"] in again, "law 9: an order was obeyed twice"
        self.order("unlock")
        if self.config_token is not None:
            self.tell("config", self.config_token)
            self.said("applied")
        self.config()
        waits = bench.charger.connector._house.list_update.waits()
        if waits is not None:  # an update was under way: it goes on where it was
            assert waits["version"] == bench.list_version and waits["part"] > 1, waits
            self.send_parts(waits["part"])
            check_versions(self)
        self.whole_list(dict(FEW))

    def close(self):
        """The end: everything that is still held is told again, with the same bytes."""
        bench = self.bench
        bench.link(True)
        bench.run(5)
        self.order("resend", **{"from": 1, "to": len(bench.kinds)})
        bench.run(1)
        check_books(self)
