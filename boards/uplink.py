"""The network of a described board: that there is a way to the broker. The time comes from elsewhere.

Wi-Fi: name and password are the site's, not the board's: the installer leaves them on the volume in the
file `wifi`, a JSON object with "ssid" and "password". The port reconnects by itself.
"""

import json

from hal.ports import Network

WIFI = "wifi"


class Uplink(Network):
    """interface: network.WLAN or network.LAN, None for a board without one (always down)."""

    def __init__(self, interface):
        self._interface = interface
        self._broker = ("", 0)

    def begin(self, volume):
        """Take what the installer left on `volume`; told once after it is mounted."""

    def up(self):
        return self._interface is not None and self._interface.isconnected()

    def use_broker(self, host, port):
        self._broker = (host, port)

    def host_port(self):
        return self._broker

    def fetch_unix_ms(self):
        return None


class Wifi(Uplink):
    def begin(self, volume):
        try:
            said = json.loads(volume.read(WIFI) or b"{}")
            ssid, password = said["ssid"], said["password"]
        except (OSError, ValueError, KeyError, TypeError):
            print("wifi: the file %s with ssid and password is not on the volume" % WIFI)
            return
        try:
            self._interface.connect(ssid, password)
        except OSError as error:
            print("wifi: %s" % error)


def open_uplink(description, machine):
    """The `Network` that the description's "network" names. Its radio or PHY is on from here."""
    wanted = description["network"]
    kind = wanted["kind"]
    if kind == "none":
        return Uplink(None)
    try:
        import network

        if kind == "wifi":
            radio = network.WLAN(network.WLAN.IF_STA)
            radio.active(True)
            return Wifi(radio)
        wire = network.LAN(
            mdc=machine.Pin(wanted["mdc"]),
            mdio=machine.Pin(wanted["mdio"]),
            power=machine.Pin(wanted["power"]) if "power" in wanted else None,
            phy_type=getattr(network, "PHY_" + wanted["phy"]),
            phy_addr=wanted["phy_address"],
            ref_clk=machine.Pin(wanted["clock"]),
            ref_clk_mode=machine.Pin.OUT if wanted["clock_out"] else machine.Pin.IN,
        )
        wire.active(True)
        return Uplink(wire)
    except (ImportError, AttributeError, OSError, ValueError) as error:
        # Charging goes on without a network: the records wait.
        print("network: %s cannot be opened: %s: %s" % (kind, type(error).__name__, error))
        return Uplink(None)
