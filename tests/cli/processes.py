"""Starting real processes, waiting for them, and stopping them."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx

from matinee.core.settings import PREFIX

RUN = [sys.executable, "-c", "from matinee.cli import app; app(prog_name='matinee')"]
STOPS_WITHIN = 10
STARTS_WITHIN = 60


def wait_until(holds: Callable[[], bool], *, seconds: float = STARTS_WITHIN) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "it does not happen"
        time.sleep(0.05)


def find_free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def is_ready(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/readyz").status_code == 200
    except httpx.TransportError:
        return False


def children_of(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def stop(server: subprocess.Popen[bytes], by: signal.Signals = signal.SIGTERM) -> int:
    server.send_signal(by)
    return server.wait(STOPS_WITHIN)


@contextlib.contextmanager
def process(command: list[str], output: Path, **settings: str) -> Iterator[subprocess.Popen[bytes]]:
    """A process with its output in a file, killed when the block ends with it still there."""
    env = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    env |= {f"{PREFIX}{name}".upper(): value for name, value in settings.items()}
    with output.open("wb") as file:
        started = subprocess.Popen(command, stdout=file, stderr=file, env=env)
    try:
        yield started
    finally:
        started.kill()
        started.wait()
