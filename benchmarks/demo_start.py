"""How soon the demo answers, and how much memory it takes when nobody asks for anything."""

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

PORT = 8765
READY_LIMIT_SECONDS = 10
MEMORY_LIMIT_MB = 400
IDLE_SHARE = 0.04
"""A demo that takes less of a core than this, with its database, has nothing to do."""
LOOK_SECONDS = 3
RUN = "from matinee.cli import app; app(prog_name='matinee')"


def start(folder: str) -> tuple[subprocess.Popen[bytes], float]:
    """A demo, and the seconds until it was ready."""
    command = [sys.executable, "-c", RUN, "demo", "--data-dir", folder, "--port", str(PORT)]
    started = time.perf_counter()
    demo = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    while not is_ready():
        if demo.poll() is not None:
            raise SystemExit("the demo does not start")
        time.sleep(0.02)
    return demo, time.perf_counter() - started


def is_ready() -> bool:
    """Whether the demo answers."""
    try:
        with urlopen(f"http://127.0.0.1:{PORT}/readyz") as answer:
            return bool(answer.status == 200)
    except URLError:
        return False


def stop(demo: subprocess.Popen[bytes]) -> float:
    """End a demo; returns the seconds that took."""
    started = time.perf_counter()
    demo.send_signal(signal.SIGINT)
    demo.wait()
    return time.perf_counter() - started


def with_descendants(pid: int) -> Iterator[int]:
    """A process and all below it."""
    yield pid
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # ended meanwhile
        for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
            yield from with_descendants(int(child))


def memory_mb(pid: int) -> float:
    """The memory of one process; what it shares counts by its part (PSS)."""
    try:
        rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except (FileNotFoundError, ProcessLookupError):  # PostgreSQL's helpers come and go
        return 0.0
    return next(
        int(line.split()[1]) / 1024 for line in rollup.splitlines() if line.startswith("Pss:")
    )


def wait_until_idle(pid: int) -> None:
    """Return when the first jobs are done, such as making vectors of all titles and learning."""
    before = cpu_seconds(pid)
    while True:
        time.sleep(LOOK_SECONDS)
        now = cpu_seconds(pid)
        used = sum(seconds - before.get(process, 0) for process, seconds in now.items())
        if used < IDLE_SHARE * LOOK_SECONDS:
            return
        before = now


def cpu_seconds(pid: int) -> dict[int, float]:
    """What a process and each one below it have used of a core so far."""
    return {process: used_by(process) for process in with_descendants(pid)}


def used_by(pid: int) -> float:
    """What a single process has used of a core."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main() -> None:
    """Measure a first start, a second one, and the memory after it."""
    with tempfile.TemporaryDirectory(prefix="matinee-bench-") as folder:
        Path(folder).chmod(0o755)  # PostgreSQL is another user where we are root
        demo, first = start(folder)
        stop(demo)
        demo, second = start(folder)
        wait_until_idle(demo.pid)
        api, *database = map(memory_mb, with_descendants(demo.pid))
        ending = stop(demo)
    total = api + sum(database)
    print(f"first start      {first:6.1f} s   limit {READY_LIMIT_SECONDS}")
    print(f"second start     {second:6.1f} s")
    print(f"stop             {ending:6.1f} s")
    print(f"idle API process {api:6.0f} MB")
    print(f"idle PostgreSQL  {sum(database):6.0f} MB")
    print(f"together         {total:6.0f} MB  limit {MEMORY_LIMIT_MB}")
    if first > READY_LIMIT_SECONDS or total > MEMORY_LIMIT_MB:
        raise SystemExit("a limit is exceeded")


if __name__ == "__main__":
    main()
