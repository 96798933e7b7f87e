"""The agent's small parts, each on its own."""

import binascii

from agent import jws, metering, recovery, states
from agent.checkpoint import Checkpoint
from agent.counters import Counters
from agent.journal import Journal
from agent.ledger import Ledger
from agent.packing import pack, unpack
from agent.reasons import FLAGS, Refused, flag_bit, flag_words
from agent.samples import MOST, Samples
from agent.slots import Slots
from agent.timekeeping import Instant, Timekeeper
from hal.mock.volume import MemoryVolume, PowerCut


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


def test_full_segments_are_put_away_and_stay_what_they_are():
    def filled(volume, journal, count):
        for _ in range(count):
            journal.append((journal.last + 1).to_bytes(4, "little") + b"x" * 400)
        held = [journal.read(number) for number in range(1, journal.last + 1)]
        assert None not in held
        return held

    volume = MemoryVolume()
    held = filled(volume, Journal(volume), 40)
    assert (
        len(volume.names("journal")) == 5
    )  # a charger of an earlier firmware has all of them there
    for mode in ("before", "torn", "after"):
        for cut in range(6):
            other = volume.copy()
            journal = Journal(other)
            other.cut_after(cut, mode)
            try:
                while journal.tidy():
                    pass
            except PowerCut:
                pass
            other.revive()
            journal = Journal(other)
            assert [journal.read(number) for number in range(1, 41)] == held
            while journal.tidy():
                pass
            assert len(other.names("journal")) == 1 and len(other.names("journal/full")) == 4
            assert filled(other, journal, 20)[:40] == held
            while journal.drop_oldest(61):
                pass
            assert (other.names("journal/full"), len(other.names("journal"))) == ([], 1)
            assert not journal.tidy() and Journal(other).last == 60


def test_numbers_that_were_lost_between_two_segments_are_passed_over():
    volume = MemoryVolume()
    journal = Journal(volume)
    for number in (1, 2):
        journal.append(number.to_bytes(4, "little"))
    far = 250000000
    journal = Journal(volume, far)
    assert (journal.last, journal.newest) == (far, 2)
    journal.append((far + 1).to_bytes(4, "little"))
    assert len([n for n in journal.numbers(1) if journal.read(n)]) == 3
    assert list(journal.numbers(far)) == [far + 1]
    volume.files["journal/not a nr"] = bytearray(b"x")
    assert Journal(volume).first == 1


def test_a_record_that_no_firmware_writes_is_damaged():
    for body in (b"\x06\x01" * 1700 + b"\x00", b"\x09\x05\x07" + b"\x00" * 6 + b"\x09"):
        try:
            unpack(body)
        except ValueError:
            continue
        raise AssertionError(body[:4])
    assert Checkpoint(MemoryVolume()).number == 0
    volume = MemoryVolume()
    Slots(volume, "session").save(
        b"\x01\x09\x09\x09" + bytes(112)
    )  # stop, phase, quality: unknown
    assert not Checkpoint(volume).is_open


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


def test_a_clock_that_was_led_forward_is_put_right_when_that_time_has_come():
    time = Timekeeper(MemoryVolume(), 1, 0)
    true_ms, led_ms = 1614556800000, 9000000
    time.set(0, true_ms, "S", 1)
    time.raise_floor(0)
    time.set(1000, true_ms + 1000 + led_ms, "S", 1)
    time.raise_floor(1000)
    believed_ms = None
    for up_ms in range(3600000, 40000000, 600000):
        try:
            time.set(up_ms, true_ms + up_ms, "S", 1)
        except ValueError:
            time.raise_floor(up_ms)
            continue
        believed_ms = up_ms
        break
    assert believed_ms is not None, "never"
    assert believed_ms <= led_ms, "when that time has come at the latest"


def test_what_has_certainly_come_grows_with_the_uptime_while_the_clock_is_unknown():
    time = Timekeeper(MemoryVolume(), 1, 1614556800)
    assert time.least_s(0) == 1614556800
    assert time.least_s(86400000) == 1614556800 + 86400
    time.set(86400000, 1614560000000, "S", 1)
    assert time.least_s(90000000) == 1614556800


def test_flags_are_bits():
    bits = flag_bit("outage") | flag_bit("zero_energy")
    assert flag_words(bits) == ["zero_energy", "outage"]
    assert len(FLAGS) <= 32, "a session's flags are 32 bits in flash"


def test_the_keyed_hash_is_that_of_rfc_4231():
    for key, data, digest in (
        (
            b"\x0b" * 20,
            b"Hi There",
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
        ),
        (
            b"Jefe",
            b"what do ya want for nothing?",
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
        ),
        (
            b"\xaa" * 20,
            b"\xdd" * 50,
            "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe",
        ),
        (
            b"\xaa" * 131,
            b"Test Using Larger Than Block-Size Key - Hash Key First",
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
        ),
    ):
        assert binascii.hexlify(jws.hmac_sha256(key, data[:3], data[3:])).decode() == digest


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


def test_law_5_a_boot_that_a_kept_end_tells_of_is_not_forgotten():
    volume = MemoryVolume()
    time = Timekeeper(volume, 7, 0)
    ledger = Ledger(volume, "CH-1", None, time, 0)
    ledger.write(0, "access_refused", (("reason", "unknown"),))
    ledger.write(0, "fault", (("fault", "pilot"), ("on", True)))
    ledger.write(0, "access_refused", (("reason", "unknown"),))
    ledger.write(
        0, "session_end", (("session", "CH-1-1"), ("t_plug", Instant(5, 1000, None, "U")))
    )
    assert ledger.first_boot(9) == 5
