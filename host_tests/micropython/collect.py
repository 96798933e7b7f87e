"""Collect scn_*.py and both_*.py: one pytest item a test function and interpreter."""

import os
import platform
import sys

import pytest

from host_tests.micropython.run import outcomes
from tools.image.compiler import CompileError
from tools.patience import PATIENCE_S
from tools.setup import interpreters, missing

NAMES = ("mp64", "mp32")
LIMIT_S = 5 * PATIENCE_S  # for all the tests of a file
CPYTHON = "cpython %s" % platform.python_version()

_done = {}


def in_ci():
    """Whether what is missing has to be a failure."""
    return os.environ.get("CI", "").lower() == "true"


def is_both(path):
    """Whether the file's tests run under MicroPython too."""
    return path.suffix == ".py" and path.name.startswith(("scn_", "both_"))


def need(name):
    """The interpreter of this name; skips the test with the reason, or fails it in CI."""
    for one in interpreters():
        if one.name == name:
            return one
    why = "%s is missing: %s" % (name, dict(missing()).get(name, "run `make setup`"))
    if in_ci():
        pytest.fail(why, pytrace=False)
    pytest.skip(why)


class MicroPythonError(Exception):
    """A test failed inside MicroPython; the text is its traceback."""


class BothModule(pytest.Module):
    """A file whose test functions run under every interpreter."""

    def collect(self):
        # helpers beside the file are imported by their bare names, as MicroPython does
        folder = str(self.path.parent)
        sys.path.insert(0, folder)
        try:
            functions = [item for item in super().collect() if isinstance(item, pytest.Function)]
        finally:
            sys.path.remove(folder)
        for function in functions:
            name = function.originalname
            item = pytest.Function.from_parent(self, name=name + "[cpython]", callobj=function.obj)
            item.originalname = name
            item.user_properties.append(("interpreter", CPYTHON))
            yield item
            for interpreter in NAMES:
                yield MicroPythonItem.from_parent(
                    self, name="%s[%s]" % (name, interpreter), test=name, interpreter=interpreter
                )


class MicroPythonItem(pytest.Item):
    """One test function under one MicroPython."""

    def __init__(self, *, test, interpreter, **more):
        super().__init__(**more)
        self.test = test
        self.interpreter = interpreter

    def runtest(self):
        # stays when there is no such interpreter, and is not counted then
        self.user_properties.append(("interpreter", self.interpreter))
        one = need(self.interpreter)
        self.user_properties.append(("interpreter", one.label))
        key = (self.path, self.interpreter)
        if key not in _done or self.test not in _done[key]:
            chosen = [
                item.test
                for item in self.session.items
                if isinstance(item, MicroPythonItem) and (item.path, item.interpreter) == key
            ]
            _done[key] = outcomes(one, self.path, chosen, LIMIT_S)
        outcome = _done[key][self.test]
        if outcome.printed:
            self.add_report_section("call", "stdout", outcome.printed)
        if outcome.error:
            raise MicroPythonError("%s, %s\n%s" % (one.label, self.heap(one), outcome.error))

    @staticmethod
    def heap(one):
        """For people: the heap that the test had."""
        return "heap %d KiB and what the simulated hardware takes" % one.heap_kib

    def repr_failure(self, excinfo, style=None):
        if isinstance(excinfo.value, (MicroPythonError, CompileError)):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self):
        return self.path, None, self.name


def pytest_pycollect_makemodule(module_path, parent):
    """pytest's hook: these files are ours, all others are pytest's."""
    if is_both(module_path):
        return BothModule.from_parent(parent, path=module_path)
    return None
