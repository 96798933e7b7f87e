"""A service over an empty database, and a charger that it knows."""

import pytest

from host_tests.cloud.fake_charger import MASTER, START_S, FakeCharger
from tools.cloud.service import Service


class SetClock:
    """A clock that stands where the test put it."""

    def __init__(self, unix_s=START_S):
        self.unix_s = unix_s

    def __call__(self):
        return self.unix_s


@pytest.fixture
def clock():
    return SetClock()


@pytest.fixture
def db_url(tmp_path):
    return f"sqlite:///{tmp_path}/cloud.db"


@pytest.fixture
def service(db_url, clock):
    service = Service(db_url, clock)
    service.register("CH-1", MASTER.hex())
    yield service
    service.close()


@pytest.fixture
def charger():
    return FakeCharger()
