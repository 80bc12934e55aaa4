"""A process of its own for heavy arithmetic: the worker's loop lives on, and memory comes back.

`python -m matinee.recommendations.learning.apart` reads a pickled task from its input and answers
with a pickled result; lines on its error stream that begin with a mark tell how far it is. Both
ends are this program, so nothing foreign is ever unpickled.
"""

import asyncio
import os
import pickle
import signal
import sys
from collections.abc import Awaitable, Callable
from typing import Any

from matinee.core.processes import die_with_parent

MARK = b"step: "
NICENESS = 10
KEPT_LINES = 20


class Failed(Exception):
    """The process ended without a result; the message is what it said last."""


async def run_in_thread(
    function: Callable[..., Any], *args: Any, on_step: Callable[[str], Awaitable[None]]
) -> Any:
    """The same in a thread, for what takes less time than a process needs to start."""
    loop = asyncio.get_running_loop()

    def say(step: str) -> None:
        asyncio.run_coroutine_threadsafe(_heard(on_step, step), loop).result()

    return await asyncio.to_thread(function, *args, say)


async def _heard(on_step: Callable[[str], Awaitable[None]], step: str) -> None:
    await on_step(step)


async def run_apart(
    function: Callable[..., Any], *args: Any, on_step: Callable[[str], Awaitable[None]]
) -> Any:
    """Call `function(*args, say)` in another process; `on_step` hears what is told to `say`.

    What `on_step` raises ends the process and is raised here, as does cancellation.

    Raises:
        Failed: the process ended without a result, as by a lack of memory.
    """
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        __name__,
        str(os.getpid()),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        limit=2**20,
    )
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(_send(process, pickle.dumps((function, args), protocol=5)))
            answer = group.create_task(_of(process.stdout).read())
            said = group.create_task(_listen(_of(process.stderr), on_step))
    except* Exception as failures:
        raise failures.exceptions[0] from None
    finally:
        if process.returncode is None:
            await _end(process)
    if await process.wait() != 0:
        raise Failed(f"exit status {process.returncode}: {said.result()}")
    return await asyncio.to_thread(pickle.loads, answer.result())


async def _send(process: asyncio.subprocess.Process, task: bytes) -> None:
    assert process.stdin is not None
    try:
        process.stdin.write(task)
        await process.stdin.drain()
        process.stdin.close()
    except (BrokenPipeError, ConnectionResetError):
        return  # it has ended already; its status says why


def _of(stream: asyncio.StreamReader | None) -> asyncio.StreamReader:
    assert stream is not None
    return stream


async def _listen(stream: asyncio.StreamReader, on_step: Callable[[str], Awaitable[None]]) -> str:
    """Pass steps on as they come; returns the last of everything else."""
    other: list[bytes] = []
    async for line in stream:
        if line.startswith(MARK):
            await on_step(line.removeprefix(MARK).decode().strip())
        else:
            other = [*other[-KEPT_LINES:], line]
    return b"".join(other).decode(errors="replace").strip()


async def _end(process: asyncio.subprocess.Process) -> None:
    """Have it ended when its streams have: at once, it holds nothing that must be put away."""
    stdout, stderr = process.stdout, process.stderr
    finished = stdout is not None and stdout.at_eof() and stderr is not None and stderr.at_eof()
    if not finished:
        process.kill()
    await process.wait()


def _say(step: str) -> None:
    sys.stderr.buffer.write(MARK + step.encode() + b"\n")
    sys.stderr.buffer.flush()


def main(parent: int) -> None:
    """Do one task."""
    die_with_parent(parent, signal.SIGKILL)
    os.nice(NICENESS)
    function, args = pickle.load(sys.stdin.buffer)
    result = function(*args, _say)
    pickle.dump(result, sys.stdout.buffer, protocol=5)
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main(int(sys.argv[1]))
