"""The identity, the broker's bytes, records in flash, changed at random. A file of a few parsers each, so that both cores have some."""

import pytest

from host_tests.fuzz.fuzzing import holds


@pytest.mark.parametrize("name", ["identity", "mqtt", "record"])
def test_nothing_hostile_breaks_it(name):
    holds(name)
