"""What a charger's hardware can do: ports, the flash volume, drivers, and a mock of them all."""
