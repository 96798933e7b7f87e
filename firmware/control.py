"""The control task: senses, tells the agent, and sets the outputs, in this order, every 50 ms."""

METER_MS = 1000


class Control:
    """One step: `step()`. The agent has been booted with `vehicle`, and with the contactor open and
    no fault, so anything else is news to it.
    """

    def __init__(self, board, agent, uptime, vehicle):
        self._board = board
        self._agent = agent
        self._uptime = uptime
        self._vehicle = vehicle
        self._closed = None  # so that the first step tells it
        self._fault = ""
        self._complaints = ()
        self._read_ms = -METER_MS

    def step(self):
        """Read every input once, feed the agent, then give its permit and its indication."""
        board = self._board
        power = board.power
        agent = self._agent
        up_ms = self._uptime.now_ms()
        board.attend()
        vehicle = power.vehicle()
        closed = power.contactor()
        fault = power.fault()
        changed = vehicle != self._vehicle or closed != self._closed or fault != self._fault
        # The register first: what changes now is then accounted with the energy until now.
        if changed or up_ms - self._read_ms >= METER_MS:
            self._read_ms = up_ms
            agent.on_reading(up_ms, board.meter.read())
            self._tell_complaints(up_ms)
        if changed:
            self._tell(up_ms, vehicle, closed, fault)
        card = board.reader.poll()
        if card:
            agent.on_card(up_ms, card[0], card[1], board.reader.proof)
        agent.tick(up_ms)
        self._set_outputs()

    async def run(self, beat):
        """Step for ever; `beat()` after each."""
        agent = self._agent
        while True:
            self.step()
            beat()
            await self._board.pause_ms(agent.next_due_ms(self._uptime.now_ms()))

    def _tell(self, up_ms, vehicle, closed, fault):
        agent = self._agent
        if fault != self._fault:
            self._fault = fault
            agent.on_fault(up_ms, fault)
        if vehicle != self._vehicle:
            self._vehicle = vehicle
            agent.on_vehicle(up_ms, vehicle)
        if closed != self._closed:
            self._closed = closed
            agent.on_contactor(up_ms, closed)

    def _tell_complaints(self, up_ms):
        complaints = self._board.complaints()
        if complaints != self._complaints:
            self._complaints = complaints
            self._agent.on_complaints(up_ms, complaints)

    def _set_outputs(self):
        # The only place after boot.py that gives a permit; every step renews its lease.
        self._board.power.permit(self._agent.permit_ma)
        self._board.indicator.show(self._agent.indication)
