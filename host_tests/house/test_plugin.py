"""The pytest plugin itself: one item an interpreter, honest failures, nothing skipped silently."""

import subprocess
import textwrap

import pytest

from host_tests.micropython import run, summary
from host_tests.micropython.collect import is_both
from tools.setup import ROOT, VENV_PYTHON

SOURCE = """
import helper


def test_passes():
    assert helper.double(2) == 4


def test_fails():
    print("before")
    assert helper.double(2) == 5


def test_is_out_of_memory():
    bytearray(500000)


def test_hangs_up():
    import sys

    sys.stdout.write("x")
    helper.end()


def test_still_runs():
    pass
"""
HELPER = """
import os


def double(number):
    return 2 * number


def end():
    try:
        os.kill
    except AttributeError:
        from ffi import open

        open(None).func("v", "_exit", "i")(7)
"""


@pytest.fixture
def scenario(tmp_path):
    """A scenario file outside the checkout, with a helper beside it."""
    (tmp_path / "helper.py").write_text(textwrap.dedent(HELPER))
    path = tmp_path / "scn_sample.py"
    path.write_text(textwrap.dedent(SOURCE))
    return path


NAMES = ["test_passes", "test_fails", "test_is_out_of_memory", "test_hangs_up", "test_still_runs"]


def test_outcomes_are_micropythons_own_words(micropython, scenario):
    done = run.outcomes(micropython, scenario, NAMES, 30)
    assert done["test_passes"].error == "" and done["test_passes"].heap > 0
    failed = done["test_fails"]
    assert "scn_sample.py" in failed.error and "AssertionError" in failed.error
    assert failed.printed == "before"
    assert "MemoryError" in done["test_is_out_of_memory"].error


def test_a_test_that_ends_the_process_does_not_take_the_next_with_it(micropython, scenario):
    done = run.outcomes(micropython, scenario, NAMES, 30)
    assert "it ended with 7" in done["test_hangs_up"].error
    assert done["test_still_runs"].error == ""


def test_a_test_that_does_not_end_is_stopped(micropython, tmp_path):
    path = tmp_path / "scn_endless.py"
    path.write_text("def test_endless():\n    while True:\n        pass\n")
    done = run.outcomes(micropython, path, ["test_endless"], 1)
    assert "it did not end in 1 s" in done["test_endless"].error


def test_a_file_that_cannot_be_imported_fails_all_its_tests(micropython, tmp_path):
    path = tmp_path / "scn_broken.py"
    path.write_text("import absent_module\ndef test_a(): pass\ndef test_b(): pass\n")
    done = run.outcomes(micropython, path, ["test_a", "test_b"], 30)
    assert all("ImportError" in done[name].error for name in ("test_a", "test_b"))


def test_only_files_of_both_worlds_are_collected(tmp_path):
    assert is_both(tmp_path / "scn_a.py") and is_both(tmp_path / "both_a.py")
    assert not is_both(tmp_path / "test_a.py") and not is_both(tmp_path / "scn_a.txt")


def inner(scenario, tmp_path, **env):
    """pytest with the project's settings over one scenario file."""
    command = [
        VENV_PYTHON,
        "-m",
        "pytest",
        "-n0",
        "-p",
        "no:cacheprovider",
        "-c",
        "pyproject.toml",
    ]
    command += ["--rootdir", ROOT, "-p", "host_tests.conftest", scenario]
    full = {"PATH": "/usr/bin:/bin", **env}
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, env=full)


def test_the_end_says_what_ran_where(scenario, tmp_path, micropython):
    scenario.write_text("def test_one():\n    assert True\n")
    said = inner(scenario, tmp_path)
    assert said.returncode == 0, said.stdout + said.stderr
    assert "ran on: cpython" in said.stdout and micropython.label + " 1" in said.stdout


def test_only_the_real_aioble_is_excused_in_ci():
    lines = ["what needs aioble: no index", "what needs mosquitto: no apt"]
    assert summary.unexcused(lines) == lines[1:]


def test_a_skipped_test_fails_the_run_in_ci(tmp_path):
    path = tmp_path / "test_skips.py"
    path.write_text("import pytest\ndef test_skips():\n    pytest.skip('no such thing here')\n")
    assert inner(path, tmp_path).returncode == 0
    said = inner(path, tmp_path, CI="true")
    assert said.returncode == 1 and "not run: 1 test: no such thing here" in said.stdout
