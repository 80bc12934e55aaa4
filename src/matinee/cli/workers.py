"""Several server processes behind one address, kept running by their parent."""

import multiprocessing
import multiprocessing.connection
import os
import signal
import time
from multiprocessing.process import BaseProcess

import structlog

from matinee.cli.http_server import run_server
from matinee.core.processes import die_with_parent
from matinee.core.settings import Settings

STOP_SECONDS = 12.0
TOO_SHORT_SECONDS = 5.0
"""A process that ends sooner than this is not started again: it would only end again."""

log = structlog.get_logger(__name__)

# spawn, not fork: children start from a clean state, without our threads and open files
_spawning = multiprocessing.get_context("spawn")


class Workers:
    """The processes; the kernel shares connections out among them."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._running: dict[BaseProcess, float] = {}
        self._stopping = False

    def run(self) -> bool:
        """Keep `workers` processes until SIGINT or SIGTERM; returns whether all went well."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: self._stop())
        for _ in range(self._settings.workers):
            if not self._stopping:
                self._start()
        well = True
        while self._running:
            multiprocessing.connection.wait([worker.sentinel for worker in self._running])
            for worker in [worker for worker in self._running if not worker.is_alive()]:
                lived = time.monotonic() - self._running.pop(worker)
                if self._stopping:
                    continue
                log.error("server_process_ended", pid=worker.pid, exit_code=worker.exitcode)
                if lived < TOO_SHORT_SECONDS:
                    well = False
                    self._stop()
                else:
                    self._start()
        return well

    def _start(self) -> None:
        worker = _spawning.Process(target=_work, args=(self._settings, os.getpid()))
        worker.start()
        self._running[worker] = time.monotonic()
        if self._stopping:  # the signal came while it started
            worker.terminate()

    def _stop(self) -> None:
        if self._stopping:
            return
        self._stopping = True
        for worker in self._running:
            worker.terminate()
        signal.signal(signal.SIGALRM, lambda *_: self._kill())
        signal.setitimer(signal.ITIMER_REAL, STOP_SECONDS)

    def _kill(self) -> None:
        for worker in self._running:
            worker.kill()


def _work(settings: Settings, parent: int) -> None:
    # an orphan would go on answering from the shared port
    die_with_parent(parent, by=signal.SIGTERM)
    run_server(settings)
