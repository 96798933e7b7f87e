"""Broken agents, each of which the oracle must catch, and by which law.

A patch changes the agent in place and returns nothing; `planted` puts everything back.
"""

from agent import (
    config,
    connector,
    gate,
    journal,
    jws,
    keeper,
    ledger,
    listupdate,
    mailbox,
    metering,
    monthbook,
    outbox,
    running,
    session,
    states,
    status,
    timekeeping,
)
from agent.reasons import Refused
from host_tests.years import mutants_online
from host_tests.years.mutants_access import ACCESS, TOUCHED
from host_tests.years.run import live

_TOUCHED = (
    config.ConfigStore, connector.Connector, gate.Gate, journal.Journal, jws.Keys,
    keeper.Keeper, ledger.Ledger, listupdate.ListUpdate, mailbox.Mailbox,
    metering, metering.MeterWatch,
    monthbook.MonthBook, outbox.Outbox, running.Running, session, session.Session, states, status,
    timekeeping.Timekeeper,
) + TOUCHED + mutants_online.TOUCHED  # fmt: skip


def unknown_card_accepted():
    def card(self, up_ms, kind, card, ref, entry, socket):
        grant = session.Grant("rfid_list", ref, "somebody", "", "", "ppm", kind)
        return "accepted", self._stamp(up_ms, grant)

    gate.Gate.card = card


def permit_in_every_state():
    states.permit_ma = lambda state, limit_ma: limit_ma if state != "locked" else 0


def permit_before_the_begin_is_durable():
    was_append = journal.Journal.append
    was_read = journal.Journal.read

    def append(self, data):
        if getattr(self, "_held", None):
            held, self._held = self._held, None
            self.last -= 1
            was_append(self, held)
        if data[6] == 0:
            self._held = data
            self.last += 1
            return
        was_append(self, data)

    def read(self, number):
        if getattr(self, "_held", None) and number == self.last:
            return self._held
        return was_read(self, number)

    journal.Journal.append = append
    journal.Journal.read = read


def energy_from_zero_without_a_begin_register():
    was = session.Session.end_body

    def end_body(self, *args):
        self.reg_begin_wh = 0 if self.number % 3 == 0 else self.reg_begin_wh
        return was(self, *args)

    session.Session.end_body = end_body


def missing_reading_is_a_number():
    def energy_wh(reg_begin_wh, serial_begin, reg_end_wh, *rest):
        return max(0, (reg_end_wh or 0) - reg_begin_wh), ""

    metering.energy_wh = energy_wh
    metering.MeterWatch._judge = lambda self, *args: ""


def end_written_twice():
    was = running.Running._record_end

    def record_end(self, up_ms, reading):
        done = was(self, up_ms, reading)
        return done and was(self, up_ms, reading)

    running.Running._record_end = record_end


def session_number_from_the_clock():
    was = running.Running._begin

    def begin(self, up_ms):
        now_s = self._house.time.unix_s(up_ms) or 0
        self._house.checkpoint.number = now_s % 1000000
        was(self, up_ms)

    running.Running._begin = begin


def bytes_change_with_the_boot():
    was = ledger.Ledger.read

    def read(self, seq):
        record = was(self, seq)
        if record is not None:
            record.at.up_ms += self._time.boot % 2
        return record

    ledger.Ledger.read = read


def number_used_again_after_a_boot():
    was = journal.Journal._recover

    def recover(self):
        was(self)
        self.last = max(0, self.last - 1)

    journal.Journal._recover = recover


def ack_is_the_publish():
    was = outbox.Outbox.take

    def take(self):
        data = was(self)
        if data is not None and not self._again and self._next - 1 > self._counters.acked:
            self._counters.acked = self._next - 1
        return data

    outbox.Outbox.take = take


def rejected_is_not_named():
    was = outbox.Outbox.acknowledge

    def acknowledge(self, message):
        if message.get("rejected"):
            message = dict(message, upto=min(e["seq"] for e in message["rejected"]) - 1)
        was(self, message)

    outbox.Outbox.acknowledge = acknowledge


def list_half_applied():
    was = listupdate.ListUpdate.take

    def take(self, message, at_s):
        message = dict(message)
        if message.get("base") is None and message.get("parts", 1) > 1:
            message["parts"] = 1
            message["part"] = 1
        return was(self, message, at_s)

    listupdate.ListUpdate.take = take
    listupdate.ListUpdate.work = _work_any


def _work_any(self, most):
    self._volume.rename("list.parts", "list")
    self._subscribers.load()
    self._drop()
    return "applied"


def old_config_accepted():
    def apply(self, token, message):
        self.current = config.Config(message)
        self._volume.write("config", token)
        return True

    config.ConfigStore.apply = apply


def signature_not_checked():
    jws.same = lambda a, b: True


def terms_taken_at_the_end():
    was = session.Session.end_body

    def end_body(self, *args):
        body = was(self, *args)
        house = running_house[0]
        tariff = house.config.current.tariff
        return tuple(
            (k, (("id", tariff[0]), ("version", tariff[1])) if k == "tariff" and tariff else v)
            for k, v in body
        )

    running_house = [None]
    begun = running.Running._begin

    def begin(self, up_ms):
        running_house[0] = self._house
        begun(self, up_ms)

    running.Running._begin = begin
    session.Session.end_body = end_body


def unset_clock_is_1970():
    was = timekeeping.Timekeeper.settle

    def settle(self, instant, seq):
        unix_s, quality = was(self, instant, seq)
        return (instant.up_ms // 1000, "I") if unix_s is None else (unix_s, quality)

    timekeeping.Timekeeper.settle = settle


def durations_by_the_clock():
    was = session.Session.count

    def count(self, up_ms):
        was(self, up_ms)

    session.Session.count = count
    set_was = timekeeping.Timekeeper.set

    def set_time(self, up_ms, unix_ms, *args):
        before = self.unix_ms(up_ms)
        news = set_was(self, up_ms, unix_ms, *args)
        if before is not None and news:
            _stretch[0] += unix_ms - before
        return news

    def stretched(self, up_ms):
        if _stretch[0]:
            step_ms, _stretch[0] = _stretch[0], 0
            self.ms[self.phase] = max(0, self.ms[self.phase] + step_ms)
        was(self, up_ms)

    _stretch = [0]
    timekeeping.Timekeeper.set = set_time
    session.Session.count = stretched


def outage_is_charging():
    was = session.Session.seconds

    def seconds(self):
        self.ms[0] += self.ms[3]
        self.ms[3] = 0
        return was(self)

    session.Session.seconds = seconds


def zero_sessions_filtered():
    was = running.Running._record_end

    def record_end(self, up_ms, reading):
        if reading is not None and reading.register_wh == self.session.reg_begin_wh:
            self._house.keep(up_ms, None)
            return True
        return was(self, up_ms, reading)

    running.Running._record_end = record_end


def uid_in_the_record():
    was = gate.Gate.look_up

    def look_up(self, up_ms, kind, uid, proof=b""):
        card, ref, entry = was(self, up_ms, kind, uid, proof)
        return card, "".join("%02x" % b for b in uid), entry

    gate.Gate.look_up = look_up


def replies_are_kept_for_ever():
    was = mailbox.Mailbox.take_reply

    def take_reply(self):
        self.told = getattr(self, "told", [])
        reply = was(self)
        if reply is not None:
            self.told.extend([reply] * 20)
        return reply

    mailbox.Mailbox.take_reply = take_reply


def month_forgets_a_session():
    was = monthbook.MonthBook._count

    def count(self, seq, record):
        if record is None or seq % 7:
            was(self, seq, record)
        else:
            self._counted = seq

    monthbook.MonthBook._count = count


def stop_is_not_obeyed():
    def card_in_session(self, up_ms, ref, entry):
        return "accepted"

    connector.Connector._card_in_session = card_in_session


def no_reason_given():
    def verify(self, use, typ, token):
        message = was(self, use, typ, token)
        if message.get("n", 0) % 2:
            raise Refused("")
        return message

    was = jws.Keys.verify
    jws.Keys.verify = verify


# (law, what breaks, laws that may be the first to notice it)
MUTANTS = (
    (
        (1, unknown_card_accepted, (1,)),
        (1, permit_in_every_state, (1,)),
        (1, stop_is_not_obeyed, (1,)),
        (2, permit_before_the_begin_is_durable, (2, 4)),
        (3, energy_from_zero_without_a_begin_register, (3,)),
        (3, missing_reading_is_a_number, (3,)),
        (4, end_written_twice, (4,)),
        (4, session_number_from_the_clock, (4,)),
        (5, bytes_change_with_the_boot, (5,)),
        (5, number_used_again_after_a_boot, (2, 4, 5, 6)),
        (6, ack_is_the_publish, (6,)),
        (7, rejected_is_not_named, (6, 7)),
        (8, list_half_applied, (1, 8)),
        (9, old_config_accepted, (9,)),
        (10, signature_not_checked, (1, 9, 10)),
        (10, no_reason_given, (10,)),
        (11, terms_taken_at_the_end, (11,)),
        (12, unset_clock_is_1970, (12,)),
        (12, durations_by_the_clock, (12, 13)),
        (13, outage_is_charging, (13,)),
        (14, zero_sessions_filtered, (4, 14)),
        (16, replies_are_kept_for_ever, (16,)),
        (17, uid_in_the_record, (17,)),
        (18, month_forgets_a_session, (18,)),
    )
    + ACCESS
    + mutants_online.MUTANTS
)


class Planted:
    """A mutant, planted while the block runs."""

    def __init__(self, patch):
        self._patch = patch

    def __enter__(self):
        self._kept = [(owner, dict(vars(owner))) for owner in _TOUCHED + (jws,)]
        self._patch()

    def __exit__(self, *_):
        for owner, names in self._kept:
            for name in list(vars(owner)):
                if name not in names:
                    delattr(owner, name)
                elif vars(owner)[name] is not names[name]:
                    setattr(owner, name, names[name])


# Where the first lives notice nothing: one that does. It saves time when it is tried first, and no more.
NOTICED_IN = {
    "lockout_hits_everybody": 2,
    "replies_are_kept_for_ever": 5,
    "signature_not_checked": 4,
    "socket_never_locks_itself": 2,
}


def hunt(patch, seeds=12, days=60):
    """Live with the mutant until a law breaks: (seed, law, text), or None."""
    likely = NOTICED_IN.get(patch.__name__, 1)
    with Planted(patch):
        for seed in sorted(range(1, seeds + 1), key=lambda seed: seed != likely):
            _, broken = live(seed, days, fork_every=2, visits_a_day=7)
            if broken:
                return seed, broken[0], broken[1]
    return None
