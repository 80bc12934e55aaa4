"""The demo starts after anything, keeps what people did in it, and leaves nothing running.

These tests start real processes; each of them costs seconds.
"""

import contextlib
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import httpx
import pytest

from matinee.core.processes import lives
from matinee.demo.people import HOUSEHOLD, PASSWORD
from tests.cli.conftest import Matinee
from tests.cli.processes import (
    RUN,
    STARTS_WITHIN,
    find_free_port,
    is_ready,
    process,
    stop,
    wait_until,
)

NEWCOMER = {"email": "newcomer@example.com", "password": "seven swans a-swimming", "country": "US"}

Demo = Callable[..., AbstractContextManager[subprocess.Popen[bytes]]]


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """Where the demo of all these tests keeps its data; pytest's own folders are closed to it."""
    place = Path(tempfile.mkdtemp(prefix="matinee-demo-"))
    place.chmod(0o755)
    yield place
    shutil.rmtree(place, ignore_errors=True)  # PostgreSQL may still be leaving


@pytest.fixture
def output(tmp_path: Path) -> Path:
    """What the demo says."""
    return tmp_path / "output"


@pytest.fixture
def demo(folder: Path, free_port: int, output: Path) -> Demo:
    """Start the demo and wait until it answers."""

    @contextlib.contextmanager
    def start(*options: str) -> Iterator[subprocess.Popen[bytes]]:
        with process(command(folder, free_port, *options), output) as started:
            wait_until(lambda: is_ready(free_port) and "PIN" in output.read_text())
            yield started

    return start


def command(folder: Path, port: int, *options: str) -> list[str]:
    return [*RUN, "demo", "--data-dir", str(folder), "--port", str(port), *options]


def postgres_pid(folder: Path) -> int:
    pid_file = folder / "postgresql" / "data" / "postmaster.pid"
    return int(pid_file.read_text().partition("\n")[0])


def sign_in(port: int, email: str, password: str) -> int:
    body = {"email": email, "password": password, "client": "app"}
    return httpx.post(f"http://127.0.0.1:{port}/api/v1/auth/login", json=body).status_code


def test_it_says_who_can_sign_in_and_stops_without_a_trace(
    demo: Demo, folder: Path, free_port: int, output: Path
) -> None:
    with demo() as started:
        assert f"http://127.0.0.1:{free_port}/api/v1" in output.read_text()
        assert HOUSEHOLD.email in output.read_text()
        assert sign_in(free_port, HOUSEHOLD.email, PASSWORD) == 200
        postgres = postgres_pid(folder)
        assert stop(started) == 0
    assert not lives(postgres)


def test_a_killed_demo_takes_its_database_down_and_goes_on_at_the_next_start(
    demo: Demo, folder: Path, free_port: int
) -> None:
    with demo() as started:
        made = httpx.post(f"http://127.0.0.1:{free_port}/api/v1/auth/register", json=NEWCOMER)
        assert made.status_code == 201
        postgres = postgres_pid(folder)
        started.kill()
    wait_until(lambda: not lives(postgres))
    with demo() as again:
        assert sign_in(free_port, NEWCOMER["email"], NEWCOMER["password"]) == 200
        assert stop(again, signal.SIGINT) == 0


def test_only_one_demo_runs_on_a_folder(demo: Demo, folder: Path, tmp_path: Path) -> None:
    second_output = tmp_path / "second"
    with demo(), process(command(folder, find_free_port()), second_output) as second:
        assert second.wait(STARTS_WITHIN) == 1
    assert f"uses {folder} already" in second_output.read_text()


def test_a_fresh_demo_has_forgotten_everybody_else(demo: Demo, free_port: int) -> None:
    with demo("--fresh"):
        assert sign_in(free_port, NEWCOMER["email"], NEWCOMER["password"]) == 401
        assert sign_in(free_port, HOUSEHOLD.email, PASSWORD) == 200


def test_demo_accounts_stay_out_of_a_database_in_use(
    matinee: Matinee, database_url: str, folder: Path, free_port: int, output: Path
) -> None:
    matinee("admin", "create", "boss@example.com", typed=f"{PASSWORD}\n")
    with process(command(folder, free_port), output, database_url=database_url) as refused:
        assert refused.wait(STARTS_WITHIN) == 1
    assert "real people" in output.read_text()
