"""Energy meters, one file a chip or family: see hal.ports.Meter."""
