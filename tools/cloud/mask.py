"""Card numbers as people may see them."""


def card(uid: str) -> str:
    """A UID with all but its first and last byte hidden."""
    return f"{uid[:2]}{'•' * max(0, len(uid) - 4)}{uid[-2:]}" if len(uid) > 4 else "••••"


def token(ref: str) -> str:
    """A token reference, shortened: enough to tell two cards apart."""
    return f"{ref[:4]}…" if ref else ""
