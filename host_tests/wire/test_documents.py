"""docs/wire holds together: schemas are schemas, references lead somewhere, the page tells the truth."""

import hmac
import json
import re
from pathlib import Path

import pytest
import yaml
from joserfc import jws
from joserfc.jwk import OctKey
from jsonschema import Draft202012Validator

from agent import reasons
from agent.jws import CARD, Keys
from agent.keyring import Keyring
from agent.ledger import KINDS
from agent.subscribers import line_of, pack_entry
from hal.mock.volume import MemoryVolume
from host_tests.cloud.fake_charger import FakeCharger, compact
from tools.cloud import examples, listing, review, schemas
from tools.cloud import keys as cloud_keys

WIRE = Path(__file__).resolve().parents[2] / "docs" / "wire"
SCHEMAS = sorted((WIRE / "schemas").glob("*.json"))
LEAVES = {"status", "telemetry", "record", "reply", "ask", "config", "list", "order", "ack"}


def references(node):
    """Every $ref in a document."""
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        for value in node.values():
            yield from references(value)
    elif isinstance(node, list):
        for value in node:
            yield from references(value)


def resolve(reference, document, folder):
    """What a JSON reference leads to; KeyError or OSError when it leads nowhere."""
    file, _, pointer = reference.partition("#")
    node = json.loads((folder / file).read_text()) if file else document
    for step in pointer.strip("/").split("/") if pointer else ():
        node = node[step.replace("~1", "/").replace("~0", "~")]
    return node


@pytest.mark.parametrize("path", SCHEMAS, ids=lambda path: path.stem)
def test_a_schema_is_one_and_its_references_resolve(path):
    schema = json.loads(path.read_text())
    Draft202012Validator.check_schema(schema)
    assert schema["$schema"].endswith("2020-12/schema") and schema["title"]
    for reference in references(schema):
        assert resolve(reference, schema, path.parent)


@pytest.mark.parametrize("path", SCHEMAS, ids=lambda path: path.stem)
def test_unknown_members_are_ignored_everywhere(path):
    assert "additionalProperties" not in path.read_text()
    assert "unevaluatedProperties" not in path.read_text()


def test_asyncapi_covers_every_topic_and_leads_nowhere_wrong():
    document = yaml.safe_load((WIRE / "asyncapi.yaml").read_text())
    assert document["asyncapi"].startswith("3.")
    assert set(document["channels"]) == LEAVES
    for leaf, channel in document["channels"].items():
        assert channel["address"] == f"ppm/v1/{{charger}}/{leaf}"
    used = {one["channel"]["$ref"] for one in document["operations"].values()}
    assert used == {f"#/channels/{leaf}" for leaf in LEAVES}
    for reference in references(document):
        assert resolve(reference, document, WIRE)
    down = {name for name, one in document["operations"].items() if one["action"] == "send"}
    assert down == {"sendConfig", "sendList", "sendOrder", "sendAck"}


def test_every_kind_of_record_has_a_schema():
    assert {path.stem[7:] for path in SCHEMAS if path.stem.startswith("record_")} == set(KINDS)
    for reference in references(json.loads((WIRE / "schemas" / "record.json").read_text())):
        assert resolve(reference, {}, WIRE / "schemas")


def test_the_five_lines_verify_the_published_vector():
    page = (WIRE / "README.md").read_text()
    code = page.split("```python\n")[1].split("```")[0]
    assert len(code.strip().splitlines()) == 5
    vector = dict(re.findall(r"^\| `?(\w+)[^|]*\| `([^`]+)` \|$", page, re.MULTILINE))
    names = {"hmac": hmac, "json": json, "jws": jws, "OctKey": OctKey}
    names |= {"master": bytes.fromhex(vector["master"]), "record": vector["record"]}
    names |= {"charger": vector["charger"]}
    exec(code, names)
    assert names["payload"] == json.loads(vector["payload"])
    derived = hmac.digest(names["master"], b"ppm/v1/up", "sha256")
    assert derived.hex() == vector["derived"]
    assert schemas.problem("record", names["payload"]) == ""
    with pytest.raises(Exception):
        exec(code, names | {"master": bytes(32)})


def test_the_published_list_vector_is_what_both_ends_make():
    page = (WIRE / "README.md").read_text()
    table = page.split("## The list")[1]
    master = bytes.fromhex(re.search(r"`master` \(hex\) \| `(\w+)`", page)[1])
    card_key = re.search(r"card key \(hex\)[^|]*\| `(\w+)`", table)[1]
    ref = re.search(r"\| `ref` \| `(\w+)`", table)[1]
    line = re.search(r"\| `line` \| `([^`]+)`", table)[1]
    digest = re.search(r"\| `sha256 of a list of this line` \| `(\w+)`", table)[1]
    assert hmac.digest(master, b"ppm/v1/card", "sha256").hex() == card_key
    kind, uid = re.search(r"\| `(\w+)` `(\w+)` \|", table).groups()
    entry = {"uid": uid, "type": kind, "user": "anna", "contract": "c-1", "group": ""}
    entry |= {"status": "active", "until": None, "billing": "ppm", "proof": "uid"}
    assert listing.ref(bytes.fromhex(card_key), entry) == ref
    assert listing.digest(bytes.fromhex(card_key), [entry]) == digest
    keys = Keys(master)
    key = keys.mac(CARD, kind.encode(), b"|", bytes.fromhex(uid))[:12]
    packed = pack_entry(key, "active", "ppm", "uid", None, "anna", "c-1", "")
    assert key.hex() == ref and line_of(packed).decode() == line + "\n"


def test_the_published_lines_verify_a_month_that_was_closed():
    page = (WIRE / "README.md").read_text()
    code = page.split("## Closing a month")[1].split("```python\n")[1].split("```")[0]
    charger = FakeCharger()
    blind = {"energy_wh": None, "reg_end_wh": None, "flags": ["meter_missing"]}
    records = [*charger.session(1000, charging=60), *charger.session(0, end=blind, outage=9)]
    for month in ("2021-03", "2021-04"):
        claim = charger.month_closed(month)
        held = {record["seq"]: record for record in records}
        exec(code, {"held": held, "claim": claim})
        for wrong in ("sessions", "unknown", "energy_wh", "last_seq"):
            with pytest.raises((AssertionError, KeyError)):
                exec(code, {"held": held, "claim": claim | {wrong: claim[wrong] + 1}})
        with pytest.raises(AssertionError):
            seconds = claim["seconds"] | {"outage": 1}
            exec(code, {"held": held, "claim": claim | {"seconds": seconds}})
        with pytest.raises(KeyError, match=str(claim["last_seq"])):
            short = {seq: one for seq, one in held.items() if seq != claim["last_seq"]}
            exec(code, {"held": short, "claim": claim})
        records += [claim, *charger.session(2000, charging=60)]


def test_the_published_lines_wrap_a_key_as_the_charger_unwraps_it():
    page = (WIRE / "README.md").read_text()
    section = page.split("### A new master key")[1]
    code = section.split("```python\n")[1].split("```")[0]
    names = {"hmac": hmac, "old": bytes(range(32)), "new": bytes(range(100, 132))}
    names |= {"nonce": bytes(range(16))}
    exec(code, names)
    for member in ("check", "wrapped"):
        assert re.search(rf"`{member}` = `([0-9a-f]+)`", section)[1] == names["order"][member]
    assert cloud_keys.wrap(names["old"], names["new"], names["nonce"]) == names["wrapped"]
    assert cloud_keys.check(names["new"]) == names["check"]
    ring = Keyring(MemoryVolume(), names["old"])
    assert ring.take(names["order"], 7)
    assert ring.key("down") == cloud_keys.derive(names["new"], "down")


def words(page, heading):
    """The first column of the table after a heading row."""
    table = page.split(heading)[1].split("\n\n")[0]
    return re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)


def test_the_page_lists_every_reason_and_flag_that_the_charger_has():
    page = (WIRE / "README.md").read_text()
    listed = re.findall(r"^\| `(\w+)` \|", page.split("## Reasons")[1], re.MULTILINE)
    assert sorted(listed) == sorted(reasons.REASONS)
    flags = words(page, "| flag | meaning | reference service |")
    assert flags == list(reasons.FLAGS)
    assert review.HARMLESS_FLAGS <= set(flags)


def test_the_page_lists_every_meter_anomaly():
    page = (WIRE / "README.md").read_text()
    table = page.split("| `flag` of a `meter_anomaly` | meaning |")[1].split("\n\n")[0]
    meter = {flag for flag in reasons.FLAGS if flag.startswith("meter_")} - {"meter_unsettled"}
    firsts = "".join(row.split("|")[1] for row in table.splitlines() if row)
    assert set(re.findall(r"`(\w+)`", firsts)) == meter | {reasons.REGISTER_GAP}


def test_the_header_schema_is_what_both_ends_send():
    good = {"alg": "HS256", "kid": "up-1", "typ": "record+jws"}
    assert schemas.problem("jws_header", good) == ""
    for wrong in ({"alg": "none"}, {"kid": "1"}, {"typ": "JWT"}, {"kid": "down-0"}):
        assert schemas.problem("jws_header", good | wrong)


def test_every_example_is_what_its_schema_says():
    folder = WIRE / "examples"
    assert (folder / "README.md").exists()
    assert examples.problems(folder) == []


def test_a_wrong_example_would_be_found(tmp_path):
    record = {"charger": "CH-1", "seq": 1, "boot": 1, "kind": "fault", "up_ms": 5}
    record |= {"at": {"t": None, "q": "U"}, "fault": "rcd", "on": True}
    (tmp_path / examples.KEY_FILE).write_text(bytes(range(32)).hex())
    kept = examples.save(tmp_path, "record", compact(record))
    assert kept.name == "record.fault.jws"
    assert examples.save(tmp_path, "record", compact(record)) is None
    examples.save(tmp_path, "status", b'{"v":1,"online":false}')
    assert examples.problems(tmp_path) == []
    kept.write_bytes(compact(record | {"on": 1}))
    (tmp_path / "status.offline.json").write_bytes(b'{"v":1,"online":true}')
    (tmp_path / "record.other.jws").write_bytes(compact(record, master=bytes(32)))
    (tmp_path / "nonsense.json").write_bytes(b"{}")
    assert len(examples.problems(tmp_path)) == 4
