"""The light of a described board: one LED that blinks in words, or a strip of WS2812."""

from hal.elapsed import passed_ms
from hal.ports import Indicator

# {word: (red, green, blue, period in ms with the light on in its first half; 0: steady)}
_LOOKS = {
    "locked": (24, 0, 0, 4000),
    "available": (0, 24, 0, 0),
    "authorized": (0, 24, 24, 500),
    "charging": (0, 0, 48, 2000),
    "suspended": (24, 16, 0, 2000),
    "finishing": (0, 24, 24, 0),
    "faulted": (48, 0, 0, 0),
    "refused": (48, 0, 0, 250),
    "identify": (32, 32, 32, 250),
}


class NoLamp(Indicator):
    def show(self, word):
        pass


class Lamp(Indicator):
    """put(red, green, blue) sets the light; it is called only when that changes."""

    def __init__(self, put, clock):
        self._put = put
        self._clock = clock
        self._since = clock.ticks_ms()
        self._word = None
        self._shown = None

    def show(self, word):
        if word != self._word:
            self._word = word
            self._since = self._clock.ticks_ms()
        red, green, blue, period = _LOOKS.get(word, _LOOKS["faulted"])
        on = not period or passed_ms(self._clock, self._since) % period < period // 2
        colour = (red, green, blue) if on else (0, 0, 0)
        if colour != self._shown:
            self._shown = colour
            self._put(red if on else 0, green if on else 0, blue if on else 0)


def led(pin, active):
    """A `put` for one LED: lit for any colour. active: its level when lit, 0 or 1."""

    def put(red, green, blue):
        pin.value(active if red or green or blue else 1 - active)

    return put


def strip(pin, count):
    """A `put` for `count` WS2812 on `pin`, all in one colour."""
    import neopixel  # type: ignore[import-not-found]

    pixels = neopixel.NeoPixel(pin, count)

    def put(red, green, blue):
        pixels.fill((red, green, blue))
        pixels.write()

    return put


def open_lamp(description, pins, clock):
    """The `Indicator` that the description's "indicator" names."""
    chosen = description.get("indicator", {"kind": "none"})
    if chosen["kind"] == "none":
        return NoLamp()
    pin = pins[chosen["pin"]]
    if chosen["kind"] == "led":
        return Lamp(led(pin, chosen.get("active", 1)), clock)
    try:
        return Lamp(strip(pin, chosen["count"]), clock)
    except (ImportError, OSError, ValueError) as error:
        print("indicator: ws2812 cannot be opened: %s: %s" % (type(error).__name__, error))
        return NoLamp()
