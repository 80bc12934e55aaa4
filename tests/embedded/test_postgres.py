"""The embedded server starts whatever lies around, keeps its data, and outlives nobody."""

import os
import shutil
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import asyncpg
import pytest
from sqlalchemy import make_url

from matinee.core.processes import lives
from matinee.embedded.postgres import EmbeddedFailed, EmbeddedPostgres, InUse

LONGEST_SOCKET_ADDRESS = 103
OWNER_PROCESS = """
import sys, time
from pathlib import Path
from matinee.embedded.postgres import EmbeddedPostgres
server = EmbeddedPostgres(Path(sys.argv[1]), durable=False)
server.start()
print("started", flush=True)
time.sleep(600)
"""

Make = Callable[[], EmbeddedPostgres]


def reachable_folder() -> Path:
    """A folder that PostgreSQL's user can enter, as pytest's own are not for root."""
    place = Path(tempfile.mkdtemp(prefix="matinee-embedded-"))
    place.chmod(0o755)
    return place


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """The place of a server that tests start and stop one after the other."""
    place = reachable_folder()
    yield place
    shutil.rmtree(place)


@pytest.fixture
def empty() -> Iterator[Path]:
    """A place without a server."""
    place = reachable_folder()
    yield place
    shutil.rmtree(place)


@pytest.fixture
def make(folder: Path) -> Iterator[Make]:
    """Servers in the folder, stopped when the test ends."""
    made: list[EmbeddedPostgres] = []

    def make_one() -> EmbeddedPostgres:
        made.append(EmbeddedPostgres(folder / "server", durable=False))
        return made[-1]

    yield make_one
    for server in made:
        server.stop()


def pid_file(server: EmbeddedPostgres) -> Path:
    return server.folder / "data" / "postmaster.pid"


def pid_of(server: EmbeddedPostgres) -> int:
    return int(pid_file(server).read_text().partition("\n")[0])


def wait_for_end(pid: int) -> None:
    deadline = time.monotonic() + 30
    while lives(pid):
        assert time.monotonic() < deadline, f"process {pid} does not end"
        time.sleep(0.05)


async def ask(server: EmbeddedPostgres, sql: str) -> object:
    connection = await asyncpg.connect(server.url())
    try:
        return await connection.fetchval(sql)
    finally:
        await connection.close()


async def test_its_database_has_what_the_schema_needs(make: Make) -> None:
    server = make()
    server.start()
    for extension in ("vector", "pg_trgm", "btree_gist"):
        await ask(server, f"CREATE EXTENSION IF NOT EXISTS {extension}")
    assert await ask(server, "SELECT count(*) FROM pg_extension") == 4


async def test_a_second_start_keeps_the_data(make: Make) -> None:
    server = make()
    server.start()
    await ask(server, "CREATE TABLE kept AS SELECT 7 AS n")
    server.stop()
    again = make()
    again.start()
    assert await ask(again, "SELECT n FROM kept") == 7


def test_it_goes_down_with_a_killed_owner_and_starts_again(make: Make, folder: Path) -> None:
    owner = subprocess.Popen(
        [sys.executable, "-c", OWNER_PROCESS, str(folder / "server")], stdout=subprocess.PIPE
    )
    assert owner.stdout is not None
    with owner.stdout:
        assert owner.stdout.readline() == b"started\n"
    server = make()
    pid = pid_of(server)
    owner.kill()
    owner.wait()
    wait_for_end(pid)
    server.start()
    assert server.started_here


async def test_a_guest_joins_a_running_server_and_never_stops_it(make: Make) -> None:
    host, guest = make(), make()
    host.start()
    guest.start()
    assert not guest.started_here
    guest.stop()
    assert await ask(host, "SELECT 1") == 1


def test_who_wants_the_server_for_himself_is_refused_a_running_one(make: Make) -> None:
    host, other = make(), make()
    host.start()
    with pytest.raises(InUse):
        other.start(join=False)


@pytest.mark.parametrize(
    "leftover",
    [f"{os.getpid()}\n", "999999999\n", ""],
    ids=["of another program", "of nobody", "empty"],
)
async def test_a_stale_pid_file_is_no_obstacle(make: Make, leftover: str) -> None:
    server = make()
    server.start()
    server.stop()
    pid_file(server).write_text(leftover)
    server.start()
    assert await ask(server, "SELECT 1") == 1


async def test_an_interrupted_creation_is_done_again(make: Make) -> None:
    server = make()
    for half in ("data", "data.unfinished"):
        shutil.rmtree(server.folder / half, ignore_errors=True)
        (server.folder / half / "base").mkdir(parents=True)
    server.start()
    assert await ask(server, "SELECT 1") == 1


def test_a_socket_folder_that_others_could_open_is_not_trusted(empty: Path) -> None:
    server = EmbeddedPostgres(empty / "server")
    (server.folder / "sockets").mkdir(parents=True)
    (server.folder / "sockets").chmod(0o777)
    with pytest.raises(EmbeddedFailed, match="private"):
        server.start()


def test_a_server_that_cannot_start_says_why(folder: Path) -> None:
    server = EmbeddedPostgres(folder / "server", settings={"shared_buffers": "nonsense"})
    with pytest.raises(EmbeddedFailed, match="shared_buffers"):
        server.start()


async def test_variables_for_other_servers_do_not_mislead_it(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGPORT", "6000")
    monkeypatch.setenv("PGDATABASE", "elsewhere")
    server = make()
    server.start()
    assert await ask(server, "SELECT current_database()") == "matinee"


def test_a_deep_folder_still_has_a_short_socket_address(empty: Path) -> None:
    server = EmbeddedPostgres(empty / ("deep" * 30) / "server")
    socket = make_url(server.url()).query["host"]
    assert len(f"{socket}/.s.PGSQL.5432") <= LONGEST_SOCKET_ADDRESS


async def test_only_a_stopped_server_can_be_erased(make: Make) -> None:
    server = make()
    server.start()
    await ask(server, "CREATE TABLE lost AS SELECT 1 AS n")
    with pytest.raises(EmbeddedFailed, match="still runs"):
        make().erase()
    server.stop()
    server.erase()
    server.start()
    assert await ask(server, "SELECT to_regclass('lost')") is None


@pytest.mark.skipif(os.geteuid() != 0, reason="only root needs another user for PostgreSQL")
def test_root_runs_it_as_somebody_else_and_leaves_other_folders_alone(make: Make) -> None:
    server = make()
    above = [path for path in server.folder.parents if path.exists()]
    before = [(path.stat().st_mode, path.stat().st_uid) for path in above]
    server.start()
    assert Path(f"/proc/{pid_of(server)}").stat().st_uid != 0
    assert [(path.stat().st_mode, path.stat().st_uid) for path in above] == before


def test_nobody_else_may_look_into_the_data(make: Make) -> None:
    server = make()
    server.start()
    for name in ("data", "sockets", "postgres.log"):
        assert stat.S_IMODE((server.folder / name).stat().st_mode) & 0o077 == 0


async def test_a_fast_shutdown_ends_open_sessions(make: Make) -> None:
    server = make()
    server.start()
    connection = await asyncpg.connect(server.url())
    pid = pid_of(server)
    server.stop()
    assert not lives(pid)
    connection.terminate()


def test_a_signal_to_the_terminal_does_not_reach_it(make: Make) -> None:
    server = make()
    server.start()
    assert os.getpgid(pid_of(server)) != os.getpgid(0)
