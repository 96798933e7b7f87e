"""Every port of `hal.ports` over one `World`."""

from hal.mock.world import LEASE_MS, MAINS_V
from hal.ports import TWO_CARDS, CardReader, Clock, Indicator, Meter, Network, PowerBoard, Reading


class MockPowerBoard(PowerBoard):
    lease_ms = LEASE_MS

    def __init__(self, world):
        self._world = world

    def vehicle(self):
        return self._world.vehicle()

    def permit(self, limit_ma):
        self._world.permit(limit_ma)

    def contactor(self):
        return self._world.closed

    def fault(self):
        return self._world.fault()


class MockMeter(Meter):
    def __init__(self, world):
        self._world = world

    def read(self):
        w = self._world
        fault = w.meter_fault
        if fault == "silent":
            return None
        wh = w.register_wh()
        serial = w.meter_serial
        if fault == "frozen":
            wh = w.fault_wh
        elif fault == "backward":
            wh = max(0, wh - w.fault_wh)
        elif fault == "jump":
            wh += w.fault_wh
        elif fault == "zero":
            wh = 0
        elif fault == "serial":
            serial += "-X"
        ma = w.current_ma()
        n = w.phases
        live = MAINS_V if w.mains else 0
        return Reading(
            wh,
            serial,
            ma * live * n // 1000,
            (ma, ma if n > 1 else 0, ma if n > 2 else 0),
            (live, live if n > 1 else 0, live if n > 2 else 0),
            w.meter_source,
        )


class MockReader(CardReader):
    def __init__(self, world):
        self._world = world

    def poll(self):
        cards = self._world.cards
        if not cards:
            return None
        card = cards.pop(0)
        fault = self._world.reader_fault
        if fault == "raises":
            # against the port's word, as a driver with a mistake in it does
            raise ValueError("bad frame %r" % (card[1],))
        if fault == "two_cards":
            return TWO_CARDS
        return None if fault else card

    def healthy(self):
        return self._world.reader_fault != "dead"


class MockClock(Clock):
    """Ticks of the world's time since the boot, wrapping at 2**30 ms like a board's."""

    def __init__(self, world, ticks_at_boot=0):
        self._world = world
        self._offset = ticks_at_boot - world.now_ms

    def ticks_ms(self):
        return (self._world.now_ms + self._offset) % self.period_ms


class MockIndicator(Indicator):
    def __init__(self):
        self.word = ""
        self.shown = []  # the last 16 changes

    def show(self, word):
        if word != self.word:
            self.word = word
            self.shown.append(word)
            if len(self.shown) > 16:
                self.shown.pop(0)


class MockNetwork(Network):
    def __init__(self, world, host="127.0.0.1", port=1883):
        self._world = world
        self._broker = (host, port)

    def up(self):
        return self._world.network

    def use_broker(self, host, port):
        self._broker = (host, port)

    def host_port(self):
        return self._broker

    def fetch_unix_ms(self):
        w = self._world
        return w.wall_ms() + w.jump_ms if w.network and w.time_source else None
