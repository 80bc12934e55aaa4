"""Whether the service is all that it should be, for the console's banner."""

from matinee import __version__
from matinee.admin.schemas import Degradation, Status
from matinee.core.database import ReadTx, Row
from matinee.migrations.state import schema_is_current
from matinee.runtime import Runtime

OLD_QUEUE_MINUTES = 5
MANY_FAILURES = 10
ALIVE_SECONDS = 60

_FIGURES = """
    SELECT count(*) FILTER (WHERE j.status = 'todo') AS waiting,
           count(*) FILTER (WHERE j.status = 'doing') AS running,
           (SELECT count(DISTINCT e.job_id) FROM procrastinate_events e
            WHERE e.type = 'failed' AND e.at > clock_timestamp() - interval '24 hours') AS failed,
           (SELECT count(*) FROM procrastinate_workers
            WHERE last_heartbeat > clock_timestamp() - :alive * interval '1 second') AS workers,
           extract(epoch FROM max(clock_timestamp() - due.since) FILTER (WHERE j.status = 'todo'))
               / 60 AS oldest_minutes,
           (SELECT min(occurred_at) < clock_timestamp() - interval '1 hour' FROM admin_audit_log
            WHERE xid >= (SELECT coalesce(max(upto_xid), '0') FROM audit_seals)) AS unsealed,
           clock_timestamp() AS server_time
    FROM procrastinate_jobs j
    CROSS JOIN LATERAL (
        SELECT coalesce(j.scheduled_at, (SELECT min(at) FROM procrastinate_events e
                                         WHERE e.job_id = j.id)) AS since
    ) AS due
    WHERE j.status IN ('todo', 'doing')
"""
_LAST_MODEL = """
    SELECT state, report FROM recommendation_models WHERE state <> 'training'
    ORDER BY id DESC LIMIT 1
"""

_PAYMENT_EVENTS = """
    SELECT count(*) FILTER (WHERE state = 'dead') AS dead,
           count(*) FILTER (WHERE state = 'parked'
               AND received_at < clock_timestamp() - interval '1 hour') AS parked
    FROM payment_events WHERE state IN ('parked', 'dead')
"""
_UNRECONCILED = """
    SELECT provider, last_error FROM payment_reconciliations
    WHERE provider = ANY(:providers) AND last_error IS NOT NULL
      AND coalesce(reconciled_until, created_at) < clock_timestamp() - interval '3 hours'
    ORDER BY provider
"""


async def get_status(runtime: Runtime) -> Status:
    """The figures of the queue, and everything that is less than it should be."""
    async with runtime.database.read() as tx:
        figures = await tx.one(_FIGURES, alive=ALIVE_SECONDS)
        model = await tx.one(_LAST_MODEL)
        payments = await _payments(tx, runtime)
    assert figures is not None
    return Status(
        version=__version__,
        environment=runtime.settings.environment,
        degraded=[*await _outside(runtime), *_queue(figures), *_learned(model), *payments],
        waiting_jobs=figures["waiting"],
        running_jobs=figures["running"],
        failed_jobs=figures["failed"],
        workers=figures["workers"],
        server_time=figures["server_time"],
    )


async def _outside(runtime: Runtime) -> list[Degradation]:
    found: list[Degradation] = []
    if runtime.redis is not None and not runtime.redis.available:
        message = "Redis does not answer: every process caches and counts for itself."
        found.append(Degradation(code="redis_away", message=message))
    if not await schema_is_current(runtime.database):
        message = "The database does not have the schema of this version: run `matinee db migrate`."
        found.append(Degradation(code="schema_behind", message=message))
    return found


def _queue(figures: Row) -> list[Degradation]:
    found: list[Degradation] = []
    if not figures["workers"]:
        message = "No worker runs: jobs wait, and what is due does not happen."
        found.append(Degradation(code="no_worker", message=message))
    if (minutes := figures["oldest_minutes"] or 0) > OLD_QUEUE_MINUTES:
        message = f"The oldest waiting job has waited for {int(minutes)} minutes."
        found.append(Degradation(code="queue_old", message=message))
    if figures["failed"] >= MANY_FAILURES:
        message = f"{figures['failed']} jobs have failed in the last 24 hours."
        found.append(Degradation(code="jobs_failing", message=message))
    if figures["unsealed"]:
        message = "Audit rows are not sealed: is a worker running, or a transaction hanging?"
        found.append(Degradation(code="audit_unsealed", message=message))
    return found


async def _payments(tx: ReadTx, runtime: Runtime) -> list[Degradation]:
    """What payment providers told and we do not have in our books, and who cannot be asked."""
    found: list[Degradation] = []
    events = await tx.one(_PAYMENT_EVENTS)
    assert events is not None
    if events["dead"]:
        message = f"{events['dead']} payment events were given up: replay or ignore them."
        found.append(Degradation(code="payment_events_dead", message=message))
    if events["parked"]:
        message = f"{events['parked']} payment events have waited for more than an hour."
        found.append(Degradation(code="payment_events_parked", message=message))
    providers = [provider.name for provider in runtime.payments]
    for row in await tx.all(_UNRECONCILED, providers=providers):
        message = f"Payments were not reconciled with {row['provider']}: {row['last_error']}"
        found.append(Degradation(code="payments_unreconciled", message=message))
    return found


def _learned(model: Row | None) -> list[Degradation]:
    """Whether the guard refused what was learned last."""
    if model is None or model["state"] != "rejected":
        return []
    objections = ", ".join(model["report"].get("objections", ())) or "no reason given"
    message = f"What was learned last may not serve ({objections}): recommendations grow old."
    return [Degradation(code="model_rejected", message=message)]
