"""Power boards: see hal.ports.PowerBoard."""
