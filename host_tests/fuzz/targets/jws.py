"""Tokens: hostile headers and payloads under a signature that holds, and whatever else a broker sends."""

from host_tests.fuzz.targets.signed import Signed

HEAD = b'head {"alg":"HS256","kid":"down-1","typ":"%s+jws"}'
IDENTIFY = b'{"aud":"CH-1","n":1,"exp":4102444799,"id":"o-1","do":"identify"}'


class Jws(Signed):
    name = "jws"
    words = Signed.words + (
        "HS256",
        "none",
        "down-1",
        "up-1",
        "order+jws",
        "alg",
        "kid",
        "typ",
        "crit",
        "b64",
    )

    def seeds(self):
        head = HEAD % b"order"
        return [
            head + b"\norder " + IDENTIFY,
            head.replace(b"HS256", b"none") + b"\norder " + IDENTIFY,
            HEAD % b"config" + b"\norder " + IDENTIFY,
            head + b"\norder " + b"[" * 1200,
            head + b"\norder \xff\xfe{}",
            b"head " + b'{"a":' * 50 + b"\norder {}",
            b"raw order e30.e30.e30",
            b"raw ack eyJhbGciOiJIUzI1NiJ9..\nraw list \xff.\xff.\xff",
            b"raw config .." + b"A" * 8190 + b"\nraw order ",
        ]


make = Jws
