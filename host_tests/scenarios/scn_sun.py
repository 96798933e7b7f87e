"""A subscriber whose card must prove itself (law 1: no energy without permission)."""

from agent import jws
from agent.sun import Keys
from host_tests.agent.both_sun import url
from host_tests.scenarios.bench import ANNA, BO, MASTER, Bench


class ProofReader:
    """A reader whose card gives `proof`."""

    def __init__(self):
        self.proof = b""
        self.card = None

    def attend(self):
        pass

    def poll(self):
        card, self.card = self.card, None
        return card

    def healthy(self):
        return True


def tapped(bench, uid, proof):
    """The reason that the charger gives for this tap."""
    reader = bench.board.reader = ProofReader()
    told = []
    on_card = bench.charger.on_card
    bench.charger.on_card = lambda *a: told.append(on_card(*a))
    reader.card, reader.proof = ("ISO14443", uid), proof
    bench.run(0)
    bench.charger.on_card = on_card
    bench.run(200)  # an unused grant lapses
    return told[0]


def listed(bench, proof):
    """A list whose entries ask for this proof."""
    bench.subscribe({uid: {"user": "u", "proof": proof} for uid in (ANNA, BO)})


def test_only_a_new_proof_of_this_card_lets_it_in():
    bench = Bench()
    keys = Keys(jws.Keys(MASTER).key(jws.CARD))
    listed(bench, "sun")
    first = url(keys, ANNA, 7)
    assert tapped(bench, ANNA, b"") == "not_proven"
    assert tapped(bench, ANNA, first) == "accepted"
    assert tapped(bench, ANNA, first) == "not_proven"
    assert tapped(bench, ANNA, url(keys, ANNA, 6)) == "not_proven"
    assert tapped(bench, BO, url(keys, ANNA, 9)) == "not_proven", "another card's"
    assert tapped(bench, ANNA, url(Keys(bytes(32)), ANNA, 9)) == "not_proven", "another site's"
    bench.power_cut()
    assert tapped(bench, ANNA, first) == "not_proven", "the counter outlives a cut"
    assert tapped(bench, ANNA, url(keys, ANNA, 8)) == "accepted"
    assert tapped(bench, bytes(reversed(ANNA)), b"") == "unknown"

    listed(bench, "uid")
    assert tapped(bench, ANNA, b"") == "accepted"


def test_a_store_that_fails_lets_nobody_in():
    bench = Bench()
    keys = Keys(jws.Keys(MASTER).key(jws.CARD))
    listed(bench, "sun")
    write = bench.volume.write

    def fail(path, data):
        if path.startswith("sun/"):
            raise OSError(5, "EIO")
        write(path, data)

    bench.volume.write = fail
    assert tapped(bench, ANNA, url(keys, ANNA, 7)) == "store_fault"
