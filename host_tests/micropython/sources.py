"""What a test file needs inside MicroPython: the charger's code and the helpers that it imports."""

import ast
from pathlib import Path

from tools.image.tree import package_sources, tree, umqtt_sources
from tools.setup.places import ROOT

CHARGER = ("agent", "hal", "boards", "firmware")
RUNNER = Path(__file__).with_name("runner.py")


def charger_tree():
    """The charger's packages and umqtt.simple, compiled: a folder, with its ROMFS image in it."""
    found = umqtt_sources()
    for package in CHARGER:
        found.update(package_sources(package))
    found["rom.py"] = found["boards/sim/rom.py"]
    return tree(found, rom=True)


def imports(path):
    """Dotted names that a source may import, `from a import b` giving both a and a.b."""
    names = set()
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module)
            names.update("%s.%s" % (node.module, alias.name) for alias in node.names)
    return names


def located(name, folder):
    """The file of a helper module: beside the test file, or below host_tests; else None."""
    relative = name.replace(".", "/")
    for base in (folder, ROOT):
        for path in (base / (relative + ".py"), base / relative / "__init__.py"):
            if path.exists() and path.is_relative_to(ROOT / "host_tests"):
                return path
            if base == folder and path.exists() and name.split(".")[0] not in CHARGER:
                return path
    return None


def with_helpers(path):
    """The test file and every helper that it imports, by way of other helpers too."""
    found, open_ = {path}, [path]
    while open_:
        for name in imports(open_.pop()):
            parts = name.split(".")
            # a package's __init__ is imported on the way to its module
            for end in range(1, len(parts) + 1):
                helper = located(".".join(parts[:end]), path.parent)
                if helper and helper not in found:
                    found.add(helper)
                    open_.append(helper)
    return found


def test_tree(path):
    """The test file, its helpers and the runner, compiled: (folder, folder of the test file)."""
    top = ROOT if path.is_relative_to(ROOT) else path.parent
    found = {"upy_runner.py": RUNNER.read_bytes()}
    names = {"upy_runner.py": "host_tests/micropython/runner.py"}
    for source in sorted(with_helpers(path)):
        base = ROOT if source.is_relative_to(ROOT) else top
        found[source.relative_to(base).as_posix()] = source.read_bytes()
    made = tree(found, names)
    return made, made / path.parent.relative_to(top)
