"""What a charger's month comes to, in words."""

from tools.cloud.report import (
    DIFFERS,
    HOLDS,
    OVERDUE,
    UNCHECKED,
    ChargerLine,
    Claim,
    RegisterGap,
    Unbilled,
)

# Why somebody was not let in, or what an order came to: the words of docs/access.md for people.
WHY = {
    "accepted": "let in",
    "unknown": "the list does not hold this card",
    "blocked": "the card is blocked",
    "pending": "the contract is not accepted yet",
    "subscription_expired": "the subscription has ended",
    "list_too_old": "the list was not confirmed for too long",
    "clock_unknown": "the charger does not know the time",
    "offline_denied": "offline, and the policy is to refuse then",
    "locked_out": "refused too often in a row",
    "wrong_group": "the card's group may not charge here",
    "not_subscribed": "known, but without pay per month",
    "bad_card": "not a card number that a card can have",
    "two_cards": "more than one card at the reader",
    "debounced": "the same card again at once",
    "busy": "somebody else's session",
    "no_session": "nothing runs",
    "locked": "the charger is locked",
    "faulted": "the power hardware reports a fault",
    "meter_fault": "the meter does not answer or is not believed",
    "store_full": "no room for another record",
    "store_fault": "the flash does not work",
}


def why(reason: str) -> str:
    """A reason in plain words; the word itself where it is not known here."""
    return WHY.get(reason, reason)


def kwh(energy_wh: int | None) -> str:
    """Wh as kWh with every digit."""
    return "?" if energy_wh is None else f"{energy_wh // 1000}.{energy_wh % 1000:03d}"


def hms(seconds: int) -> str:
    """Seconds as h:mm:ss."""
    return f"{seconds // 3600}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"


def ranges(pairs: list[tuple[int, int]]) -> str:
    """Spans of record numbers."""
    return " ".join(str(low) if low == high else f"{low}-{high}" for low, high in pairs)


def breaks(line: ChargerLine) -> list[str]:
    """Where the register did not stand as the session before had left it."""
    return [
        f"{one.before} to {one.after}: "
        + ("another meter or no register" if one.wh is None else f"{one.wh:+d} Wh")
        for one in line.breaks
    ]


def reconciliation(line: ChargerLine) -> str:
    """One line that says whether a charger's month holds together."""
    if line.first_seq is None:
        records = "no records"
    else:
        records = f"records {line.first_seq}..{line.last_seq}"
        records += f", missing {ranges(line.gaps)}" if line.gaps else ", no gaps"
    if line.set_aside:
        records += f", set aside {_numbers(line.set_aside)}"
    chain = "register chain unbroken"
    if line.breaks:
        chain = "register chain broken: " + "; ".join(breaks(line))
    energy = f"sessions {line.sessions_wh} Wh, register {line.register_wh} Wh"
    energy += f", difference {line.difference_wh} Wh"
    if line.unknown_wh:
        energy += f", {line.unknown_wh} of {line.sessions} sessions without known energy"
    still = f"; not ended yet: {', '.join(line.open_sessions)}" if line.open_sessions else ""
    verdict = "OK" if line.holds else "LOOK"
    return f"{line.charger}: {records}; {chain}; {energy}{still}. {verdict}"


def findings(line: ChargerLine) -> list[tuple[str, bool]]:
    """The lines below a charger's reconciliation, each with whether it is as it should be."""
    found = [(claim_text(claim), claim.state != DIFFERS) for claim in line.claims]
    if not found:
        found = [(f"month on the charger: {line.closing}", line.closing != OVERDUE)]
    found += [(register_gap(gap), False) for gap in line.register_gaps]
    return found + [(unbilled(tally), False) for tally in line.unbilled]


def claim_text(claim: Claim) -> str:
    """What the charger closed a month with, and whether the held records agree."""
    records = f"records {claim.first_seq}..{claim.last_seq}"
    if claim.first_seq > claim.last_seq:
        records = "no records"
    figures = f"{records}, {claim.sessions} sessions, {claim.energy_wh} Wh"
    if claim.unknown:
        figures += f" and {claim.unknown} without known energy"
    verdict = claim.state
    if claim.state != HOLDS:
        verdict += ": " + "; ".join(differences(claim))
    return f"month closed on the charger: {figures}: {verdict}"


def differences(claim: Claim) -> list[str]:
    """What keeps a claim from holding, one thing each."""
    found = [f"missing {ranges(claim.missing)}"] if claim.missing else []
    if claim.set_aside:
        found.append(f"set aside {_numbers(claim.set_aside)}")
    found += [f"{one.what} {one.claimed} claimed, {one.held} held" for one in claim.differences]
    if claim.state == UNCHECKED:
        found.append("it begins before the first record number that this service expects")
    return found + claim.order


def register_gap(gap: RegisterGap) -> str:
    """A register that moved between two sessions."""
    moved = "a register is unknown"
    if gap.before_wh is not None and gap.after_wh is not None:
        moved = f"{gap.after_wh - gap.before_wh:+d} Wh without a session"
    registers = f"{_register(gap.before_wh)} to {_register(gap.after_wh)}"
    return f"register gap: record {gap.seq}{_at(gap.at)}, meter {gap.serial}, {registers}: {moved}"


def unbilled(tally: Unbilled) -> str:
    """What was given while the store was full."""
    given = f"{tally.sessions} sessions, {tally.energy_wh} Wh given without a record"
    return f"store was full: record {tally.seq}{_at(tally.at)}: {given} (policy unbilled)"


def _register(register_wh: int | None) -> str:
    return "?" if register_wh is None else f"{register_wh} Wh"


def _at(text: str) -> str:
    return f" at {text[:16].replace('T', ' ')}" if text else ""


def _numbers(seqs: list[int]) -> str:
    return ", ".join(str(seq) for seq in seqs)
