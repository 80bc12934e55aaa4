"""Where the programs of PostgreSQL are, and as whom they may run."""

import importlib.util
import os
import pwd
import shutil
from dataclasses import dataclass
from pathlib import Path

UNPRIVILEGED = ("postgres", "nobody")
SHARED_COPY = Path("/var/tmp")


class NoPrograms(RuntimeError):
    """There is no PostgreSQL to embed: install `matinee[embedded]` or set MATINEE_DATABASE_URL."""


@dataclass(frozen=True)
class Owner:
    """The user that PostgreSQL runs as; it refuses to run as root."""

    uid: int
    gid: int

    def can_reach(self, path: Path) -> bool:
        """Whether this user may enter a folder, judged by the modes of all its parents."""
        return all(self._can_enter(folder) for folder in (path, *path.parents))

    def _can_enter(self, folder: Path) -> bool:
        facts = folder.stat()
        if facts.st_uid == self.uid:
            return bool(facts.st_mode & 0o100)
        return bool(facts.st_mode & (0o010 if facts.st_gid == self.gid else 0o001))


def owner_for_root() -> Owner | None:
    """An existing unprivileged user where we are root; None where we are ordinary ourselves."""
    if os.geteuid() != 0:
        return None
    for name in UNPRIVILEGED:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Owner(entry.pw_uid, entry.pw_gid)
    raise NoPrograms(f"root needs one of the users {', '.join(UNPRIVILEGED)} to run PostgreSQL as")


def find_programs(named: Path | None, owner: Owner | None) -> Path:
    """The folder that holds `initdb` and `postgres`, reachable for the owner.

    Raises:
        NoPrograms: there is none.
    """
    for folder in _candidates(named):
        if (folder / "initdb").exists() and (folder / "postgres").exists():
            return folder if owner is None or owner.can_reach(folder) else _copy_of(folder)
    raise NoPrograms(NoPrograms.__doc__)


def _candidates(named: Path | None) -> list[Path]:
    if named is not None:
        return [named]
    found = []
    # only its programs: the wheel's own class opens the modes of parent folders
    if (packaged := importlib.util.find_spec("pgserver")) and packaged.origin:
        found.append(Path(packaged.origin).parent / "pginstall" / "bin")
    installed = Path("/usr/lib/postgresql").glob("*/bin")
    found += sorted(installed, key=lambda path: -int(path.parent.name))
    if controller := shutil.which("pg_ctl"):
        found.append(Path(controller).resolve().parent)
    return found


def _copy_of(folder: Path) -> Path:
    """The same programs where the owner can run them (a checkout below /root is closed to it).

    Root makes the copy under a name that nobody else could have taken before.
    """
    original = folder.parent
    copy = SHARED_COPY / f"matinee-postgresql-{original.stat().st_mtime_ns:x}"
    if not copy.exists():
        making = copy.with_name(f"{copy.name}.{os.getpid()}")
        shutil.copytree(original, making, symlinks=True)
        making.chmod(0o755)
        making.rename(copy)
    if copy.stat().st_uid != 0 or copy.is_symlink():
        raise NoPrograms(f"{copy} does not belong to root")
    return copy / folder.name
