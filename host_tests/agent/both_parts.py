"""The agent's small parts, each on its own."""

from agent import access, jws, metering, recovery, states
from agent.counters import Counters
from agent.journal import Journal
from agent.packing import pack, unpack
from agent.reasons import FLAGS, REASONS, Refused, flag_bit, flag_words
from agent.samples import MOST, Samples
from agent.slots import Slots
from agent.subscribers import Entry, pack_entry
from agent.timekeeping import Instant, Timekeeper
from hal.mock.volume import MemoryVolume


def entry(status="active", until_s=None):
    return Entry(pack_entry(b"k" * 12, status, "ppm", "uid", until_s, "anna", "c-1", "g-1"))


# facts that differ from an accepted card of an online charger -> the reason
DECISIONS = (
    ({}, "accepted"),
    ({"locked": "locked"}, "locked"),
    ({"locked": "store_fault", "busy": True}, "store_fault"),
    ({"busy": True}, "busy"),
    ({"entry": None}, "unknown"),
    ({"entry": entry("blocked")}, "blocked"),
    ({"entry": entry("pending")}, "pending"),
    ({"entry": entry("expired")}, "subscription_expired"),
    ({"entry": entry(until_s=2000)}, "subscription_expired"),
    ({"entry": entry(until_s=2001)}, "accepted"),
    ({"entry": entry(until_s=2001), "unix_s": None}, "clock_unknown"),
    ({"entry": entry(until_s=2001), "unix_s": None, "floor_s": 2001}, "subscription_expired"),
    ({"list_fresh_s": 1499}, "list_too_old"),
    ({"list_fresh_s": 1500}, "accepted"),
    ({"list_fresh_s": 1000, "unix_s": None}, "accepted"),
    ({"list_fresh_s": 1000, "unix_s": None, "floor_s": 1501}, "list_too_old"),
    ({"online": False}, "accepted"),
    ({"online": False, "offline": "deny"}, "offline_denied"),
    ({"meter_ok": False}, "meter_fault"),
    ({"store_ok": False}, "store_full"),
    ({"entry": None, "store_ok": False}, "unknown"),
)


def test_every_decision_has_its_reason():
    for changes, reason in DECISIONS:
        facts = {"entry": entry(), "online": True, "unix_s": 2000, "list_version": 1}
        facts.update({"list_fresh_s": 2000, "list_max_age_s": 500})
        facts.update(changes)
        assert access.decide(access.Facts(**facts)) == reason, (changes, reason)
        assert reason in REASONS
    ordered = access.Facts(entry=None, meter_ok=True)
    assert access.decide_ordered(ordered) == "accepted"


def test_energy_is_allowed_in_two_states_only():
    every = {state for state, _ in states.TABLE} | set(states.TABLE.values())
    giving = [state for state in every if states.permit_ma(state, 16000)]
    assert sorted(giving) == ["charging", "suspended_ev"]
    assert states.step("locked", "accept") == "locked"
    for (state, event), after in states.TABLE.items():
        if after in giving and state not in giving:
            assert (state, event) in (("authorized", "begin"), ("suspended_evse", "release"))


def test_a_gap_of_unknown_length_gives_nothing():
    assert recovery.verdict(1000, 1600, 5000, 3600) == "resume"
    assert recovery.verdict(1000, 4601, 5000, 3600) == "end"
    assert recovery.verdict(1000, None, 5000, 3600) == "wait"
    assert recovery.verdict(1000, None, 3601000, 3600) == "end"
    assert recovery.verdict(None, 1600, 5000, 3600) == "end"
    assert recovery.verdict(5000, 4998, 5000, 3600) == "resume", "drift"
    assert recovery.verdict(5000, 1600, 5000, 3600) == "end", "one of the two clocks was wrong"
    assert recovery.dark_s(5000, 1600) is None and recovery.dark_s(1000, 1600) == 600


def test_energy_is_a_difference_or_nothing():
    assert metering.energy_wh(100, "a", 600, "a", 3600) == (500, "")
    assert metering.energy_wh(100, "a", 100, "a", 0) == (0, "")
    assert metering.energy_wh(None, "a", 600, "a", 3600) == (None, "meter_missing")
    assert metering.energy_wh(100, "a", None, None, 3600) == (None, "meter_missing")
    assert metering.energy_wh(100, "a", 99, "a", 3600) == (None, "meter_backward")
    assert metering.energy_wh(100, "a", 600, "b", 3600) == (None, "meter_replaced")
    # Borgholm: an hour, and the whole register
    assert metering.energy_wh(0, "a", 20950500, "a", 3600) == (None, "meter_implausible")


def test_slots_survive_damage_of_the_newer_and_empty_files():
    volume = MemoryVolume()
    slots = Slots(volume, "s")
    assert slots.state is None
    for state in (b"one", b"two", b"three"):
        slots.save(state)
    assert Slots(volume, "s").state == b"three"
    newest = "s/%d" % (slots.generation & 1)
    volume.files[newest][6] ^= 1
    assert Slots(volume, "s").state == b"two"
    volume.files[newest] = bytearray()
    assert Slots(volume, "s").state == b"two"
    volume.files[newest] = bytearray(b"\xff" * 128)
    assert Slots(volume, "s").state == b"two"


def test_counters_of_another_firmware_are_read_as_far_as_they_go():
    volume = MemoryVolume()
    Slots(volume, "counters").save(b"\x05\x00\x00\x00\x09\x00\x00\x00")
    counters = Counters(volume)
    assert (counters.boot, counters.order_n, counters.acked) == (5, 9, 0)
    Slots(volume, "counters").save(bytes(range(60)))
    assert Counters(volume).boot == 0x03020100


def test_the_journal_numbers_on_after_every_segment_is_gone():
    volume = MemoryVolume()
    journal = Journal(volume)
    for number in range(1, 40):
        journal.append(number.to_bytes(4, "little") + b"x" * 400)
    held = journal.first
    while journal.drop_oldest(40):
        pass
    assert held == 1 and journal.first > 30 and journal.last == 39
    assert journal.read(1) is None and journal.read(39)[:4] == b"\x27\x00\x00\x00"
    assert Journal(volume).last == 39
    assert Journal(MemoryVolume(), 77).last == 77


def test_samples_fit_their_range_and_thin_out():
    samples = Samples(1000)
    assert samples.add(0, 1000, "begin") and not samples.add(5, 999, "clock")
    for i in range(1, MOST):
        samples.add(i * 900, 1000 + i, "clock")
    samples.thin()
    assert samples[0] == (0, 1000, "begin") and len(samples) < MOST
    assert samples[len(samples) - 1] == ((MOST - 1) * 900, 999 + MOST, "clock")
    again = Samples(1000, samples.packed())
    assert [again[i] for i in range(len(again))] == [samples[i] for i in range(len(samples))]


def test_a_packed_body_comes_back():
    body = (
        ("user", "anna"),
        ("token", (("type", "ISO14443"), ("ref", ""), ("method", "none"))),
        ("reg_end_wh", None),
        ("count", -70000),
        ("energy_wh", 1 << 40),
        ("flags", ["zero_energy", "outage"]),
        ("offline", True),
        ("detail", "na\xefve \u20ac"),
    )
    assert unpack(pack(body)) == body
    moment = unpack(pack((("t_auth", Instant(7, 123456789, None, "U")),)))[0][1]
    assert (moment.boot, moment.up_ms, moment.unix_s, moment.quality) == (7, 123456789, None, "U")


def test_damaged_bodies_are_a_value_error():
    whole = pack(
        (
            ("user", "anna"),
            ("samples", Samples(5, b"\x00" * 14)),
            ("t_stop", Instant(1, 2, 3, "S")),
        )
    )
    for end in range(len(whole)):
        try:
            unpack(whole[:end])
        except (ValueError, IndexError):
            continue
        raise AssertionError(end)


def test_the_clock_keeps_its_qualities():
    volume = MemoryVolume()
    time = Timekeeper(volume, 3, 0)
    early = time.now(1000)
    assert (early.unix_s, early.quality) == (None, "U")
    assert time.settle(early, 5) == (None, "U")
    assert time.set(10000, 1614556800000, "S", 5)
    assert not time.set(20000, 1614556811000, "S", 9)
    assert time.set(30000, 1614556899000, "S", 9)
    assert time.settle(early, 4) == (None, "U"), "it was told without a time"
    assert time.settle(early, 5) == (1614556791, "R")
    assert Timekeeper(volume, 4, 0).settle(early, 5) == (1614556791, "R")
    for wrong_ms in (0, 5000, 1546300799000, 4102444800000):
        try:
            time.set(40000, wrong_ms, "S", 9)
        except ValueError:
            continue
        raise AssertionError(wrong_ms)


def test_flags_are_bits():
    bits = flag_bit("outage") | flag_bit("zero_energy")
    assert flag_words(bits) == ["zero_energy", "outage"]
    assert len(FLAGS) <= 32, "a session's flags are 32 bits in flash"


def test_a_token_is_only_good_for_its_use():
    keys = jws.Keys(bytes(range(32)))
    token = bytes(keys.sign("down", "order+jws", b'{"a":1}'))
    assert keys.verify("down", "order+jws", token) == {"a": 1}
    for use, typ, changed, reason in (
        ("up", "order+jws", token, "wrong_key"),
        ("down", "list+jws", token, "wrong_type"),
        ("down", "order+jws", token[:-1], "bad_signature"),
        ("down", "order+jws", token + b"A", "bad_signature"),
        ("down", "order+jws", token.replace(b".", b"", 1), "malformed"),
    ):
        try:
            keys.verify(use, typ, changed)
        except Refused as refusal:
            assert refusal.reason == reason, (refusal.reason, reason)
            continue
        raise AssertionError(reason)
    second = jws.Keys(bytes(range(32)), 2)
    assert second.kid("up") == "up-2"
