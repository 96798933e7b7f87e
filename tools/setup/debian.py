"""Take programs out of Debian packages, without root and without changing the machine.

A private apt root is kept under .deps/apt/. The mirror and the proxy are the machine's own: the
addresses are asked of apt, only the suite's name is changed, and the packages' signatures are
checked against the Debian keyring of the machine.
"""

import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from tools.setup.errors import NotHad
from tools.setup.places import BIN, DEPS

KEYRINGS = ("debian-archive-keyring.gpg", "debian-archive-keyring.pgp")
KEYRING_FOLDER = Path("/usr/share/keyrings")
LOADERS = ("ld-linux*.so.*", "ld-musl*.so.*")
LIMIT_S = 180


def run(command, **more):
    """Run a program quietly; NotHad when it is absent or takes too long."""
    env = dict(os.environ, LC_ALL="C", DEBIAN_FRONTEND="noninteractive")
    try:
        return subprocess.run(
            command, capture_output=True, text=True, timeout=LIMIT_S, env=env, **more
        )
    except FileNotFoundError as error:
        raise NotHad("%s is not on this machine" % command[0]) from error
    except subprocess.TimeoutExpired as error:
        raise NotHad("%s did not end in %d s" % (command[0], LIMIT_S)) from error


def architecture():
    """The machine's Debian architecture, like "amd64"; NotHad where there is no dpkg."""
    if not shutil.which("apt-get") or not shutil.which("dpkg"):
        raise NotHad("this machine has no apt")
    return run(["dpkg", "--print-architecture"]).stdout.strip()


def mirrors():
    """Addresses of Debian mirrors in the machine's apt configuration, the likeliest first."""
    with tempfile.TemporaryDirectory() as lists:
        (Path(lists) / "partial").mkdir()
        said = run(["apt-get", "-o", "Dir::State::Lists=" + lists, "update", "--print-uris"])
    found = []
    for address in re.findall(r"'([^']+?)/dists/[^']*'", said.stdout):
        plain = address.replace("[", "").rstrip("/")
        if "debian" in plain and "security" not in plain and plain not in found:
            found.append(plain)
    if not found:
        raise NotHad("apt on this machine names no Debian mirror")
    return sorted(found, key=lambda address: not address.endswith("/debian"))


def keyring():
    """The machine's keyring of Debian's archive keys."""
    for name in KEYRINGS:
        if (KEYRING_FOLDER / name).exists():
            return KEYRING_FOLDER / name
    raise NotHad("the package debian-archive-keyring is not installed")


class Suite:
    """One Debian suite for one architecture, in a private apt root."""

    def __init__(self, name, arch):
        self.name = name
        self.arch = arch
        self.folder = DEPS / "apt" / ("%s-%s" % (name, arch))

    def options(self):
        """apt options that keep everything inside the private root."""
        settings = {
            "APT::Architecture": self.arch,
            "APT::Architectures": self.arch,
            "APT::Sandbox::User": "",
            "APT::Install-Recommends": "false",
            "Acquire::Languages": "none",
            "Acquire::Retries": "2",
            "Dir::Etc::sourcelist": self.folder / "sources.list",
            "Dir::Etc::sourceparts": "/dev/null",
            "Dir::Etc::preferences": "/dev/null",
            "Dir::Etc::preferencesparts": "/dev/null",
            "Dir::State::Lists": self.folder / "lists",
            "Dir::State::status": self.folder / "status",
            "Dir::Cache": self.folder / "cache",
        }
        return [part for key, value in settings.items() for part in ("-o", "%s=%s" % (key, value))]

    def update(self):
        """Fetch the suite's index from the first mirror that has it; NotHad when none has."""
        (self.folder / "lists" / "partial").mkdir(parents=True, exist_ok=True)
        (self.folder / "cache" / "archives" / "partial").mkdir(parents=True, exist_ok=True)
        (self.folder / "status").touch()
        why = ""
        for mirror in mirrors():
            line = "deb [signed-by=%s arch=%s] %s %s main\n"
            text = line % (keyring(), self.arch, mirror, self.name)
            (self.folder / "sources.list").write_text(text)
            said = run(["apt-get", *self.options(), "update"])
            wrong = re.findall(r"^(?:E|W|Err\S*): ?(.*)", said.stdout + said.stderr, re.MULTILINE)
            if said.returncode == 0 and not any("Failed" in line for line in wrong):
                return
            why = " ".join(wrong)[:200]
        raise NotHad("Debian %s for %s has no usable index: %s" % (self.name, self.arch, why))

    def closure(self, package):
        """The package and the shared libraries it needs, by name."""
        wanted, seen = [package], set()
        while wanted:
            seen.update(wanted)
            said = run(["apt-cache", *self.options(), "depends", "--no-recommends", *wanted])
            # alternatives are marked "|"; the first of them is as good as any
            names = re.findall(r"^ [ |](?:Pre)?Depends: <?([a-z0-9.+-]+)", said.stdout, re.M)
            wanted = [name for name in dict.fromkeys(names) if name.startswith("lib")]
            wanted = [name for name in wanted if name not in seen]
        return sorted(seen)

    def unpack(self, package, into):
        """Download the package with its libraries and unpack them into the new folder `into`."""
        debs = Path(tempfile.mkdtemp(dir=self.folder))
        names = self.closure(package)
        said = run(["apt-get", *self.options(), "download", *names], cwd=debs)
        files = sorted(debs.glob("*.deb"))
        if said.returncode != 0 or not any(f.name.startswith(package + "_") for f in files):
            raise NotHad("Debian %s: %s" % (self.name, said.stderr.strip()[-200:]))
        part = Path(tempfile.mkdtemp(dir=self.folder))
        for file in files:
            if run(["dpkg", "-x", str(file), str(part)]).returncode != 0:
                raise NotHad("%s does not unpack" % file.name)
        into.parent.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(into, ignore_errors=True)
        part.chmod(0o755)
        part.rename(into)


def wrapper(name, root, program):
    """Write .deps/bin/<name>, which runs `program` of an unpacked root with that root's libraries.

    The machine's own C library may be older than the program's, so the root's loader starts it. The
    wrapper replaces itself by the program: its process id is the program's.
    """
    loaders = [path for glob in LOADERS for path in root.glob("usr/lib/*/" + glob)]
    if not loaders:
        raise NotHad("no loader in the unpacked packages")
    loader = loaders[0].relative_to(DEPS)
    text = "#!/bin/sh\n"
    text += "# made by `make setup`\n"
    text += 'deps="${0%%/*}/.."\n' % ()
    text += 'exec "$deps/%s" --library-path "$deps/%s" "$deps/%s" "$@"\n' % (
        loader,
        loader.parent,
        (root / program).relative_to(DEPS),
    )
    BIN.mkdir(parents=True, exist_ok=True)
    part = BIN / (name + ".part")
    part.write_text(text)
    part.chmod(0o755)
    part.rename(BIN / name)
    return BIN / name


def forget_indexes():
    """Drop the downloaded indexes and packages: what was unpacked is all that is needed."""
    shutil.rmtree(DEPS / "apt", ignore_errors=True)
