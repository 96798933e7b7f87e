"""Whether a card that must prove itself has: the proof is its own, right, and newer than the last one."""

from .sun import Keys, verify
from .suncounters import SunCounters


class Proving:
    """volume: hal volume; secret: 32 bytes that the cards' keys come from; known: see SunCounters."""

    def __init__(self, volume, secret, known):
        self._keys = Keys(secret)
        self._counters = SunCounters(volume, known)

    def proven(self, uid, proof):
        """Whether `proof` (the URL that the reader read) is a new one of this card; then its counter is kept.

        uid: as the reader told it, which may be last byte first. OSError from the volume goes through.
        """
        counters = self._counters
        try:
            reason, found, counter = verify(proof, self._keys, counters.last)
            if reason or (found != uid and bytes(reversed(found)) != uid):
                return False
            return counters.accept(found, counter)
        except ValueError:
            return False  # counters that flash has damaged let nobody in
