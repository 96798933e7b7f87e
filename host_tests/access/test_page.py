"""docs/access.md is what the generator prints, and says of the policies what the agent does."""

import re

from agent.config import Config
from agent.reasons import Refused
from host_tests.access.page import PAGE, page

DEFAULTS = {"any": ()}


def test_the_page_is_what_is_printed():
    assert PAGE.read_text() == page(), "python -m host_tests.access --write"


def test_the_defaults_on_the_page_are_the_agents():
    config = Config()
    rows = re.findall(r"^\| `(\w+)` \| ([^|]+) \| ([^|]+) \|", page(), re.MULTILINE)
    policies = {name: (values, default.strip("` ")) for name, values, default in rows}
    assert len(policies) == 12
    for name, (values, default) in policies.items():
        held = getattr(config, name)
        assert held == DEFAULTS.get(default, int(default) if default.isdigit() else default), name
        span = re.fullmatch(r"(\d+) to (\d+)", values)
        if span:
            assert accepted(name, int(span[1])) and accepted(name, int(span[2]))
            assert not accepted(name, int(span[1]) - 1) and not accepted(name, int(span[2]) + 1)


def accepted(name, value):
    try:
        Config({"version": 1, "monthly_payment": {"enabled": False}, "access": {name: value}})
    except Refused:
        return False
    return True
