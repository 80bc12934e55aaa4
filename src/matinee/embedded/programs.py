"""Where the programs of PostgreSQL are, and as whom they may run."""

import hashlib
import importlib.util
import os
import pwd
import shutil
import stat
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
    packaged = _packaged()
    for folder in [named] if named is not None else [packaged, *_installed()]:
        if folder is None or not all((folder / name).exists() for name in ("initdb", "postgres")):
            continue
        if owner is None or owner.can_reach(folder):
            return folder
        if folder == packaged:
            return _copy_of_package(folder)
    raise NoPrograms(NoPrograms.__doc__)


def _packaged() -> Path | None:
    """The wheel's programs; its Python class is not used: it opens the modes of parent folders."""
    package = importlib.util.find_spec("pgserver")
    if package is None or package.origin is None:
        return None
    return Path(package.origin).parent / "pginstall" / "bin"


def _installed() -> list[Path]:
    """What the operating system has, newest first."""
    found = sorted(
        Path("/usr/lib/postgresql").glob("*/bin"),
        key=lambda path: float(path.parent.name),
        reverse=True,
    )
    if controller := shutil.which("pg_ctl"):
        found.append(Path(controller).resolve().parent)
    return found


def _copy_of_package(folder: Path) -> Path:
    """The wheel's programs where the owner can run them: a checkout below /root is closed to it.

    Libraries lie beside the package, found by a relative path, so both are copied.
    """
    site = folder.parents[2]
    parts = [folder.parents[1], *site.glob("pgserver_*.libs")]
    copy = SHARED_COPY / f"matinee-postgresql-{_contents(parts)}"
    if not copy.exists():
        making = copy.with_name(f"{copy.name}.{os.getpid()}")
        for part in parts:
            shutil.copytree(part, making / part.name, symlinks=True)
        _open_for_reading(making)
        try:
            making.rename(copy)
        except OSError:  # another process was quicker
            shutil.rmtree(making)
    facts = copy.lstat()
    if facts.st_uid != 0 or not stat.S_ISDIR(facts.st_mode):
        raise NoPrograms(f"{copy} was not made by root; remove it")
    return copy / folder.relative_to(site)


def _contents(folders: list[Path]) -> str:
    """Names and sizes of all files as one short word, the same for the same release."""
    facts = [
        f"{path.relative_to(folder.parent)} {path.stat().st_size}"
        for folder in folders
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.suffix != ".pyc"
    ]
    return hashlib.sha256("\n".join(facts).encode()).hexdigest()[:12]


def _open_for_reading(folder: Path) -> None:
    """Everybody may read and run the copy, whatever the umask was."""
    for path in (folder, *folder.rglob("*")):
        if not path.is_symlink():
            runs = path.is_dir() or path.stat().st_mode & 0o100
            path.chmod(0o755 if runs else 0o644)
