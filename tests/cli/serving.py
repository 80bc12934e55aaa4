"""A server process for tests: `python -m tests.cli.serving DSN PORT`."""

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator

import uvloop
from fastapi import FastAPI
from pydantic import SecretStr
from starlette.responses import StreamingResponse

from matinee.cli.http_server import nothing, serve
from matinee.core.settings import Settings
from matinee.core.telemetry import configure_logging
from matinee.runtime import Runtime

SLOW_SECONDS = 1.5


def make_app(runtime: Runtime) -> FastAPI:
    """Answers at once, slowly, or never to the end; says how its own end comes about."""

    @contextlib.asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        await runtime.open()
        yield
        print(f"stopping: {runtime.stopping}", flush=True)
        await runtime.close()
        print("closed", flush=True)

    app = FastAPI(lifespan=lifespan)

    @app.get("/slow")
    async def slow() -> str:
        await asyncio.sleep(SLOW_SECONDS)
        return "finished"

    @app.get("/events")
    async def events() -> StreamingResponse:
        async def endless() -> AsyncIterator[bytes]:
            while True:
                yield b"data: still here\n\n"
                await asyncio.sleep(0.1)

        return StreamingResponse(endless(), media_type="text/event-stream")

    @app.get("/more-than-anybody-reads")
    async def flood() -> StreamingResponse:
        async def endless() -> AsyncIterator[bytes]:
            while True:
                yield bytes(65_536)

        return StreamingResponse(endless())

    return app


def main() -> None:
    """Serve until told to stop."""
    database_url, port = sys.argv[1:]
    settings = Settings(
        environment="test", database_url=SecretStr(database_url), port=int(port), log_level="error"
    )
    configure_logging(settings.log_level, settings.log_format)
    runtime = Runtime(settings)
    uvloop.run(serve(make_app(runtime), runtime, alive=lambda: True, first=nothing, ready=nothing))


if __name__ == "__main__":
    main()
