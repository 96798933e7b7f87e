"""A file of subscribers: whole or not at all, and what is wrong with it by line and column."""

import time

import pytest
from typer.testing import CliRunner

from host_tests.cloud.fake_charger import MASTER
from tools.cloud.cli import app
from tools.cloud.service import Service

GOOD = "user,uid,contract,until,proof\nanna,04A2B3C4D5E6F7,c-1,,\nbo,DE:AD:BE:EF,,1700000000,sun\n"


@pytest.fixture
def subscribe(db_url, tmp_path):
    runner = CliRunner(env={"PPM_DB": db_url, "PPM_AT": "1614593000", "COLUMNS": "300"})
    assert runner.invoke(app, ["register", "CH-1", "--key", MASTER.hex()]).exit_code == 0

    def run(text, code=0):
        table = tmp_path / "people.csv"
        if text is not None:
            table.write_bytes(text if isinstance(text, bytes) else text.encode())
        words = ["subscribe", "CH-1", "--file", str(table), "--store-only"]
        result = runner.invoke(app, words)
        assert result.exit_code == code, result.output
        return result.output

    return run


def listed(db_url):
    service = Service(db_url)
    lines = service.list_of("CH-1")
    version = service.charger("CH-1").list_version
    service.close()
    return version, lines


def test_a_file_is_one_version(subscribe, db_url):
    assert "2 cards may charge at CH-1." in subscribe(b"\xef\xbb\xbf" + GOOD.encode())
    version, lines = listed(db_url)
    assert version == 1
    assert [(line.user, line.until, line.proof) for line in lines] == [
        ("anna", None, "uid"),
        ("bo", 1700000000, "sun"),
    ]
    subscribe(GOOD)
    assert listed(db_url)[0] == 1, "nothing that is so makes a version"


@pytest.mark.parametrize(
    ("text", "place", "why"),
    [
        ("", "line 1, column user", "missing"),
        ("user,contract\nanna,c\n", "line 1, column uid", "missing"),
        ("user,uid,colour\nanna,DEADBEEF,red\n", "line 1, column colour", "no such column"),
        ("user,uid,uid\nanna,DEADBEEF,DEADBEEF\n", "line 1, column uid", "twice"),
        (GOOD + "carl,,,,\n", "line 4, column uid", "empty"),
        (GOOD + "carl,DEADBEEF00,,,\n", "line 4, column uid", "card UID"),
        (GOOD + "\n\ncarl,01020304050607FF,,,\n", "line 6, column uid", "card UID"),
        (GOOD + "ca rl,01020304,,,\n", "line 4, column user", "match"),
        (GOOD + "carl,01020304,,soon,\n", "line 4, column until", "Unix time"),
        (GOOD + "carl,01020304,,5,\n", "line 4, column until", "minimum"),
        (GOOD + "carl,01020304,,,pin\n", "line 4, column proof", "one of"),
        (GOOD + "carl,01020304,,,uid,x\n", "line 4", "6 cells"),
        (GOOD + "carl,04A2B3C4D5E6F7,,,\n", "line 4, column uid", "belongs to anna"),
        ('user,uid\n"anna,DEADBEEF\n', "people.csv", "cannot be read"),
        (b"user,uid\n\xff\xfe,DEADBEEF\n", "people.csv", "cannot be read"),
        (None, "people.csv", "cannot be read"),
    ],
)
def test_what_is_wrong_is_named_and_nothing_is_changed(subscribe, db_url, text, place, why):
    said = subscribe(text, code=1).replace("\n", "")
    assert place in said and why in said, said
    for uid in ("04A2B3C4D5E6F7", "01020304050607FF"):
        assert uid not in said, "law 17"
    assert listed(db_url) == (0, [])


def test_ten_thousand_people_in_one_file(subscribe, db_url):
    rows = [f"u-{n},{n * 104729:014X},c-{n % 7},," for n in range(10_000)]
    began = time.monotonic()
    assert "10000 cards" in subscribe("user,uid,contract,until,proof\n" + "\n".join(rows) + "\n")
    print(f"10,000 lines: {time.monotonic() - began:.1f} s")
    assert listed(db_url)[0] == 1 and len(listed(db_url)[1]) == 10_000
