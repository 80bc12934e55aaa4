"""How the service is: the banner names what is less than it should be, and nothing else."""

import pytest

from matinee.catalog.importers.running import import_titles
from matinee.core.jobs import enqueue
from matinee.recommendations.learning.storing import store_rejection
from matinee.runtime import Runtime
from tests.admin.operator import Operator
from tests.entitlements.makers import make_payment_event
from tests.makers import execute


async def codes(operator: Operator) -> set[str]:
    """What the banner says."""
    return {item["code"] for item in (await operator.found("/status"))["degraded"]}


async def with_worker(runtime: Runtime) -> None:
    """As if a worker had just shown a sign of life."""
    await execute(runtime, "INSERT INTO procrastinate_workers DEFAULT VALUES")


async def waiting_since(runtime: Runtime, minutes: int) -> None:
    """A job that should have been run so long ago."""
    async with runtime.database.write() as tx:
        await enqueue(tx, import_titles, import_id="x", delay=-60 * minutes)


async def test_a_service_that_is_all_right_shows_no_banner(
    operator: Operator, runtime: Runtime
) -> None:
    await with_worker(runtime)
    await waiting_since(runtime, 1)
    status = await operator.found("/status")
    assert status["degraded"] == []
    assert (status["waiting_jobs"], status["running_jobs"], status["workers"]) == (1, 0, 1)


async def test_without_a_worker_nothing_that_is_due_happens(operator: Operator) -> None:
    assert await codes(operator) == {"no_worker"}


async def test_a_worker_that_has_been_silent_is_none(operator: Operator, runtime: Runtime) -> None:
    await with_worker(runtime)
    await execute(
        runtime,
        "UPDATE procrastinate_workers SET last_heartbeat = last_heartbeat - interval '5 minutes'",
    )
    assert await codes(operator) == {"no_worker"}


async def test_a_queue_that_does_not_move_is_old(operator: Operator, runtime: Runtime) -> None:
    await with_worker(runtime)
    await waiting_since(runtime, 6)
    assert await codes(operator) == {"queue_old"}


async def test_a_job_for_later_is_not_late(operator: Operator, runtime: Runtime) -> None:
    await with_worker(runtime)
    await waiting_since(runtime, -600)
    assert await codes(operator) == set()


async def test_many_failures_are_shown(operator: Operator, runtime: Runtime) -> None:
    await with_worker(runtime)
    for _ in range(10):
        await waiting_since(runtime, 1)
    await execute(runtime, "UPDATE procrastinate_jobs SET status = 'doing'")
    await execute(runtime, "UPDATE procrastinate_jobs SET status = 'failed'")
    assert await codes(operator) == {"jobs_failing"}


async def test_audit_rows_that_nobody_seals_are_shown(operator: Operator, runtime: Runtime) -> None:
    await with_worker(runtime)
    await execute(
        runtime,
        "INSERT INTO admin_audit_log (actor_type, actor_id, action, occurred_at)"
        " VALUES ('cli', 'x', 'title.update', clock_timestamp() - interval '2 hours')",
    )
    assert await codes(operator) == {"audit_unsealed"}


async def test_a_schema_of_another_version_is_shown(operator: Operator, runtime: Runtime) -> None:
    await with_worker(runtime)
    await execute(runtime, "UPDATE alembic_version SET version_num = '0000'")
    assert await codes(operator) == {"schema_behind"}


async def test_a_model_that_the_guard_refused_is_told_until_one_serves(
    operator: Operator, runtime: Runtime
) -> None:
    await with_worker(runtime)
    async with runtime.database.write() as tx:
        await store_rejection(tx, source="matinee", report={"objections": ["covers_too_little"]})
    [degradation] = (await operator.found("/status"))["degraded"]
    assert degradation["code"] == "model_rejected"
    assert "covers_too_little" in degradation["message"]
    await execute(
        runtime,
        "INSERT INTO recommendation_models (state, source, trained_at)"
        " VALUES ('current', 'matinee', clock_timestamp())",
    )
    assert await codes(operator) == set()


async def test_payment_events_that_were_given_up_are_named(
    operator: Operator, runtime: Runtime
) -> None:
    await with_worker(runtime)
    await make_payment_event(runtime)
    await execute(runtime, "UPDATE payment_events SET state = 'dead'")
    assert await codes(operator) == {"payment_events_dead"}


@pytest.mark.parametrize(("minutes", "named"), [(59, set()), (61, {"payment_events_parked"})])
async def test_payment_events_may_wait_for_an_hour(
    operator: Operator, runtime: Runtime, minutes: int, named: set[str]
) -> None:
    await with_worker(runtime)
    await make_payment_event(runtime)
    await execute(
        runtime,
        "UPDATE payment_events SET received_at = received_at - $1 * interval '1 minute'",
        float(minutes),
    )
    assert await codes(operator) == named


_UNRECONCILED = """
    INSERT INTO payment_reconciliations (provider, reconciled_until, last_error)
    VALUES ($1, clock_timestamp() - $2 * interval '1 hour', 'ProviderError: no answer')
"""


@pytest.mark.parametrize(
    ("provider", "hours", "named"),
    [
        ("sandbox", 2, set()),
        ("sandbox", 4, {"payments_unreconciled"}),
        ("one that is gone", 4, set()),
    ],
)
async def test_a_provider_that_cannot_be_asked_for_three_hours_is_named(
    operator: Operator, runtime: Runtime, provider: str, hours: int, named: set[str]
) -> None:
    await with_worker(runtime)
    await execute(runtime, _UNRECONCILED, provider, float(hours))
    assert await codes(operator) == named
