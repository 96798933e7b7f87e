"""A charger's mind of one rule, in place of `agent.charger` in an image: a card gives energy while
the vehicle stays, another card takes it back. It keeps its taps and the last register on the volume.
"""

MAGIC_CRASH = b"\xde\xad\xde\xad"
MAGIC_REBOOT = b"\xbe\xef\xbe\xef"


class Charger:
    kept_register = None, ""
    busy = False

    def __init__(self, volume, charger_id, master_key, fw):
        self._volume = volume
        self.charger_id = charger_id
        self.permit_ma = 0
        self.unsent = 0
        self.reset_requested = False
        self.session = ""
        self.readings = 0
        self._was_closed = False
        self.time = None

    def boot(self, up_ms, vehicle, reading):
        self._vehicle = vehicle
        self._log("boot %s %s" % (vehicle, reading.register_wh if reading else "-"))

    def on_vehicle(self, up_ms, vehicle):
        self._vehicle = vehicle
        self._log("vehicle %s %d" % (vehicle, self._wh))
        if vehicle == "A":
            self.permit_ma = 0

    def on_reading(self, up_ms, reading):
        self.readings += 1
        self._wh = reading.register_wh if reading else -1

    def on_card(self, up_ms, kind, uid, proof=b""):
        if uid == MAGIC_CRASH:
            raise RuntimeError("a card too many")
        if uid == MAGIC_REBOOT:
            self.reset_requested = True
        self.permit_ma = 0 if self.permit_ma or self._vehicle == "A" else 16000
        self._log("card %d" % len(uid))

    def on_fault(self, up_ms, fault):
        self._log("fault %s" % fault)

    def on_contactor(self, up_ms, closed):
        if closed or self._was_closed:
            self._log("contactor %d %d" % (closed, self._wh))
        self._was_closed = closed

    def on_complaints(self, up_ms, words):
        pass

    def on_time(self, up_ms, unix_ms, quality, source):
        self.time = unix_ms

    def on_link(self, up_ms, up):
        pass

    def tick(self, up_ms):
        pass

    def next_due_ms(self, up_ms):
        return 60000

    @property
    def indication(self):
        return "charging" if self.permit_ma else "available"

    def will(self):
        return "status", b"{}"

    def has_messages(self, up_ms):
        return False

    def take_message(self, up_ms):
        return None

    def _log(self, text):
        self.session = text
        try:
            self._volume.append("log", (text + "\n").encode())
        except OSError:
            self.permit_ma = 0
