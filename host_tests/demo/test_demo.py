"""The demo itself: it ends with exit 0, and the bill does not depend on the broker or the word size."""

import json
import subprocess
import sys

import pytest

from tools.setup import interpreters
from tools.setup.places import ROOT

WORDS = [interpreter.word_bits for interpreter in interpreters()]


def run_demo(folder, *options):
    """The statements that it ended with."""
    bills = folder / "bills.json"
    command = [sys.executable, "-m", "tools.demo", "--json", str(bills), *options]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=1200)
    printed = done.stdout + done.stderr
    assert done.returncode == 0, printed
    return json.loads(bills.read_text())


@pytest.fixture(scope="module")
def reference(tmp_path_factory):
    """The statements of the month with amqtt on the first interpreter, whole."""
    return run_demo(tmp_path_factory.mktemp("demo"), "--visits", "8")


def test_every_subscriber_gets_a_statement(reference):
    users = [statement["user"] for statement in reference["statements"]]
    assert users == sorted(set(users)) and len(users) == 5
    assert all(charger["holds"] for charger in reference["reconciliation"])


@pytest.mark.parametrize("word", WORDS)
def test_with_mosquitto_and_either_word_size_the_bill_is_the_same(reference, tmp_path, word):
    bills = run_demo(tmp_path, "--visits", "8", "--broker", "mosquitto", "--word", str(word))
    assert bills == reference
