"""New master keys on their way to a charger, and a bench whose service makes them."""

import binascii
import json

from agent import jws
from host_tests.scenarios.bench import CHARGER, MASTER, Bench

NEXT = bytes(range(100, 132))
THIRD = bytes(range(200, 232))
NONCE = bytes(range(16))


def hexed(data):
    return binascii.hexlify(data).decode()


def wrapped(old, new, generation, nonce=NONCE):
    """The members of an order `rotate`."""
    pad = jws.hmac_sha256(jws.hmac_sha256(old, b"ppm/v1/wrap"), nonce)
    return {
        "generation": generation,
        "nonce": hexed(nonce),
        "wrapped": hexed(bytes(a ^ b for a, b in zip(new, pad))),
        "check": hexed(jws.hmac_sha256(new, b"ppm/v1/check")[:8]),
    }


class KeyBench(Bench):
    """A bench whose service makes new keys. It signs with `keys`, and knows every key in `rings`."""

    def know(self, master, generation):
        self.rings["up-%d" % generation] = jws.Keys(master, generation)

    def rotate(self, old=MASTER, new=NEXT, generation=2):
        self.know(new, generation)
        return self.order("rotate", **wrapped(old, new, generation))

    def use(self, generation):
        """The service signs with that generation from now on."""
        self.keys = self.rings["up-%d" % generation]

    def message(self, do, keys=None, **members):
        """A signed order that is not sent."""
        self.n += 1
        message = {"aud": CHARGER, "n": self.n, "exp": self.now_s + 300, "id": "o-%d" % self.n}
        message["do"] = do
        message.update(members)
        payload = json.dumps(message).encode()
        return bytes((keys or self.keys).sign("down", "order+jws", payload))

    def hand_over(self, token):
        """Give a signed order to the charger; the reply."""
        self.charger.on_message(self.up_ms, "order", token)
        self.pump()
        return self.replies[-1]

    @property
    def generation(self):
        self.run(0.2)
        return self.status["key"]


def kid_of(token):
    return json.loads(jws.decode_b64(bytes(token).split(b".")[0]))["kid"]


def answer(reply):
    return reply["result"], reply["reason"]
