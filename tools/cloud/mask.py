"""Card numbers as people may see them, and what chargers say as a terminal may."""

import re


def card(uid: str) -> str:
    """A UID with all but its first and last byte hidden."""
    return f"{uid[:2]}{'•' * max(0, len(uid) - 4)}{uid[-2:]}" if len(uid) > 4 else "••••"


def token(ref: str) -> str:
    """A token reference, shortened: enough to tell two cards apart."""
    return f"{ref[:4]}…" if ref else ""


def cards(text: str) -> str:
    """A text in which everything that could be the number of a card is hidden."""
    return re.sub(r"[0-9A-Fa-f]{8,}", lambda match: card(match[0]), text)


def plain(text: str) -> str:
    """What a charger has said, for a log or a terminal: no line feeds, no escape sequences."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
