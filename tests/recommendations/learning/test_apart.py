"""Work in a process or a thread of its own: it ends when it should."""

import asyncio
import os
import signal
import sys
import time
from typing import Any

import pytest

from matinee.core.jobs import JobCanceled
from matinee.core.processes import lives
from matinee.recommendations.learning.apart import Failed, run_apart, run_in_thread

PARENT = """
import asyncio
from matinee.recommendations.learning.apart import run_apart
from tests.recommendations.learning.test_apart import stay, tell

asyncio.run(run_apart(stay, on_step=tell))
"""
SECONDS = 30


@pytest.mark.parametrize("run", [run_apart, run_in_thread])
async def test_canceling_ends_what_goes_on(run: Any):
    async def refuse(_step: str) -> None:
        raise JobCanceled

    with pytest.raises(JobCanceled):
        await run(_learn_for_ever, on_step=refuse)


async def test_a_process_that_dies_says_why():
    with pytest.raises(Failed, match="ZeroDivisionError"):
        await run_apart(_divide, on_step=_nothing)


async def test_arguments_go_there_and_results_come_back():
    told = []

    async def listen(step: str) -> None:
        told.append(step)

    assert await run_apart(_add, 1, 2, on_step=listen) == 3
    assert told == ["adding"]


async def test_a_process_dies_with_who_started_it():
    parent = await asyncio.create_subprocess_exec(
        sys.executable, "-c", PARENT, stdout=asyncio.subprocess.PIPE
    )
    assert parent.stdout is not None
    child = int(await parent.stdout.readline())
    os.kill(parent.pid, signal.SIGKILL)
    await parent.wait()
    for _ in range(SECONDS * 10):
        if not lives(child):
            return
        await asyncio.sleep(0.1)
    pytest.fail("the process goes on")


def stay(say: Any) -> None:
    """Tell the number of this process, and go on."""
    say(str(os.getpid()))
    time.sleep(10 * SECONDS)


async def tell(step: str) -> None:
    """Pass on what is told."""
    print(step, flush=True)


def _add(first: int, second: int, say: Any) -> int:
    say("adding")
    return first + second


def _learn_for_ever(say: Any) -> None:
    while True:
        say("again")


def _divide(_say: Any) -> None:
    raise ZeroDivisionError


async def _nothing(_step: str) -> None:
    pass
