"""The house keeps its own rules: small files, one-way imports, nothing of a machine in a file."""

import re
import subprocess

import pytest

from tools.setup import ROOT

TOO_LONG = 400
OURS = ("agent", "hal", "boards", "firmware", "tools", "host_tests")
TEXT = {".py", ".md", ".toml", ".yaml", ".yml", ".json", ".txt", ".cfg", ".sh", ""}


def files():
    """Files that git tracks, or would if they were added now."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return sorted(
        ROOT / name for name in set(listed.stdout.split("\n")) if (ROOT / name).is_file()
    )


def test_no_source_is_longer_than_its_one_job():
    lengths = {p: len(p.read_text().splitlines()) for p in files() if p.suffix == ".py"}
    assert [str(p.relative_to(ROOT)) for p, lines in lengths.items() if lines > TOO_LONG] == []


def test_no_machine_path_or_registry_host_in_any_file():
    # spelt in parts, so that this file does not find itself
    marks = [
        "/" + "(?:home|root|opt|work|tmp)" + "/[a-z]",
        r"deb\." + r"debian\.org",
        r"py" + r"pi\.org",
        r"pythonhosted" + r"\.org",
        r"npmjs" + r"\.(?:org|com)",
        r"micropython\.org/" + "pi",
    ]
    pattern = re.compile("|".join(marks))
    found = []
    for path in files():
        if path.suffix in TEXT:
            for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1):
                if pattern.search(line):
                    found.append("%s:%d: %s" % (path.relative_to(ROOT), number, line.strip()))
    assert found == []


def test_nothing_fetched_is_tracked():
    names = [str(path.relative_to(ROOT)) for path in files()]
    assert [name for name in names if "umqtt/simple" in name or name.endswith(".mpy")] == []


@pytest.mark.parametrize("package", OURS)
def test_every_module_says_what_it_is(package):
    for path in sorted((ROOT / package).rglob("*.py")):
        source = path.read_text().strip()
        if source and path.name != "__main__.py":
            assert source.startswith(('"""', "'''", "#!")), "%s has no docstring" % path


def test_imports_point_one_way():
    said = subprocess.run(
        [ROOT / ".deps/venv/bin/lint-imports", "--no-logo"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert said.returncode == 0, said.stdout + said.stderr
