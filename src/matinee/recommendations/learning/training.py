"""The job that learns anew every night, and what an operator asks of it."""

import structlog

from matinee.accounts.audit import Actor, record
from matinee.core.database import WriteTx
from matinee.core.jobs import EVERY_NIGHT, JobRun, enqueue, job
from matinee.core.schema import JobAccepted
from matinee.recommendations.learning import lessons
from matinee.recommendations.learning.apart import run_apart, run_in_thread
from matinee.recommendations.learning.guard import Report
from matinee.recommendations.learning.lessons import Lesson
from matinee.recommendations.learning.reading import Library, read_library
from matinee.recommendations.learning.storing import current_model, store_model, store_rejection
from matinee.runtime import Runtime

log = structlog.get_logger(__name__)

OWN = "matinee"
MEGABYTE = 1_048_576


async def ask_for_training(tx: WriteTx, actor: Actor) -> JobAccepted:
    """Have everything learned anew by a job; one that waits already is joined."""
    job_id = await enqueue(tx, train)
    await record(tx, actor, "recommendations.train", targets={"job": job_id})
    return JobAccepted(job_id=job_id, status_url=f"/api/v1/admin/jobs/{job_id}")


@job("recommendations.train", every=EVERY_NIGHT, attempts=3, resumable=True)
async def train(runtime: Runtime, run: JobRun) -> None:
    """Learn from all signals, and let the new model serve unless the guard objects.

    Nothing is stored before the end, so that it can be ended at any moment and run again.
    """
    done = 0

    async def say(step: str) -> None:
        nonlocal done
        await run.progress(done, note=step)
        done += 1

    await say("reading")
    library, current = await _read(runtime)
    lesson: Lesson = await (run_in_thread if library.small else run_apart)(
        lessons.train,
        *library,
        current,
        runtime.settings.learning_memory_mb * MEGABYTE,
        on_step=say,
    )
    await say("storing")
    await _store(runtime, library, lesson)
    await run.progress(done, total=done, note="done")


async def _read(runtime: Runtime) -> tuple[Library, Report | None]:
    async with runtime.database.read() as tx:
        library = await read_library(tx, runtime.settings.signal_weights)
        current = await current_model(tx)
    return library, current[1] if current else None


async def _store(runtime: Runtime, library: Library, lesson: Lesson) -> None:
    numbers = library.content.numbers
    async with runtime.database.write() as tx:
        if lesson.objections:
            report = lesson.report | {"objections": lesson.objections}
            await store_rejection(tx, source=OWN, report=report)
        else:
            await store_model(tx, lesson.model, numbers, source=OWN, report=lesson.report)
    if lesson.objections:
        log.error("recommendation_model_rejected", **report)
    else:
        log.info("recommendation_model_learned", **lesson.report)
