"""Tokens, configurations and lists, changed at random. A file of a few parsers each, so that both cores have some."""

import pytest

from host_tests.fuzz.fuzzing import holds


@pytest.mark.parametrize("name", ["jws", "config", "list"])
def test_nothing_hostile_breaks_it(name):
    holds(name)
