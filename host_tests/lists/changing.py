"""A list and five updates of it, sent part by part to a charger whose power may go in any of them."""

import gc

from agent.listmerge import NEW_BASE, NEW_OVER, PARTS
from agent.listupdate import ListUpdate
from agent.subscribers import OVER
from hal.mock.volume import PowerCut
from host_tests.scenarios.bench import CHARGER, Bench, hex_of, list_hash, put_of, ref_of

OVER_MOST = 4  # so that a few entries reach what 512 are for
PART = 3


def people(numbers, user="u"):
    return {bytes((n, 1, 2, 3)): {"user": "%s-%d" % (user, n)} for n in numbers}


def updates():
    """[(what swaps, cards after it, whether it is sent whole)], the first of version 1."""
    first = people(range(16, 25))
    second = dict(first)  # one added, one changed, one gone: an overlay
    second.update(people((30,)))
    second.update(people((18,), "new"))
    del second[bytes((20, 1, 2, 3))]
    third = dict(second)  # and in what the overlay holds: too much for it
    third.update(people((31, 32)))
    third.update(people((18, 21), "newer"))
    del third[bytes((30, 1, 2, 3))]
    fourth = dict(third)
    fourth.update(people((20,), "back"))
    return (
        ("first base", first, True),
        ("first overlay", second, False),
        ("new base in place of base and overlay", third, False),
        ("overlay again", fourth, False),
        ("whole in place of base and overlay", people(range(40, 48)), True),
    )


def messages(version, before, after, whole):
    """The parts of an update from `before` to `after`, as a service sends them."""
    changes = []
    for uid in after:
        if whole or before.get(uid) != after[uid]:
            changes.append((ref_of(hex_of(uid)), put_of(uid, after[uid])))
    if not whole:
        changes.extend((ref_of(hex_of(uid)), None) for uid in before if uid not in after)
    changes.sort(key=lambda change: change[0])
    parts = (len(changes) + PART - 1) // PART
    made = []
    for part in range(parts):
        some = changes[part * PART : part * PART + PART]
        message = {"aud": CHARGER, "version": version, "base": None if whole else version - 1}
        message.update({"part": part + 1, "parts": parts})
        message["put"] = [put for _, put in some if put is not None]
        message["del"] = [ref for ref, put in some if put is None]
        made.append(message)
    made[-1]["sha256"] = list_hash([put_of(uid, after[uid]) for uid in after])
    return made


class Changing:
    """One update, and what must be true of the list whenever the charger has power.

    volume(): a new volume as it was before the update. cards: everybody who was ever on a list.
    """

    def __init__(self, version, before, after, whole):
        self.version = version
        self.before = before
        self.after = after
        self.messages = messages(version, before, after, whole)
        self.everybody = set()
        for _, cards, _ in updates():
            self.everybody.update(cards)

    def booted(self, volume):
        """A charger on the bench over this volume."""
        ListUpdate.over_most = OVER_MOST
        bench = Bench(boot=False, volume=volume)
        bench.boot()
        return bench

    def send(self, bench, first=1):
        """Send the parts from `first` on, and let the charger work; how many were sent."""
        for message in self.messages[first - 1 :]:
            bench.send("list", message)
        while bench.charger.busy:
            bench.charger.tick(bench.up_ms)
            bench.pump()
        return len(self.messages) - first + 1

    def cut(self, volume, operation, mode):
        """Send all with the power going in a change of the volume; whether it went."""
        bench = self.booted(volume)
        volume.cut_after(operation, mode)
        try:
            self.send(bench)
            went = False
        except PowerCut:
            went = True
        volume.revive()
        return went

    def holds(self, bench, only_new=False):
        """Law 8: the old or the new list, whole; never a mix. Returns its version."""
        house = bench.charger.connector._house
        held = house.subscribers
        assert house.store_ok and held.readable
        assert held.version in ((self.version,) if only_new else (self.version - 1, self.version))
        cards = self.after if held.version == self.version else self.before
        assert held.count == len(cards), (held.version, held.count, len(cards))
        for uid in self.everybody:
            found = held.find(house.card_key("ISO14443", uid))
            wanted = cards.get(uid)
            assert (found.user if found else None) == (wanted["user"] if wanted else None)
        return held.version

    def lives_on(self, volume):
        """After a cut: boot, look, go on where the charger says, look, boot once more.

        Returns the part that the update went on from, 0 when nothing had to be sent.
        """
        bench = self.booted(volume)
        version = self.holds(bench)
        while bench.charger.busy:  # the parts were all there
            bench.charger.tick(bench.up_ms)
            bench.pump()
        version = self.holds(bench)
        told = bench.status["list"]
        assert told["version"] == version
        first = 0
        if version != self.version:
            first = told["waits"]["part"] if "waits" in told else 1
            assert "waits" not in told or told["waits"]["version"] == self.version
            self.send(bench, first)
            assert bench.replies[-1]["result"] == "applied", bench.replies[-1]
        self.holds(bench, True)
        assert "waits" not in bench.status["list"]
        applied = [r["version"] for r in bench.of_kind("list_applied")]
        # A cut between the record and the counter that says so has it told again at the boot.
        assert applied.count(self.version) <= 2 and applied.count(self.version - 1) <= 2
        gc.collect()
        bench = self.booted(volume)
        self.holds(bench, True)
        held = bench.charger.connector._house.subscribers
        left = [path for path in (PARTS, NEW_BASE, NEW_OVER) if volume.size(path) > 0]
        assert not left and (volume.size(OVER) > 0) == (held.over is not None), left
        return first
