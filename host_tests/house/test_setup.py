"""What `make setup` fetches is what it says it is."""

import re
import subprocess
import tomllib
from importlib.metadata import distributions

import pytest

from tools import setup
from tools.setup import ROOT, debian, places, programs
from tools.setup.errors import NotHad
from tools.setup.interpreters import probe


def plain(name):
    return re.sub(r"[-_.]+", "-", name).lower()


def test_every_installed_package_is_pinned():
    groups = tomllib.loads((ROOT / "pyproject.toml").read_text())["dependency-groups"]
    pins = dict(line.split("==") for name in ("desk", "desk-indirect") for line in groups[name])
    pins = {plain(name): version for name, version in pins.items()}
    here = {plain(d.name): d.version for d in distributions()}
    for name in ("pip", "setuptools"):
        here.pop(name, None)
    assert here == pins


def test_nothing_pinned_contradicts_another():
    said = subprocess.run(
        [setup.VENV_PYTHON, "-m", "pip", "check"], capture_output=True, text=True
    )
    assert said.returncode == 0, said.stdout


def test_an_interpreter_has_the_words_and_the_heap_of_its_name(micropython):
    assert micropython.word_bits == {"mp64": 64, "mp32": 32}[micropython.name]
    again = probe(micropython.name, micropython.path, micropython.word_bits, "1.25")
    assert again == micropython
    source = "import gc; print(gc.mem_free() + gc.mem_alloc())"
    said = subprocess.run(micropython.command("-c", source), capture_output=True, text=True)
    assert 0.9 < int(said.stdout) / (1024 * micropython.heap_kib) <= 1


def test_a_wrong_interpreter_is_named_as_such(micropython, tmp_path):
    with pytest.raises(NotHad, match="older than 99.0"):
        probe("mp", micropython.path, micropython.word_bits, "99.0")
    with pytest.raises(NotHad, match="-bit words"):
        probe("mp", micropython.path, 96 - micropython.word_bits, "1.25")
    with pytest.raises(NotHad, match="does not run here"):
        probe("mp", tmp_path / "absent", 64, "1.25")


def test_umqtt_imports_from_the_library_folder(micropython):
    source = "import sys; sys.path.append(%r); import umqtt.simple as u; print(u.MQTTClient)"
    said = subprocess.run(
        micropython.command("-c", source % str(places.LIB)), capture_output=True, text=True
    )
    assert "MQTTClient" in said.stdout, said.stderr


def test_missing_names_what_was_not_fetched(monkeypatch, tmp_path):
    monkeypatch.setattr("tools.setup.state.STATE", tmp_path / "state.json")
    assert setup.interpreters() == []
    assert [name for name, _ in setup.missing()] == ["mp32", "mp64"]


def test_where_there_is_no_apt_a_person_is_told_what_to_do(monkeypatch):
    monkeypatch.setattr(debian.shutil, "which", lambda *_, **__: None)
    for fetch in (programs.micropython64, programs.micropython32):
        with pytest.raises(NotHad, match="no apt.*(PATH|brew|WSL)"):
            fetch()
    with pytest.raises(NotHad, match="no apt.*install mosquitto"):
        programs.mosquitto()


def test_where_apt_knows_no_debian_mirror_it_says_so(monkeypatch):
    answer = subprocess.CompletedProcess(
        [], 0, "'http://example.test/ubuntu/dists/x/InRelease' y", ""
    )
    monkeypatch.setattr(debian, "run", lambda *_, **__: answer)
    with pytest.raises(NotHad, match="names no Debian mirror"):
        debian.mirrors()
