"""Card readers: see hal.ports.CardReader; docs/hardware/pn532.md and mfrc522.md for wiring and limits."""
