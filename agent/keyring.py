"""The generations of the charger's master key: which one signs, which ones are obeyed.

Generation 1 is the master key of the installation and stays where that put it. Each later one is a file,
written once whole and renamed, so that a power cut leaves the old key or the new one:

    keys/<generation, 4 hex digits>:
    generation u16 | settled u8 | 0 u8 | first record number u32 | master 32 | crc32 u32

Not in two slots like other small state: a torn slot cannot be told from a damaged one, and falling back
from a damaged file to the key before it would let a key in again that somebody may have replaced for a
reason. So a file that does not hold together means: nothing is obeyed, locked, and said so.

Which generation signs a record is decided by its number alone, at the rotation, for ever (law 5). None is
removed: 44 bytes each, and old records and the configuration in flash are signed with them.
"""

import binascii
import struct

from . import jws
from .checks import bad, integer, text
from .const import const
from .reasons import Refused

_FOLDER = "keys"
_FORM = "<HBBI32s"
_SIZE = const(40)
assert struct.calcsize(_FORM) == _SIZE
MOST = const(255)  # generations in a charger's life
_CHECK = b"ppm/v1/check"
_CHECK_SIZE = const(8)


class Keyring:
    """The keys of every generation. volume: hal volume, whose OSError goes through; master: generation 1.

    generation: the one in use; first_seq: the first record number it signs; readable: False when a file
    is damaged.
    """

    def __init__(self, volume, master):
        self._volume = volume
        self._first = self._now = self._old = jws.Keys(master)
        self._before = None  # the one before, until the service has used the one in use
        self._starts = [0]  # first record number of each generation
        self._heard = 1
        self.readable = True
        for name in volume.names(_FOLDER):
            found = self._load(name)
            if found is None or found[0].generation != len(self._starts) + 1:
                self.readable = False
                return
            keys, settled, first_seq = found
            self._before = None if settled else self._now
            self._now = keys
            self._starts.append(first_seq)

    @property
    def generation(self):
        """The generation in use."""
        return self._now.generation

    @property
    def first_seq(self):
        """The first record number that the generation in use signs; 0 for the first one."""
        return self._starts[-1]

    def key(self, use):
        """The 32-byte key of a use. That of cards is the first generation's for ever: a card that is
        known by another reference after a rotation would be another card."""
        return (self._first if use == jws.CARD else self._now).key(use)

    def mac(self, use, *chunks):
        """HMAC-SHA256 over the chunks with `key(use)`: 32 bytes."""
        return (self._first if use == jws.CARD else self._now).mac(use, *chunks)

    def sign(self, use, typ, payload):
        """A compact JWS by the generation in use; for what is no record."""
        return self._now.sign(use, typ, payload)

    def of(self, seq):
        """The jws.Keys that sign record `seq`, None when its file is damaged."""
        generation = len(self._starts)
        while generation > 1 and self._starts[generation - 1] > seq:
            generation -= 1
        if not self.readable and generation == len(self._starts):
            return None  # where the damaged one would begin is not known
        return self._keys(generation)

    def verify(self, use, typ, token):
        """The payload of a message that may be obeyed, as a dict; Refused says why it may not.

        The generation before is obeyed until `settle` was called for a message under the one in use.
        """
        if not self.readable:
            raise Refused("wrong_key", "the key in use cannot be read from flash")
        self._heard = self._now.generation
        try:
            return self._now.verify(use, typ, token)
        except Refused as refusal:
            if self._before is None or refusal.reason != "wrong_key":
                raise
        self._heard = self._before.generation
        return self._before.verify(use, typ, token)

    def verify_kept(self, typ, token):
        """The payload of a message that was obeyed once and lies in flash, by whichever generation."""
        for generation in range(len(self._starts), 1, -1):
            keys = self._keys(generation)
            try:
                if keys is not None:
                    return keys.verify(jws.DOWN, typ, token)
            except Refused as refusal:
                if refusal.reason != "wrong_key":
                    raise
        return self._first.verify(jws.DOWN, typ, token)

    def settle(self):
        """The message verified last is meant for this charger. Under the key in use it ends the time of
        the one before; that is durable when this returns."""
        if self._before is not None and self._heard == self._now.generation:
            path = _path(self._now.generation)
            data = bytearray(self._volume.read(path) or b"")[:_SIZE]
            if len(data) != _SIZE:
                raise OSError(5)  # EIO: it was there at boot
            data[2] = 1
            self._volume.write(path, _sealed(data))
            self._before = None

    def take(self, order, first_seq):
        """Take the key that a `rotate` order brings, for the records from first_seq on. Durable on
        return. True when it is new, False when it is in use already.

        Refused: the generation is not the next one, or the key does not unwrap.
        """
        generation = integer(order, "generation", 2, MOST)
        nonce = _hex(order, "nonce", 16, 64)
        wrapped = _hex(order, "wrapped", 32, 32)
        check = _hex(order, "check", _CHECK_SIZE, _CHECK_SIZE)
        here = self._now.generation
        again = generation == here and self._before is not None
        wrapper = self._before if again else self._now
        if not again and generation <= here:
            raise Refused("stale", "generation: %d is in use" % here)
        if generation > here + 1:
            raise bad("generation", "must be %d" % (here + 1))
        pad = jws.hmac_sha256(wrapper.key(jws.WRAP), nonce)
        master = bytes(wrapped[i] ^ pad[i] for i in range(32))
        if not jws.same(jws.hmac_sha256(master, _CHECK)[:_CHECK_SIZE], check):
            raise bad("check", "wrapped is not a key for generation %d" % generation)
        if again:
            if not jws.same(jws.Keys(master).key(jws.UP), self._now.key(jws.UP)):
                raise Refused("stale", "generation: %d is in use" % here)
            return False
        data = struct.pack(_FORM, generation, 0, 0, first_seq, master)
        self._volume.write(_path(generation), _sealed(data))
        self._before = self._now
        self._now = jws.Keys(master, generation)
        self._starts.append(first_seq)
        return True

    def _keys(self, generation):
        for keys in (self._now, self._first, self._old):
            if keys.generation == generation:
                return keys
        found = self._load(_path(generation)[len(_FOLDER) + 1 :])
        if found is None:
            return None
        self._old = found[0]
        return self._old

    def _load(self, name):
        """(Keys, settled, first record number) of a file, or None when it does not hold together."""
        data = self._volume.read(_FOLDER + "/" + name) or b""
        if len(data) != _SIZE + 4 or _sealed(data[:_SIZE]) != data:
            return None
        generation, settled, _, first_seq, master = struct.unpack_from(_FORM, data)
        if name != "%04x" % generation:
            return None
        return jws.Keys(master, generation), settled, first_seq


def _path(generation):
    return "%s/%04x" % (_FOLDER, generation)


def _sealed(data):
    return bytes(data) + struct.pack("<I", binascii.crc32(data) & 0xFFFFFFFF)


def _hex(order, name, least, most):
    """The bytes of a member of least..most bytes in hex."""
    digits = text(order, name, 2 * most)
    try:
        data = binascii.unhexlify(digits)
    except ValueError:
        data = b""
    if len(data) < least:
        raise bad(name, "must be the hex of %d to %d bytes" % (least, most))
    return data
