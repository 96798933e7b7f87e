"""What may be obeyed: a message for this charger, signed for its topic, and newer than the last one.

Every message is answered on `reply`: applied, or refused with the reason. A refused one changes nothing.
"""

from . import jws, orders
from .checks import integer, text
from .const import const
from .listupdate import ListUpdate
from .reasons import Refused
from .timekeeping import EARLIEST_S, LATEST_S

LONGEST = 8192  # bytes of one message, signature included
_AT_ONCE = const(64)  # entries that are merged in the call that brings the last part

_TYPES = {
    "config": "config+jws",
    "list": "list+jws",
    "order": "order+jws",
    "ack": "ack+jws",
}


class Downlink:
    """house: the charger's parts (see house.House)."""

    def __init__(self, house, volume):
        self._house = house
        house.list_update = self._update = ListUpdate(
            volume, house.subscribers, house.counters, house.card_key, house.has_room_for
        )
        self._handlers = {
            "config": self._config,
            "list": self._list,
            "order": self._order,
            "ack": self._ack,
        }

    def take(self, up_ms, leaf, token):
        """Handle one message of a down topic. Never raises for what the message holds."""
        if leaf not in _TYPES:
            return
        answer = self._answered(up_ms, leaf, self._obey, token)
        if leaf == "ack" and answer["result"] == "applied":
            return
        self._reply(answer)
        if leaf != "ack":
            self._house.changed()

    @property
    def merging(self):
        """Whether `work` has something to do."""
        return self._update.merging and self._house.store_ok

    def work(self, up_ms, most):
        """Carry the list update on by at most `most` entries; its answer comes with the last of them."""
        if self.merging:
            answer = self._answered(up_ms, "list", self._merge, most)
            if answer["result"] != "waiting":
                self._reply(answer)
                self._house.changed()

    def resume(self, up_ms):
        """After a boot: what of a list update lies in flash?"""
        if not self._house.store_ok:
            return
        try:
            at_s = self._update.resume()
            if at_s:
                self._house.list_confirmed(up_ms, at_s)
        except OSError:
            self._house.store_failed(up_ms)

    def _answered(self, up_ms, leaf, do, what):
        """The answer to a message of `leaf`: do(up_ms, leaf, what, answer) fills it in, or raises."""
        answer = {"id": None, "for": leaf, "detail": ""}
        try:
            do(up_ms, leaf, what, answer)
        except Refused as refusal:
            answer["result"] = "refused"
            answer["reason"] = refusal.reason
            answer["detail"] = refusal.detail
        except OSError:
            self._house.store_failed(up_ms)
            answer["result"] = "refused"
            answer["reason"] = "store_fault"
        except MemoryError:
            answer["result"] = "refused"
            answer["reason"] = "oversized"
            answer["detail"] = "it does not fit into memory now"
        return answer

    def _reply(self, answer):
        if answer["for"] == "list":
            waits = self._update.waits()
            if waits is not None:
                answer["waits"] = waits
        self._house.mailbox.reply(answer)

    def _obey(self, up_ms, leaf, token, answer):
        if not self._house.store_ok:
            raise Refused("store_fault")  # what is in force is not known for sure
        if len(token) > LONGEST:
            raise Refused("oversized", "%d bytes, %d are taken" % (len(token), LONGEST))
        message = self._house.keys.verify(jws.DOWN, _TYPES[leaf], token)
        if message.get("aud") != self._house.charger_id:
            raise Refused("wrong_charger", "aud: must be " + self._house.charger_id)
        self._house.keys.settle()
        self._handlers[leaf](up_ms, message, token, answer)

    def oversized(self, leaf, size):
        """Answer a message that was too long to be taken off the link."""
        answer = {"id": None, "for": leaf, "result": "refused", "reason": "oversized"}
        answer["detail"] = "%d bytes, %d are taken" % (size, LONGEST)
        self._house.mailbox.reply(answer)

    def _config(self, up_ms, message, token, answer):
        house = self._house
        answer["version"] = house.config.current.version
        try:
            fresh = house.config.apply(token, message)
        finally:
            answer["version"] = house.config.current.version
        if fresh:
            house.tell_config(up_ms)
        _applied(answer)

    def _list(self, up_ms, message, token, answer):
        house = self._house
        answer["version"] = house.subscribers.version
        at_s = integer(message, "at", EARLIEST_S, LATEST_S) if "at" in message else 0
        try:
            result = self._update.take(message, at_s)
        except Refused as refusal:
            if refusal.reason == "list_part":
                answer["part"] = self._update.awaited
            raise
        if result == "confirmed":
            house.list_confirmed(up_ms, at_s or house.time.unix_s(up_ms) or 0)
            _applied(answer)
        elif self._update.merging:
            self._merge(up_ms, "list", _AT_ONCE, answer)
        else:
            answer["result"] = "waiting"
            answer["reason"] = "list_part"
            answer["part"] = self._update.part

    def _merge(self, up_ms, leaf, most, answer):
        house, update = self._house, self._update
        answer["version"] = house.subscribers.version
        at_s = update.at_s or house.time.unix_s(up_ms) or house.time.floor_s
        if update.work(most) == "waiting":
            answer["result"] = "waiting"
            answer["reason"] = "list_merging"
            return
        answer["version"] = house.subscribers.version
        house.tell_list(up_ms)
        house.list_confirmed(up_ms, at_s)
        _applied(answer)

    def _order(self, up_ms, message, token, answer):
        house = self._house
        n = integer(message, "n", 1, 0xFFFFFFFF)
        answer["n"] = n
        answer["id"] = text(message, "id", 64)
        expires_s = integer(message, "exp", 1, 0xFFFFFFFF)
        text(message, "do", 16)
        if n <= house.counters.order_n:
            raise Refused("stale", "n: %d has been seen" % house.counters.order_n)
        # An old order must not come to life on a charger that has forgotten the time: the floor is a time
        # that has certainly passed, enough to refuse, never enough to obey. An order that sets the clock
        # is the way out, of no time at all or of one that runs ahead: its counter guards it.
        if message["do"] != "set_time":
            now_s = house.time.unix_s(up_ms)
            passed_s = house.time.floor_s if now_s is None else now_s
            if passed_s >= expires_s:
                raise Refused("expired", "exp: %d, it is %d or later" % (expires_s, passed_s))
            if now_s is None:
                raise Refused("clock_unknown", "exp: cannot be judged before the clock is set")
        elif integer(message, "time", EARLIEST_S, LATEST_S) >= expires_s:
            raise Refused("expired", "exp: is before the time to be set")
        house.counters.order_n = n
        house.counters.save()
        answer.update(orders.carry_out(house, up_ms, message) or {})
        _applied(answer)

    def _ack(self, up_ms, message, token, answer):
        house = self._house
        house.outbox.acknowledge(message)
        answer["result"] = "applied"
        house.look_for_room(up_ms)
        if not house.outbox.unsent:
            house.changed()


def _applied(answer):
    answer["result"] = "applied"
    answer["reason"] = "ok"
