"""Run by both interpreters: `images.py write|check PATH WHO` makes or checks a flash image.

WHO wrote it is in its files, so that the one who checks knows that it reads the other's.
"""

import sys

from host_tests.flash.volumes import fresh, of_image

BLOCKS = 32


def content(who, n):
    return (who.encode() + b"%d" % n) * (n * 40 + 1)


def write(path, who):
    volume, flash = fresh(BLOCKS)
    for n in range(12):
        volume.write("%d" % n, content(who, n))
        volume.append("folder/log", b"%s%05d" % (who.encode(), n))
    volume.remove("3")
    volume.rename("4", "folder/four")
    save(path, flash)


def check(path, who):
    with open(path, "rb") as f:
        volume, flash = of_image(f.read())
    assert volume.names("") == sorted(str(n) for n in range(12) if n not in (3, 4))
    assert volume.names("folder") == ["four", "log"]
    assert volume.read("folder/four") == content(who, 4)
    for n in (0, 1, 2, 5, 6, 7, 8, 9, 10, 11):
        assert volume.read("%d" % n) == content(who, n), n
    assert volume.read("folder/log") == b"".join(b"%s%05d" % (who.encode(), n) for n in range(12))
    volume.write("0", content(who, 0))
    volume.append("folder/log", b"")
    volume.write("7", content(who, 7))
    assert volume.read("7") == content(who, 7)
    assert flash.violations == 0
    print(volume.free_bytes())
    save(path, flash)


def save(path, flash):
    with open(path, "wb") as f:
        f.write(flash.image())


{"write": write, "check": check}[sys.argv[1]](sys.argv[2], sys.argv[3])
