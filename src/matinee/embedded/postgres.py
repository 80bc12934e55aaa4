"""A PostgreSQL server that is a child of this process and dies with it."""

import contextlib
import fcntl
import hashlib
import os
import shutil
import signal
import stat
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg

from matinee.core.processes import die_with_parent, lives, works_in
from matinee.embedded.programs import find_programs, owner_for_root

START_SECONDS = 120
STOP_SECONDS = 30
EMPTY_SECONDS = 2
"""How long a pid file may be without a pid: a starting server fills it at once."""
LONGEST_SOCKET_FOLDER = 85
"""A socket's address has room for 103 bytes; the file's own name takes some."""
LONGEST_LOG = 10_000_000

_PORT = 5432
_SETTINGS = {
    "listen_addresses": "",
    "port": str(_PORT),
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
_FOUND = "SELECT 1 FROM pg_database WHERE datname = 'matinee'"
_CARELESS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class EmbeddedFailed(RuntimeError):
    """PostgreSQL could not be started; the message holds the end of its log."""


class InUse(EmbeddedFailed):
    """Another process runs the server of this folder."""


class EmbeddedPostgres:
    """One server in one folder, reached through a unix socket that only its user may open.

    The folder stays ours; `data` and `sockets` in it belong to the user the server runs as, which
    is another one where we are root. `durable=False` is for tests: faster, and lost when the
    machine crashes.
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
        self._log = self.folder / "postgres.log"
        self._sockets = self._socket_folder()
        self._settings = (
            _SETTINGS
            | ({} if durable else _CARELESS)
            | {"unix_socket_directories": str(self._sockets)}
            | (settings or {})
        )
        self._server: subprocess.Popen[bytes] | None = None

    def start(self, *, join: bool = True) -> None:
        """Make the data folder where there is none, start the server, wait until it answers.

        To be called from the main thread: the server dies with the thread that started it. Where
        another process runs the server already, that one is joined and never stopped.

        Raises:
            InUse: another process runs it, and `join` is false.
            EmbeddedFailed: it does not start.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        deadline = time.monotonic() + START_SECONDS
        with self._alone():
            self._make_private(self._sockets)
            if not (self._data / "PG_VERSION").exists():
                self._initialize()
            if not self._runs_elsewhere(deadline):
                self._launch(deadline)
            elif not join:
                raise InUse(f"another process runs PostgreSQL in {self.folder}")

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

    def erase(self) -> None:
        """Throw the data away; the server must not run.

        Raises:
            EmbeddedFailed: it runs.
        """
        if not self.folder.exists():
            return
        with self._alone():
            pid = _first_number(self._data / "postmaster.pid")
            if pid is not None and self._is_the_server(pid):
                raise EmbeddedFailed(f"PostgreSQL still runs in {self.folder} (process {pid})")
            shutil.rmtree(self._data, ignore_errors=True)

    @property
    def started_here(self) -> bool:
        """Whether this object runs the server (and not another process)."""
        return self._server is not None and self._server.poll() is None

    def url(self, database: str = "matinee") -> str:
        """The DSN of a database on this server."""
        return f"postgresql://matinee@/{database}?host={self._sockets}&port={_PORT}"

    def _home_of(self, wanted: Path) -> Path:
        """The folder itself, or one that the server's user can reach where root's own is closed."""
        parent = next(folder for folder in wanted.parents if folder.exists())
        if self._owner is None or self._owner.can_reach(parent):
            return wanted
        return Path("/var/lib/matinee") / hashlib.sha256(bytes(wanted)).hexdigest()[:12]

    def _socket_folder(self) -> Path:
        beside = self.folder / "sockets"
        if len(bytes(beside)) <= LONGEST_SOCKET_FOLDER:
            return beside
        short = hashlib.sha256(bytes(self.folder)).hexdigest()[:12]
        return Path(tempfile.gettempdir()) / f"matinee-{os.geteuid()}-{short}"

    def _make_private(self, folder: Path) -> None:
        """A folder of the server's user alone; a foreign one in its place is not trusted."""
        folder.mkdir(exist_ok=True, mode=0o700)
        owner = os.geteuid() if self._owner is None else self._owner.uid
        facts = folder.lstat()
        if self._owner is not None and facts.st_uid == os.geteuid():
            os.chown(folder, owner, self._owner.gid, follow_symlinks=False)
            facts = folder.lstat()
        if not stat.S_ISDIR(facts.st_mode) or facts.st_uid != owner or facts.st_mode & 0o077:
            raise EmbeddedFailed(f"{folder} is not the private folder of user {owner}")

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
        self._make_private(unfinished)
        made = subprocess.run(
            [
                self._programs / "initdb",
                *("-D", unfinished, "-U", "matinee", "-E", "UTF8", "--no-sync"),
                *("--auth-local=trust", "--auth-host=reject"),
                *("--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
            ],
            check=False,
            capture_output=True,
            **self._as_owner(),
        )
        if made.returncode:
            raise EmbeddedFailed(made.stderr.decode(errors="replace")[-2000:])
        unfinished.rename(self._data)

    def _runs_elsewhere(self, deadline: float) -> bool:
        """Whether another process runs a server here; waits for one that is just going down."""
        pid_file = self._data / "postmaster.pid"
        empty_until = time.monotonic() + EMPTY_SECONDS
        while pid_file.exists():
            pid = _first_number(pid_file)
            dead = time.monotonic() > empty_until if pid is None else not self._is_the_server(pid)
            if dead:
                self._forget_dead_server(pid_file)
                return False
            if self._answers():
                return True
            if time.monotonic() > deadline:
                raise EmbeddedFailed(f"the server in {self.folder} neither answers nor ends")
            time.sleep(0.05)
        return False

    def _is_the_server(self, pid: int) -> bool:
        """A pid of old may be free, a zombie's, or another program's; a server sits in its data."""
        return lives(pid) and works_in(pid, self._data)

    def _forget_dead_server(self, pid_file: Path) -> None:
        """PostgreSQL would refuse to start when its old pid is a zombie's or another program's."""
        pid_file.unlink(missing_ok=True)
        for leftover in self._sockets.glob(".s.PGSQL.*"):
            leftover.unlink(missing_ok=True)

    def _launch(self, deadline: float) -> None:
        options = [part for name, value in self._settings.items() for part in _option(name, value)]
        with self._open_log() as log:
            self._server = subprocess.Popen(
                [self._programs / "postgres", "-D", self._data, *options],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                preexec_fn=_prepare_server(os.getpid()),  # noqa: PLW1509 - it takes no locks
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
        with self._connect() as connection:
            if not connection.execute(_FOUND).fetchone():
                connection.execute("CREATE DATABASE matinee")

    def _answers(self) -> bool:
        try:
            self._connect().close()
        except psycopg.OperationalError:
            return False
        return True

    def _connect(self) -> psycopg.Connection:
        return psycopg.connect(self.url("postgres"), autocommit=True, connect_timeout=5)

    def _as_owner(self) -> dict[str, Any]:
        """How to run a program: as the server's user, deaf to PGPORT and its like."""
        environment = {key: value for key, value in os.environ.items() if key[:2] != "PG"}
        identity: dict[str, Any] = {"cwd": "/", "env": environment}
        if self._owner is not None:
            identity |= {"user": self._owner.uid, "group": self._owner.gid, "extra_groups": []}
        return identity

    @contextlib.contextmanager
    def _open_log(self) -> Iterator[int]:
        """The log to append to; an old long one is put aside."""
        if self._log.exists() and self._log.stat().st_size > LONGEST_LOG:
            self._log.replace(self._log.with_suffix(".log.old"))
        self._log.touch(mode=0o600)
        with self._log.open("ab") as log:
            yield log.fileno()

    def _end_of_log(self) -> str:
        return self._log.read_text(errors="replace")[-2000:]


def _option(name: str, value: str) -> tuple[str, str]:
    return "-c", f"{name}={value}"


def _prepare_server(parent: int) -> Callable[[], None]:
    """What the child does before it becomes PostgreSQL: a fast shutdown when we are killed.

    A process group of its own keeps Ctrl-C for the application, which stops the server last.
    """

    def prepare() -> None:
        os.setpgid(0, 0)
        die_with_parent(parent, by=signal.SIGINT)

    return prepare


def _first_number(pid_file: Path) -> int | None:
    try:
        return int(pid_file.read_text().partition("\n")[0])
    except (ValueError, FileNotFoundError):
        return None
