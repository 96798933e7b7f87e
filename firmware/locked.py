"""The agent of a charger that does not know who it is: no energy, no messages, for ever."""


class Locked:
    """As much of `agent.charger.Charger` as the tasks on the board need."""

    permit_ma = 0
    indication = "locked"
    unsent = 0
    reset_requested = False
    kept_register = None, ""

    def _ignore(self, *_):
        pass

    on_vehicle = on_reading = on_card = on_fault = on_contactor = on_time = on_complaints = (
        tick
    ) = _ignore

    def boot(self, up_ms, vehicle, reading):
        pass

    def next_due_ms(self, up_ms):
        return 60000
