"""What stands in for a volume that cannot be used."""


class NoVolume:
    """A volume that holds nothing and keeps nothing, so that a charger without one can still say so."""

    def read(self, path):
        return None

    def write(self, path, data):
        pass

    append = overwrite = write

    def remove(self, path):
        pass

    def names(self, folder):
        return []

    def size(self, path):
        return -1

    def free_bytes(self):
        return 0
