"""Making vectors with the model in the process: speed on one core, a query, memory.

The texts are the synopses of the demo, cut to the length that is usual elsewhere: time grows with
the number of words. The process is one that could serve the API.
"""

import asyncio
import itertools
import json
import statistics
import sys
import time
from importlib.resources import files
from pathlib import Path

from pydantic import SecretStr

from matinee.core.settings import Settings
from matinee.integrations.embeddings.embedder import Embedder
from matinee.main import create_app
from matinee.runtime import Runtime

SYNOPSES = 1000
LETTERS = 250
SECONDS_LIMIT = 15
MEMORY_LIMIT_MB = 350
QUERIES = 100


def synopses(count: int) -> list[str]:
    """So many different ones, those of the demo again and again with a number."""
    found = [
        json.loads(line)["synopsis"][:LETTERS]
        for name in ("movies-silent", "movies-sound", "series")
        for line in files("matinee.demo").joinpath(f"data/{name}.jsonl").read_text().splitlines()
    ]
    return [f"{text} {n}" for n, text in enumerate(itertools.islice(itertools.cycle(found), count))]


def memory_mb() -> float:
    """What this process holds in memory."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return 0.0


async def measure_queries(embedder: Embedder) -> list[float]:
    """Milliseconds of queries that nobody asked before."""
    taken = []
    for number in range(QUERIES):
        started = time.perf_counter()
        await embedder.embed_query(f"cozy mystery number {number}")
        taken.append((time.perf_counter() - started) * 1000)
    return taken


async def main() -> None:
    """Load, embed, ask, and say what it took."""
    unreachable = SecretStr("postgresql://localhost/none")
    runtime = Runtime(Settings(environment="test", database_url=unreachable))
    create_app(runtime=runtime)
    embedder = runtime.embedder
    if not embedder.available:
        raise SystemExit("the local-embeddings extra is not installed")
    before = memory_mb()
    started = time.perf_counter()
    await embedder.embed(["space opera"])
    loading = time.perf_counter() - started
    texts = synopses(SYNOPSES)
    started, used = time.perf_counter(), time.process_time()
    await embedder.embed(texts)
    seconds, cpu = time.perf_counter() - started, time.process_time() - used
    queries = await measure_queries(embedder)
    memory = memory_mb()
    await embedder.aclose()
    print(f"loading the model             {loading:7.1f} s")
    print(f"{SYNOPSES} synopses of {LETTERS} letters     {seconds:7.1f} s  {cpu:.1f} s CPU")
    print(f"a query                       {statistics.median(queries):7.1f} ms")
    print(f"memory before and after       {before:7.0f} {memory:.0f} MB")
    print(f"limits                        {SECONDS_LIMIT:7} s CPU, {MEMORY_LIMIT_MB} MB")
    if cpu > SECONDS_LIMIT or memory > MEMORY_LIMIT_MB:
        sys.exit("a limit is exceeded")


if __name__ == "__main__":
    asyncio.run(main())
