"""What goes down to a charger."""

from typing import NamedTuple


class Downlink(NamedTuple):
    """One message to publish on ppm/v1/<charger>/<leaf> with QoS 1."""

    leaf: str
    payload: bytes
    retain: bool
