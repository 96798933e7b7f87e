"""Law 17: no card's number and no key leaves, by any way out, however it is spelt."""

import base64

import pytest

from host_tests.leaks.spellings import found
from host_tests.leaks.story import CARDS, KEYS, SECRETS, Story
from tools.setup.brokers import start

WAYS_OUT = (
    "console",
    "control port",
    "files",
    "mqtt status",
    "mqtt telemetry",
    "mqtt record",
    "mqtt reply",
    "service log",
    "command line",
)


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    folder = tmp_path_factory.mktemp("leaks")
    with start("amqtt", folder) as broker:
        story = Story(folder, broker)
        story.live()
    return story.out


def test_nothing_goes_out_by_a_way_that_nobody_looks_at(out):
    assert set(out.said) == set(WAYS_OUT)
    assert all(len(data) > 100 for data in out.said.values())


def test_all_of_it_happened(out):
    kinds = ("access_refused", "session_begin", "session_end", "list_applied", "power_restored")
    records = bytes(out.said["mqtt record"])
    assert all(b'"kind":"%s"' % kind.encode() in records for kind in kinds)
    for reason in (b"unknown", b"blocked", b"bad_card", b"busy"):
        assert b'"reason":"%s"' % reason in records, reason
    replies = bytes(out.said["mqtt reply"])
    for reason in (b"list_hash", b"bad_value", b"malformed", b"oversized"):
        assert reason in replies, reason
    console = bytes(out.said["console"])
    assert b"crash: control: ValueError" in console and b"firmware/control.py" in console
    assert b"store_fault" in bytes(out.said["mqtt status"])


@pytest.mark.parametrize("way", WAYS_OUT)
def test_no_number_of_a_card_leaves(out, way):
    assert found(SECRETS, bytes(out.said[way])) == []


@pytest.mark.parametrize("way", WAYS_OUT)
def test_no_key_leaves(out, way):
    assert found(KEYS, bytes(out.said[way])) == []


UID = bytes.fromhex(CARDS["anna's"])
SPELT = (
    UID.hex(),
    UID.hex().upper(),
    UID.hex(":"),
    UID.hex(" ").upper(),
    repr(UID),
    repr(list(UID)),
    ", ".join("0x%02x" % byte for byte in UID),
    UID[::-1].hex("-"),
    str(int.from_bytes(UID, "big")),
    str(int.from_bytes(UID, "little")),
    base64.b64encode(UID).decode(),
    base64.b64encode(b"uid=" + UID + b";").decode(),
    base64.urlsafe_b64encode(b"ab" + UID + b"c").decode(),
    base64.b64encode(UID[::-1]).decode(),
)


@pytest.mark.parametrize("text", SPELT)
def test_the_search_finds_every_spelling(text):
    assert found({"uid": UID}, b"refused: card " + text.encode() + b" is unknown"), text
    assert not found({"uid": UID}, text[: len(text) // 2].encode()), "it needs all of it"


def test_raw_bytes_are_found_too():
    assert found({"uid": UID}, b"\x00" + UID + b"\x00") and found({"uid": UID}, UID[::-1])
