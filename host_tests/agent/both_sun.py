"""A card that proves itself: the worked example of AN12196, its replay, and every bit of it turned."""

import binascii

from agent import aes
from agent.sun import FactoryKeys, Keys, verify
from agent.suncounters import FILES, MOST, SunCounters
from hal.mock.volume import MemoryVolume
from host_tests.hal.data import rfid

SECRET = bytes(range(32))
RFC_KEY = binascii.unhexlify("2b7e151628aed2a6abf7158809cf4f3c")
RFC_DATA = binascii.unhexlify(
    "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51"
    "30c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710"
)
RFC_CMACS = ((0, "bb1d6929e95937287fa37d129b756746"), (16, "070a16b46b4d4144f79bdd9dd04a287c"),
             (40, "dfa66747de9ae63030ca32611497c827"), (64, "51f0bebf7e3b9d92fc49741779363cfe"))  # fmt: skip


def never(uid):
    return -1


def url(keys, uid, counter, noise=b"\x01\x02\x03\x04\x05"):
    """The URL that a card with these keys gives at its read number `counter`."""
    told = uid + bytes((counter & 0xFF, counter >> 8 & 0xFF, counter >> 16))
    sealed = aes.encrypt_block(keys.meta, b"\xc7" + told + noise)
    full = aes.cmac(aes.cmac(keys.file(uid), b"\x3c\xc3\x00\x01\x00\x80" + told), b"")
    mac = bytes([full[i] for i in range(1, 16, 2)])
    return b"https://cards.example/t?e=%s&c=%s" % (binascii.hexlify(sealed), binascii.hexlify(mac))


def test_cmac_is_rfc_4493s():
    for size, text in RFC_CMACS:
        assert aes.cmac(RFC_KEY, RFC_DATA[:size]) == binascii.unhexlify(text)


def test_the_worked_example():
    assert verify(rfid.SUN_URL, FactoryKeys(), never) == ("", rfid.SUN_UID, rfid.SUN_COUNTER)
    whole = b"https://x.example/t?k=1&" + rfid.SUN_URL
    assert verify(whole, FactoryKeys(), never) == ("", rfid.SUN_UID, rfid.SUN_COUNTER)
    sv2 = binascii.unhexlify(rfid.SUN_SV2)
    assert aes.cmac(bytes(16), sv2) == binascii.unhexlify(rfid.SUN_SESSION_KEY)


def test_its_replay():
    for last, reason in ((60, ""), (61, "replay"), (62, "replay"), (1 << 23, "replay")):
        assert verify(rfid.SUN_URL, FactoryKeys(), lambda uid: last)[0] == reason  # noqa: B023


def test_every_bit_that_is_turned():
    for start, size in ((2, 32), (37, 16)):
        value = binascii.unhexlify(rfid.SUN_URL[start : start + size])
        for bit in range(8 * len(value)):
            turned = bytearray(value)
            turned[bit >> 3] ^= 1 << (bit & 7)
            bad = rfid.SUN_URL[:start] + binascii.hexlify(turned) + rfid.SUN_URL[start + size :]
            reason, uid, counter = verify(bad, FactoryKeys(), never)
            assert reason in ("tag", "mac") and uid is None and counter is None, bit


def test_what_is_no_proof():
    e, c = rfid.SUN_URL.split(b"&")
    for bad in (b"", b"?", e, c, e + b"&" + c[:-1], e[:-1] + b"&" + c, e + b"&" + c + b"0",
                e + b"&" + c[:-1] + b"g", e + b"&" + e + b"&" + c, b"\xff" * 80, e + b"&c=" + b" " * 16,
                e + b"&c=\xc3\xa9" + c[4:], e.upper() + b"&" + c):  # fmt: skip
        assert verify(bad, FactoryKeys(), never) == ("malformed", None, None), bad


def test_keys_are_a_charger_groups_and_each_cards_own():
    keys = Keys(SECRET)
    uid, other = b"\x04\x01\x02\x03\x04\x05\x06", b"\x04\x01\x02\x03\x04\x05\x07"
    assert verify(url(keys, uid, 70000), keys, never) == ("", uid, 70000)
    assert len(keys.meta) == len(keys.file(uid)) == 16
    assert len({keys.meta, keys.file(uid), keys.file(other), Keys(bytes(32)).file(uid)}) == 4
    assert verify(url(keys, uid, 1), FactoryKeys(), never)[0] in ("tag", "mac")
    assert verify(url(FactoryKeys(), uid, 1), keys, never)[0] in ("tag", "mac")


def test_counters_are_durable_before_a_card_is_accepted():
    volume = MemoryVolume()
    counters = SunCounters(volume, lambda uid: True)
    uid = rfid.SUN_UID
    assert counters.last(uid) == -1
    for counter, taken in (
        (61, True),
        (61, False),
        (60, False),
        (0, False),
        (62, True),
        (0xFFFFFF, True),
    ):
        assert counters.accept(uid, counter) is taken, counter
        again = SunCounters(volume, lambda uid: True)
        assert again.last(uid) == counters.last(uid) == max(counter, again.last(uid))
    assert counters.last(b"\x04" + bytes(6)) == -1


def uids_of_one_file(count):
    found, n = [], 0
    while len(found) < count:
        uid = b"\x04" + bytes((n >> 16 & 255, n >> 8 & 255, n & 255)) + b"\x01\x02\x03"
        if binascii.crc32(uid) & (FILES - 1) == 5:
            found.append(uid)
        n += 1
    return found


def test_the_store_is_bounded_and_forgets_only_who_is_known_no_more():
    volume = MemoryVolume()
    uids = uids_of_one_file(MOST + 2)
    known = set(uids)
    counters = SunCounters(volume, lambda uid: uid in known)
    for uid in uids[:MOST]:
        assert counters.accept(uid, 5)
    assert not counters.accept(uids[MOST], 5)
    assert counters.last(uids[0]) == 5 and volume.size("sun/05") <= 128
    known.remove(uids[3])
    assert counters.accept(uids[MOST], 5) and counters.last(uids[3]) == -1
    assert not counters.accept(uids[MOST + 1], 5)


def test_damage_lets_nobody_in():
    volume = MemoryVolume()
    counters = SunCounters(volume, lambda uid: True)
    uid = uids_of_one_file(1)[0]
    counters.accept(uid, 5)
    whole = volume.read("sun/05")
    for at in range(len(whole)):
        volume.write("sun/05", whole[:at] + bytes((whole[at] ^ 1,)) + whole[at + 1 :])
        for call in (lambda: counters.last(uid), lambda: counters.accept(uid, 9)):
            try:
                call()
                raise AssertionError(at)
            except ValueError:
                pass
