"""The version of the charger's firmware, as status and records tell it."""

FIRMWARE = "0.1.0"
