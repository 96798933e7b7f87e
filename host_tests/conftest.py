"""What all tests share: see host_tests/micropython."""

from host_tests.micropython.collect import pytest_pycollect_makemodule
from host_tests.micropython.fixtures import (
    amqtt,
    broker,
    interpreters,
    micropython,
    start_broker,
)
from host_tests.micropython.summary import pytest_sessionfinish, pytest_terminal_summary

__all__ = [
    "amqtt",
    "broker",
    "interpreters",
    "micropython",
    "pytest_pycollect_makemodule",
    "pytest_sessionfinish",
    "pytest_terminal_summary",
    "start_broker",
]
