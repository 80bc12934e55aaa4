"""The end of a household: asked for, withdrawn by signing in, carried out after a grace."""

from uuid import UUID

import structlog

from matinee.accounts import audit, personal_data, sessions, staffing
from matinee.accounts.mails import send_security_mail
from matinee.accounts.passwords import prove_password
from matinee.accounts.schemas import DeleteMe, Deletion
from matinee.accounts.viewer import SessionRevoked, Viewer, user_tag
from matinee.core.jobs import EVERY_HOUR, JobRun, announce, enqueue, job
from matinee.runtime import Runtime

log = structlog.get_logger(__name__)

BATCH = 100

HOUSEHOLD_LEAVES = "accounts.household_leaves"
"""A household asked for its deletion, or was deleted (`user_id`)."""

_ASK = """
    UPDATE users
    SET deletion_requested_at = coalesce(deletion_requested_at, clock_timestamp()),
        updated_at = clock_timestamp()
    WHERE user_id = :user_id
    RETURNING deletion_requested_at + :days * interval '1 day' AS deletes_at,
              clock_timestamp() AS server_time
"""
_DUE = """
    -- cross-user
    SELECT user_id FROM users
    WHERE status <> 'deleted'
      AND deletion_requested_at <= clock_timestamp() - :days * interval '1 day'
    ORDER BY deletion_requested_at LIMIT :batch
"""
_STILL_DUE = """
    SELECT user_id FROM users
    WHERE user_id = :user_id AND status <> 'deleted'
      AND deletion_requested_at <= clock_timestamp() - :days * interval '1 day'
    FOR UPDATE
"""


async def request_deletion(runtime: Runtime, viewer: Viewer, wish: DeleteMe) -> Deletion:
    """Sign the household out everywhere and delete it when the grace is over.

    Raises:
        InvalidCredentials: the password is wrong.
        LastAdmin: nobody else could run the service.
    """
    await prove_password(runtime, viewer.household, wish.password, "password")
    days = runtime.settings.deletion_grace_days
    async with runtime.database.write() as tx:
        await staffing.require_another_admin(tx, viewer.household)
        asked = await tx.one(_ASK, user_id=viewer.household, days=float(days))
        await sessions.end_all(tx, viewer.household, reason="deletion_requested")
        await enqueue(
            tx,
            send_security_mail,
            user_id=str(viewer.household),
            event="deletion_requested",
            _detail=str(days),
        )
        await announce(tx, HOUSEHOLD_LEAVES, user_id=str(viewer.household))
    if asked is None:
        raise SessionRevoked()
    return Deletion(**asked)


@job("accounts.delete_due_households", every=EVERY_HOUR)
async def delete_due_households(runtime: Runtime, _run: JobRun) -> None:
    """Remove the personal data of households whose grace is over."""
    days = float(runtime.settings.deletion_grace_days)
    while True:
        async with runtime.database.read() as tx:
            due = await tx.all(_DUE, days=days, batch=BATCH)
        for row in due:
            await _delete(runtime, row["user_id"], days)
        if len(due) < BATCH:
            return


async def _delete(runtime: Runtime, user_id: UUID, days: float) -> None:
    """One household in one transaction; whoever signed in meanwhile stays."""
    timeout = runtime.settings.job_statement_timeout_ms
    async with runtime.database.write(statement_timeout_ms=timeout) as tx:
        if await tx.scalar(_STILL_DUE, user_id=user_id, days=days) is None:
            return
        await personal_data.erase(tx, user_id)
        await announce(tx, HOUSEHOLD_LEAVES, user_id=str(user_id))
        await audit.record(tx, audit.SYSTEM, "user.delete", targets={"user": user_id})
        tx.invalidate(user_tag(user_id))
    log.info("household_deleted")
