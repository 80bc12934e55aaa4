"""A server that is told to stop finishes what it can, cuts off the rest, and leaves nobody behind.

These tests start real processes; each of them costs seconds.
"""

import asyncio
import signal
import socket
import sys
from pathlib import Path

import httpx
import pytest

from matinee.core.processes import lives
from tests.cli.processes import (
    RUN,
    STARTS_WITHIN,
    STOPS_WITHIN,
    children_of,
    is_ready,
    listens,
    process,
    stop,
    wait_until,
)

PRODUCTION = {"environment": "production", "secret_key": "k" * 32}


@pytest.fixture
def serving(database_url: str, free_port: int, tmp_path: Path) -> list[str]:
    return [sys.executable, "-m", "tests.cli.serving", database_url, str(free_port)]


async def test_requests_in_progress_are_finished_and_endless_ones_cut_off(
    serving: list[str], free_port: int, tmp_path: Path
) -> None:
    output = tmp_path / "output"
    with process(serving, output) as server:
        await asyncio.to_thread(wait_until, lambda: listens(free_port))
        base = f"http://127.0.0.1:{free_port}"
        unread = socket.create_connection(("127.0.0.1", free_port))
        unread.send(b"GET /more-than-anybody-reads HTTP/1.1\r\nHost: x\r\n\r\n")
        async with httpx.AsyncClient(base_url=base) as client, client.stream("GET", "/events"):
            slow = asyncio.create_task(client.get("/slow"))
            await asyncio.sleep(0.5)
            status = await asyncio.to_thread(stop, server)
            assert (await slow).json() == "finished"
        unread.close()
    assert status == 0
    assert output.read_text() == "stopping: True\nclosed\n"


def test_ctrl_c_is_a_good_end(serving: list[str], free_port: int, tmp_path: Path) -> None:
    with process(serving, tmp_path / "output") as server:
        wait_until(lambda: listens(free_port))
        assert stop(server, signal.SIGINT) == 0


def test_a_taken_port_is_a_message(serving: list[str], free_port: int, tmp_path: Path) -> None:
    output = tmp_path / "output"
    with (
        socket.create_server(("127.0.0.1", free_port)),
        process([*RUN, "serve"], output, **PRODUCTION, port=str(free_port)) as server,
    ):
        assert server.wait(STARTS_WITHIN) == 1
    assert output.read_text() == f"Something else listens on 127.0.0.1:{free_port} already.\n"


class TestSeveralProcesses:
    """`MATINEE_WORKERS` above one."""

    @pytest.fixture
    def settings_of_two(self, database_url: str, free_port: int) -> dict[str, str]:
        return {
            "environment": "test",
            "database_url": database_url,
            "port": str(free_port),
            "workers": "2",
        }

    def test_they_end_with_their_parent(
        self, settings_of_two: dict[str, str], free_port: int, tmp_path: Path
    ) -> None:
        with process([*RUN, "serve"], tmp_path / "output", **settings_of_two) as parent:
            wait_until(lambda: is_ready(free_port))
            children = children_of(parent.pid)
            assert len(children) >= 2
            parent.kill()
            parent.wait()
            wait_until(lambda: not any(map(lives, children)), seconds=STOPS_WITHIN)
        assert not listens(free_port)

    def test_they_stop_together(
        self, settings_of_two: dict[str, str], free_port: int, tmp_path: Path
    ) -> None:
        output = tmp_path / "output"
        with process([*RUN, "serve"], output, **settings_of_two) as parent:
            wait_until(lambda: output.read_text().count('"serving"') == 2)
            assert stop(parent) == 0
        assert not listens(free_port)
        assert "auth/setup" in output.read_text()
