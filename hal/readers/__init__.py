"""Card readers: see hal.ports.CardReader."""
