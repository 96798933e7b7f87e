"""The volume port over a flash whose power can be cut: then every call raises `PowerCut`."""

from hal.mock.volume import PowerCut
from hal.ports import Volume


class CutVolume(Volume):
    """volume: the Volume to pass every call on to; flash: the `hal.mock.flash.Flash` under it.

    A call that the power was cut in, and every one after it, raises PowerCut instead of what the
    volume made of it: no code of the charger goes on without power.
    """

    def __init__(self, volume, flash):
        self.volume = volume
        self.flash = flash

    def _call(self, name, *args):
        if self.flash.dead:
            raise PowerCut()
        try:
            result = getattr(self.volume, name)(*args)
        except OSError:
            if self.flash.dead:
                raise PowerCut()
            raise
        if self.flash.dead:
            raise PowerCut()
        return result

    def read(self, path):
        return self._call("read", path)

    def write(self, path, data):
        return self._call("write", path, data)

    def append(self, path, data):
        return self._call("append", path, data)

    def overwrite(self, path, data):
        return self._call("overwrite", path, data)

    def open(self, path):
        return self._call("open", path)

    def rename(self, old, new):
        return self._call("rename", old, new)

    def remove(self, path):
        return self._call("remove", path)

    def names(self, folder):
        return self._call("names", folder)

    def size(self, path):
        return self._call("size", path)

    def free_bytes(self):
        return self._call("free_bytes")
