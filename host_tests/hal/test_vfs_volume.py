"""The volume over a mounted file system: a folder here, LittleFS under MicroPython."""

import re
import subprocess
from pathlib import Path

import pytest

from hal.volume import VfsVolume
from host_tests.hal.volume_checks import CHECKS
from tools.setup import ROOT


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_over_a_folder(check, tmp_path):
    check(VfsVolume(str(tmp_path)))


def test_an_unfinished_write_is_not_named(tmp_path):
    (tmp_path / "f.tmp").write_bytes(b"half")
    assert VfsVolume(str(tmp_path)).names("") == []


def test_over_littlefs_with_a_cut_at_every_flash_operation(micropython):
    script = Path(__file__).with_name("lfs_volume.py")
    done = subprocess.run(
        micropython.command(str(script)),
        env={"MICROPYPATH": f".frozen:{ROOT}:{script.parent}"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert int(re.fullmatch(r"cuts (\d+)\n", done.stdout)[1]) > 10
