"""The oracle is worth something: each broken agent is caught, and by the law that it breaks."""

import pytest

from host_tests.years.mutants import MUTANTS, hunt


@pytest.mark.parametrize("law, patch, noticed", MUTANTS, ids=lambda v: getattr(v, "__name__", ""))
def test_the_mutant_is_caught(law, patch, noticed):
    found = hunt(patch)
    assert found, "law %d: nobody noticed %s" % (law, patch.__name__)
    seed, by, text = found
    print("seed %d, law %d: %s" % (seed, by, text[:200]))
    assert by in noticed, "law %d noticed it: %s" % (by, text)
