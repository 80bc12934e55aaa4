"""A PostgreSQL server that is a child of this process and dies with it."""

import contextlib
import ctypes
import fcntl
import hashlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from matinee.embedded.programs import find_programs, owner_for_root

START_SECONDS = 120
STOP_SECONDS = 30
LONGEST_SOCKET_FOLDER = 85
"""A socket's address has room for 103 bytes; the file's own name takes some."""

_PR_SET_PDEATHSIG = 1
_SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "shared_buffers": "128MB",
    "max_connections": "60",
    "random_page_cost": "1.1",
    "jit": "off",
    "wal_compression": "pglz",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_min_duration_statement": "1s",
}
_CARELESS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class EmbeddedFailed(RuntimeError):
    """PostgreSQL could not be started; the message holds the end of its log."""


class EmbeddedPostgres:
    """One server on one data folder, reached through a unix socket that only its user may open.

    `durable=False` is for tests: faster, and lost when the machine crashes.
    """

    def __init__(
        self,
        folder: Path,
        *,
        programs: Path | None = None,
        durable: bool = True,
        settings: dict[str, str] | None = None,
    ) -> None:
        self._owner = owner_for_root()
        self._programs = find_programs(programs, self._owner)
        self.folder = self._home_of(folder.resolve())
        self._data = self.folder / "data"
        self._sockets = self._socket_folder()
        self._settings = (
            _SETTINGS
            | ({} if durable else _CARELESS)
            | {"unix_socket_directories": str(self._sockets)}
            | (settings or {})
        )
        self._server: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Make the data folder where there is none, start the server, wait until it answers.

        Joins a server that another process already runs on the folder, and never stops that one.

        Raises:
            EmbeddedFailed: it does not start.
        """
        for folder in (self.folder, self._sockets):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._give_to_owner(folder)
        deadline = time.monotonic() + START_SECONDS
        with self._alone():
            if not (self._data / "PG_VERSION").exists():
                self._initialize()
            if self._running_elsewhere(deadline):
                return
            self._launch(deadline)

    def stop(self) -> None:
        """End the server if this object started it: sessions are closed, everything is written."""
        if self._server is None or self._server.poll() is not None:
            return
        self._server.send_signal(signal.SIGINT)
        try:
            self._server.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._server.send_signal(signal.SIGQUIT)
            self._server.wait(10)

    @property
    def started_here(self) -> bool:
        """Whether this object runs the server (and not another process)."""
        return self._server is not None and self._server.poll() is None

    def url(self, database: str = "matinee") -> str:
        """The DSN of a database on this server."""
        return f"postgresql://matinee@/{database}?host={self._sockets}"

    def _home_of(self, wanted: Path) -> Path:
        """The folder itself, or one that the server's user can reach where root's own is closed."""
        parent = next(folder for folder in wanted.parents if folder.exists())
        if self._owner is None or self._owner.can_reach(parent):
            return wanted
        return Path("/var/lib/matinee") / hashlib.sha256(bytes(wanted)).hexdigest()[:12]

    def _socket_folder(self) -> Path:
        beside = self.folder / "sockets"
        if len(str(beside)) <= LONGEST_SOCKET_FOLDER:
            return beside
        short = hashlib.sha256(bytes(self.folder)).hexdigest()[:12]
        return Path(tempfile.gettempdir()) / f"matinee-{os.geteuid()}-{short}"

    def _give_to_owner(self, path: Path) -> None:
        if self._owner is not None:
            os.chown(path, self._owner.uid, self._owner.gid)

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        """Two processes must not initialise or start the same folder at once."""
        with (self.folder / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _initialize(self) -> None:
        """Run initdb under a temporary name, so that a killed one leaves no half a folder."""
        unfinished = self.folder / "data.unfinished"
        for leftover in (self._data, unfinished):
            shutil.rmtree(leftover, ignore_errors=True)
        made = subprocess.run(
            [
                self._programs / "initdb",
                *("-D", unfinished, "-U", "matinee", "-E", "UTF8", "--auth=peer"),
                *("--auth-local=trust", "--auth-host=reject", "--no-sync", "--locale=C"),
                *("--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
            ],
            check=False,
            capture_output=True,
            **self._as_owner(),
        )
        if made.returncode:
            raise EmbeddedFailed(made.stderr.decode(errors="replace")[-2000:])
        unfinished.rename(self._data)

    def _running_elsewhere(self, deadline: float) -> bool:
        """Whether another process runs a server here; waits for one that is just going down."""
        pid_file = self._data / "postmaster.pid"
        while pid_file.exists():
            pid = _first_number(pid_file)
            if pid is not None and _has_gone(pid, self._data):
                self._forget_dead_server(pid_file)
                return False
            if self._answers():
                return True
            if time.monotonic() > deadline:
                raise EmbeddedFailed(f"the server in {self.folder} neither answers nor ends")
            time.sleep(0.05)
        return False

    def _forget_dead_server(self, pid_file: Path) -> None:
        """PostgreSQL would refuse to start: its old pid may be a zombie or belong to another."""
        pid_file.unlink(missing_ok=True)
        for leftover in self._sockets.glob(".s.PGSQL.*"):
            leftover.unlink(missing_ok=True)

    def _launch(self, deadline: float) -> None:
        options = [part for name, value in self._settings.items() for part in _option(name, value)]
        with (self.folder / "postgres.log").open("ab") as log:
            self._server = subprocess.Popen(
                [self._programs / "postgres", "-D", self._data, *options],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                preexec_fn=_dies_with_parent(),  # noqa: PLW1509 - it takes no locks
                **self._as_owner(),
            )
        while not self._answers():
            if self._server.poll() is not None:
                raise EmbeddedFailed(self._end_of_log())
            if time.monotonic() > deadline:
                self.stop()
                raise EmbeddedFailed("PostgreSQL did not answer in time")
            time.sleep(0.02)
        self._create_database()

    def _create_database(self) -> None:
        """The database that `url()` names, on the first start."""
        found = self._sql("postgres", "SELECT 1 FROM pg_database WHERE datname = 'matinee'")
        if not found.strip():
            self._sql("postgres", "CREATE DATABASE matinee")

    def _sql(self, database: str, statement: str) -> bytes:
        asked = [str(self._programs / "psql"), "-XAtq", "-d", self.url(database), "-c", statement]
        run = subprocess.run(asked, check=False, capture_output=True, **self._as_owner())
        if run.returncode:
            raise EmbeddedFailed(run.stderr.decode(errors="replace"))
        return bytes(run.stdout)

    def _answers(self) -> bool:
        asked = [str(self._programs / "pg_isready"), "-q", "-d", self.url("postgres")]
        return subprocess.run(asked, check=False, **self._as_owner()).returncode == 0

    def _as_owner(self) -> dict[str, Any]:
        identity: dict[str, Any] = {"cwd": "/"}
        if self._owner is not None:
            identity |= {"user": self._owner.uid, "group": self._owner.gid, "extra_groups": []}
        return identity

    def _end_of_log(self) -> str:
        return (self.folder / "postgres.log").read_text(errors="replace")[-2000:]


def _option(name: str, value: str) -> tuple[str, str]:
    return "-c", f"{name}={value}"


def _dies_with_parent() -> Callable[[], None]:
    """What the child does before it becomes PostgreSQL: a fast shutdown when we are killed.

    A process group of its own keeps Ctrl-C for the application, which stops the server last.
    """
    libc = ctypes.CDLL(None) if sys.platform == "linux" else None

    def prepare() -> None:
        os.setpgid(0, 0)
        if libc is not None:
            libc.prctl(_PR_SET_PDEATHSIG, signal.SIGINT)

    return prepare


def _first_number(pid_file: Path) -> int | None:
    try:
        return int(pid_file.read_text().partition("\n")[0])
    except (ValueError, FileNotFoundError):
        return None


def _has_gone(pid: int, data: Path) -> bool:
    """Whether a server's pid is free, a zombie's, or another program's by now."""
    process = Path(f"/proc/{pid}")
    if not Path("/proc/self").exists():
        return not _exists(pid)
    try:
        state = (process / "stat").read_text().rpartition(")")[2].split()[0]
        # the server's working folder is its data folder
        return state in "ZX" or (process / "cwd").resolve() != data
    except FileNotFoundError:
        return True
    except PermissionError:
        return False


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
