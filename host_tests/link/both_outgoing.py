"""The transmit queue: the identical chunk until it is taken, and nothing lost between."""

from firmware.mqtt.outgoing import Outgoing


def test_offer_is_identical_until_taken():
    tx = Outgoing()
    tx.write(b"a" * 10)
    first = tx.offer()
    tx.write(b"b" * 2000)
    assert tx.offer() is first and bytes(first) == b"a" * 10
    tx.taken(4)
    assert bytes(tx.offer()) == b"a" * 6
    tx.write(b"c")
    assert bytes(tx.offer()) == b"a" * 6
    tx.taken(6)
    assert bytes(tx.offer()) == b"b" * 1024
    assert tx.size == 2001


def test_nothing_lost_or_doubled():
    state = 7
    expected = bytearray()
    got = bytearray()
    tx = Outgoing()
    for number in range(80):
        state = (state * 75 + 74) % 65537
        piece = bytes([number & 0xFF]) * (state % 500)
        if state & 1:
            tx.write(piece)
            expected.extend(piece)
        else:
            scratch = bytearray(piece + b"not this")
            tx.write(scratch, len(piece))
            expected.extend(piece)
            for at in range(len(scratch)):
                scratch[at] = 0  # the codec re-uses its buffers
        for _ in range(state % 3):
            offer = tx.offer()
            if offer is not None:
                assert 0 < len(offer) <= 1024
                count = 1 + state % len(offer)
                got.extend(bytes(offer[:count]))
                tx.taken(count)
    while tx.offer() is not None:
        got.extend(bytes(tx.offer()))
        tx.taken(len(tx.offer()))
    assert got == expected and tx.size == 0


def test_reset_forgets():
    tx = Outgoing()
    tx.write(b"a" * 3000)
    tx.offer()
    tx.taken(1)
    tx.reset()
    assert tx.offer() is None and tx.size == 0
    tx.write(b"b")
    assert bytes(tx.offer()) == b"b"
