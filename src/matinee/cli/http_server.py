"""The HTTP server of one process, and its orderly end."""

import asyncio
import contextlib
import errno
import os
import signal
import socket
import threading
from collections.abc import Awaitable, Callable

import structlog
import uvloop
from fastapi import FastAPI
from granian.constants import HTTPModes, Interfaces
from granian.server.embed import Server
from starlette.types import ASGIApp, Receive, Scope, Send

from matinee.cli.console import CommandFailed
from matinee.core.garbage import keep_what_was_loaded
from matinee.core.settings import Settings
from matinee.main import create_app
from matinee.runtime import Runtime

FINISH_SECONDS = 5.0
"""How long requests in progress may go on after a stop; then they are cut off."""
CUT_OFF_SECONDS = 1.0
STOP_SECONDS = 10.0
LISTEN_SECONDS = 10.0
INTERRUPTED = 130
"""The exit status of shells for a process that was interrupted."""
LOOK_SECONDS = 1.0

log = structlog.get_logger(__name__)

Step = Callable[[Runtime], Awaitable[None]]


def check_address(settings: Settings) -> None:
    """Make sure that the address can be listened on.

    Servers share ports on purpose (SO_REUSEPORT), so without this a second server, or one that a
    killed parent left behind, would answer half of the requests.

    Raises:
        CommandFailed: somebody listens there already, or we may not.
    """
    where = f"{settings.host}:{settings.port}"
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            settings.host, settings.port, type=socket.SOCK_STREAM
        )[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
            probe.listen()
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise CommandFailed(f"Something else listens on {where} already.") from error
        raise CommandFailed(f"Cannot listen on {where}: {error.strerror}.") from error


async def nothing(_runtime: Runtime) -> None:
    """A step that does nothing."""


def run_server(
    settings: Settings,
    *,
    alive: Callable[[], bool] = lambda: True,
    first: Step = nothing,
    ready: Step = nothing,
) -> None:
    """Serve the whole application in this process; see `serve`."""
    runtime = Runtime(settings)
    uvloop.run(serve(create_app(runtime=runtime), runtime, alive=alive, first=first, ready=ready))


async def serve(
    app: FastAPI, runtime: Runtime, *, alive: Callable[[], bool], first: Step, ready: Step
) -> None:
    """Serve until SIGINT or SIGTERM, then stop within ten seconds.

    `first` happens before anything is answered, `ready` once it is; a server whose `alive` turns
    false stops by itself.

    Raises:
        CommandFailed: it stopped by itself.
    """
    stop = _stop_signals()
    settings = runtime.settings
    async with app.router.lifespan_context(app):
        if not await _unless(stop, first(runtime)):
            return
        requests = Requests(app)
        server = _granian(requests, settings)
        serving = asyncio.create_task(server.serve())
        await _listening(settings, serving)
        keep_what_was_loaded()
        log.info("serving", host=settings.host, port=settings.port)
        await ready(runtime)
        await _until(stop, lambda: alive() and not serving.done())
        _end_for_sure()
        runtime.begin_stop()
        if stop.is_set():
            await asyncio.sleep(settings.stop_delay_seconds)
        server.stop()  # type: ignore[no-untyped-call]
        await _finish(serving, requests)
    if not stop.is_set():
        broken = serving.exception() if serving.done() and not serving.cancelled() else None
        raise CommandFailed("The server, or PostgreSQL below it, ended by itself.") from broken


def _end_for_sure() -> None:
    """Whatever hangs, a thread ends the process; a database of ours then ends by itself."""

    def end() -> None:
        log.error("stop_took_too_long")
        os._exit(1)

    timer = threading.Timer(STOP_SECONDS, end)
    timer.daemon = True
    timer.start()


async def _until(stop: asyncio.Event, going_well: Callable[[], bool]) -> None:
    while going_well() and not stop.is_set():
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), timeout=LOOK_SECONDS)


def _stop_signals() -> asyncio.Event:
    """Set by SIGINT and SIGTERM; who presses Ctrl-C again does not want to wait."""
    stop = asyncio.Event()

    def interrupt() -> None:
        if stop.is_set():
            os._exit(INTERRUPTED)
        stop.set()

    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGINT, interrupt)
    loop.add_signal_handler(signal.SIGTERM, stop.set)
    return stop


async def _unless(stop: asyncio.Event, work: Awaitable[None]) -> bool:
    """Do some work unless we are told to stop; returns whether it is done."""
    working = asyncio.ensure_future(work)
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait({working, stopping}, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    if not working.done():
        working.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await working
        return False
    working.result()
    return True


class Requests:
    """The application, and which requests it is answering just now."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._answering: set[asyncio.Task[object]] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        task = asyncio.current_task()
        assert task is not None
        self._answering.add(task)
        try:
            await self._app(scope, receive, send)
        finally:
            self._answering.discard(task)

    def cut_off(self) -> None:
        """End them, however far they are: an event stream never ends by itself."""
        for task in self._answering:
            task.cancel()


def _granian(app: ASGIApp, settings: Settings) -> Server:
    address = socket.getaddrinfo(settings.host, settings.port, type=socket.SOCK_STREAM)[0][4][0]
    return Server(
        app,
        address=str(address),
        port=settings.port,
        interface=Interfaces.ASGINL,  # we run the lifespan: it must end after a cut-off, too
        http=HTTPModes.http1,
        websockets=False,
        backlog=1024,
        log_enabled=False,
    )


async def _listening(settings: Settings, serving: asyncio.Task[None]) -> None:
    """Return when the server accepts connections."""
    async with asyncio.timeout(LISTEN_SECONDS):
        while not serving.done():
            try:
                _, writer = await asyncio.open_connection(settings.host, settings.port)
            except OSError:
                await asyncio.sleep(0.02)
            else:
                writer.close()
                return


async def _finish(serving: asyncio.Task[None], requests: Requests) -> None:
    """Let requests end; cut off those that do not, and clients that do not read their answer."""
    _, unfinished = await asyncio.wait({serving}, timeout=FINISH_SECONDS)
    if unfinished:
        requests.cut_off()
        _, unfinished = await asyncio.wait({serving}, timeout=CUT_OFF_SECONDS)
    if unfinished:
        serving.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await serving
