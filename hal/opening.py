"""What `open_driver` of a driver asks of its chip's description, see boards/drivers.py."""

MOST_V = 253  # IEC 60038: 230 V + 10 %
# What a chip may hold the clock of I2C for. The port's own 50 ms would be the control task's whole turn.
I2C_TIMEOUT_US = 3000


def need(given, name):
    """given[name]. ValueError naming it when it is not there."""
    if given.get(name) is None:
        raise ValueError("%s: missing" % name)
    return given[name]


def constants_of(chip, names):
    """The constants of this very board, a dict; None where it is not calibrated. ValueError for one without `names`."""
    if not need(chip, "calibrated"):
        return None
    constants = need(chip, "constants")
    for name in names:
        if constants.get(name) is None:
            raise ValueError("constants.%s: missing" % name)
    return constants


def most_w(objects):
    """The most power that one phase of the connection carries, W."""
    return need(need(objects, "limits"), "limit_ma") * MOST_V // 1000


def turned(chip):
    """Whether UIDs are to be told last byte first. ValueError for an order that is not known."""
    order = chip.get("uid_order", "forward")
    if order not in ("forward", "reverse"):
        raise ValueError("uid_order: %s, forward or reverse" % order)
    return order == "reverse"
