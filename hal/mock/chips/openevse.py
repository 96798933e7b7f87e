"""The OpenEVSE controller at the other end of a UART, with pilot, relay and vehicle in the `World`.

As the firmware does it, faithful where a driver can notice: input of 32 bytes, EEPROM against volatile
settings, awake after a boot, lifetime energy added at unplug only, 25 ms to notice an unplug and 250 ms for
the rest, sleep that waits 3 s for the vehicle, heartbeat that falls back and does not open.
"""

from hal.power.rapi import check, number

_SLEEP_MS = 3000
_PROVE_MS = 1000
_INPUT_MOST = 32
_CODES = {"A": 1, "B": 2, "C": 3, "D": 4, "E": 5, "F": 5}
_SLEEPING, _DISABLED = 0xFE, 0xFF
GFI, NO_GROUND, STUCK_RELAY, SELF_TEST, RELAY_OPEN = 6, 7, 8, 9, 14


class OpenEvseChip:
    """world: it takes the contactor over. uart: set it to the SimUart that has this chip.

    Faults: mute (obeys and says nothing), lose_cr and bad_sum (so many of the next lines), chatty (an $AT before every
    answer), boot_lock (built in: nothing until $SB), boot_ms (how long it takes), fault (a code above, 0 repairs), `reboot`.
    """

    def __init__(self, world, default_a=32, most_a=32, least_a=6):
        self.uart = None
        self.relay = False
        self.mute = self.chatty = False
        self.boot_lock = False
        self.boot_ms = 1500
        self.lose_cr = self.bad_sum = 0
        self.fault = 0
        self.lifetime_wh = 0
        self.eeprom_writes = 0
        self.amps = self.default_a = default_a
        self.heard = []  # the last commands, for tests
        self._world = world
        self._least_a = least_a
        self._most_a = most_a
        self._input = bytearray()
        self._letter = self._raw = "A"
        self._told = ""
        self._session_uj = self._ended_ws = 0
        self._in_session = False
        self._boot_ms = -1
        self._letter_ms = -1
        self._sleep_ms = -1
        self._prove_ms = -1
        self._beat_ms = -1
        self._beat_a = 0
        self._start(-1)
        world.controller = self
        self.sense()

    # ---- the world's side

    def sense(self):
        """Vehicle or contactor may have changed: it is believed after a while."""
        raw = self._world.vehicle()
        if raw != self._raw:
            self._raw = raw
            self._letter_ms = self._world.now_ms + (25 if raw == "A" else 250)

    def due_ms(self):
        """The instant of its next own act, -1 for none."""
        soonest = -1
        for due in (
            self._boot_ms, self._letter_ms, self._sleep_ms, self._prove_ms, self._beat_ms
        ):  # fmt: skip
            if due >= 0 and (soonest < 0 or due < soonest):
                soonest = due
        return soonest

    def poll(self, now_ms):
        """Act on what is due."""
        if 0 <= self._boot_ms <= now_ms:
            self._boot_ms = -1
            self._send("AB 00 8.2.3")
        if 0 <= self._letter_ms <= now_ms:
            self._letter_ms = -1
            self._believe()
        if 0 <= self._sleep_ms <= now_ms:
            self._sleep_ms = -1
        if 0 <= self._beat_ms <= now_ms:
            self._beat_ms = -1
            self._missed = True
            self.amps = min(self.amps, self._beat_a)
        if 0 <= self._prove_ms <= now_ms:
            self._prove_ms = -1
            if self._world.closed != self.relay:
                self.fault = RELAY_OPEN if self.relay else STUCK_RELAY
        self._act()

    def renewed(self, at_ms):
        """Take it that the heartbeat has come all the while until `at_ms`."""
        if self._beat_ms >= 0:
            self._beat_ms = at_ms + (self._beat_s * 1000 & 0xFFFF)

    def reboot(self):
        """Its supply is gone for an instant: EEPROM is what it knows, and its session is not in there."""
        self._start(self._world.now_ms + self.boot_ms)
        self._act()

    def set_fault(self, code):
        """GFI, NO_GROUND, ...: it opens; 0: repaired."""
        self.fault = code
        self._act()

    # ---- the driver's side

    def receive(self, data, now_ms):
        """Bytes from the gateway."""
        if self._boot_ms >= 0:
            return
        for byte in data:
            if byte == 36:
                self._input = bytearray()
            if byte == 13:
                line, self._input = bytes(self._input), bytearray()
                self._command(line, now_ms)
            elif len(self._input) < _INPUT_MOST:
                self._input.append(byte)

    # ---- inside

    def _start(self, boot_ms):
        self._boot_ms = boot_ms
        self._letter_ms = self._sleep_ms = self._prove_ms = self._beat_ms = -1
        self._beat_s = self._beat_a = 0
        self._missed = False
        self._mode = 1  # awake, as its EEPROM says
        self._locked = self.boot_lock
        self.amps = self.default_a
        self.relay = False
        self._in_session = False
        self._ended_ws = 0
        self._letter = self._raw = "A"
        if boot_ms >= 0:
            raw = self._world.vehicle()
            if raw != "A":
                self._raw = raw
                self._letter_ms = boot_ms + 250

    def _believe(self):
        self._letter = self._raw
        plugged = self._letter != "A"
        if plugged and not self._in_session:
            self._session_uj = self._world.energy_uj
        elif self._in_session and not plugged:
            self._ended_ws = (self._world.energy_uj - self._session_uj) // 1000000
            self.lifetime_wh += self._ended_ws // 3600
            self.fault = 0 if self.fault == GFI else self.fault
        self._in_session = plugged

    def _act(self):
        ready = self._boot_ms < 0 and not self.fault and not self._locked and self._letter in "ABC"
        awake = ready and self._mode == 1
        relay = awake and self._letter == "C"
        if ready and self._mode == _SLEEPING and self.relay and self._letter == "C":
            relay = self._sleep_ms >= 0
        if relay != self.relay:
            self.relay = relay
            self._prove_ms = self._world.now_ms + _PROVE_MS
            if not relay:
                self._sleep_ms = -1
            self._world.drive(self._world.permit_ma)
        offer_ma = self.amps * 1000 if awake else 0
        if offer_ma != self._world.permit_ma:
            self._world.drive(offer_ma)
        if self._boot_ms < 0 and self.uart and self._told != self._state():
            self._told = self._state()
            self._send(self._at())

    def _state(self):
        return "%02X %d %04X" % (self._code(), self.amps, self._flags())

    def _at(self):
        return "AT %02X %02X %d %04X" % (
            self._code(), _CODES[self._letter], self.amps, self._flags()
        )  # fmt: skip

    def _code(self):
        if self.fault:
            return self.fault
        return _CODES[self._letter] if self._mode == 1 else self._mode

    def _flags(self):
        flags = 0x40 if self._world.closed else 0
        if self._letter != "A":
            flags |= 0x100
        return flags | (2 if self.fault else 0) | (0x4000 if self._locked else 0)

    def _command(self, line, now_ms):
        tokens = str(line, "ascii").split("^")
        if len(tokens) == 2 and number(tokens[1], 16) != check(line[:-3]):
            return self._send("NK")
        tokens = tokens[0][1:].split()
        sequence = ""
        if tokens and tokens[-1][0] == ":":
            sequence = " " + tokens.pop()
        if not tokens:
            return None
        self.heard = self.heard[-15:] + [" ".join(tokens)]
        if self.chatty:
            self._send(self._at())
        answer = self._obey(tokens, now_ms)
        self._send(answer + sequence)
        return self._act()

    def _obey(self, tokens, now_ms):
        name = tokens[0]
        if name in ("FE", "FS", "FD"):
            self._mode = {"FE": 1, "FS": _SLEEPING, "FD": _DISABLED}[name]
            self._sleep_ms = now_ms + _SLEEP_MS if name == "FS" and self.relay else -1
            return "OK"
        if name == "GS":
            return "OK %02X 7 %02X %04X" % (self._code(), _CODES[self._letter], self._flags())
        if name == "GU":
            ws = self._ended_ws
            if self._in_session:
                ws = (self._world.energy_uj - self._session_uj) // 1000000
            return "OK %d %d" % (ws, self.lifetime_wh)
        if name == "GG":
            return "OK %d 230000" % self._world.current_ma()
        if name == "GC":
            return "OK %d %d %d %d" % (self._least_a, self._most_a, self.amps, self._most_a)
        if name == "SC" and len(tokens) > 1:
            wanted = number(tokens[1])
            self.amps = max(self._least_a, min(self._most_a, wanted))
            if len(tokens) == 2:
                self.eeprom_writes += 1
                self.default_a = self.amps
            return "%s %d" % ("OK" if wanted == self.amps else "NK", self.amps)
        if name == "SB":
            self._locked = False
            return "OK"
        if name == "SY":
            return self._heartbeat(tokens, now_ms)
        return "NK"

    def _heartbeat(self, tokens, now_ms):
        if len(tokens) == 3:
            self._beat_s, self._beat_a = number(tokens[1]), number(tokens[2])
            self._missed = False
        elif len(tokens) == 2 and tokens[1] == "165":
            self._missed = False
        if self._beat_s:
            # 16 bits on the AVR: 66 s are 464 ms.
            self._beat_ms = now_ms + (self._beat_s * 1000 & 0xFFFF)
        state = (self._beat_s, self._beat_a, 1 if self._missed else 0)
        return ("NK" if self._missed else "OK") + " %d %d %d" % state

    def _send(self, text):
        if self.mute:
            return
        text = "$" + text
        value = check(text.encode())
        if self.bad_sum:
            self.bad_sum -= 1
            value ^= 0x11
        end = "\r"
        if self.lose_cr:
            self.lose_cr -= 1
            end = ""
        self.uart.send(("%s^%02X%s" % (text, value, end)).encode(), 1)
