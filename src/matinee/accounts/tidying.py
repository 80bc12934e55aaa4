"""Removing what is over: codes, links and sessions that nobody can use any more."""

import structlog

from matinee.core.jobs import EVERY_NIGHT, JobRun, job
from matinee.runtime import Runtime

log = structlog.get_logger(__name__)

_OVER = {
    "device_codes": "DELETE FROM device_codes WHERE expires_at < clock_timestamp()",
    "setup_tokens": "DELETE FROM setup_tokens WHERE expires_at < clock_timestamp()",
    "password_resets": """
        DELETE FROM password_resets WHERE expires_at < clock_timestamp() - interval '1 day'
    """,
    # kept for a month, so that a stolen refresh token is answered as one
    "auth_sessions": """
        DELETE FROM auth_sessions
        WHERE least(revoked_at, expires_at) < clock_timestamp() - interval '30 days'
    """,
}


@job("accounts.tidy", every=EVERY_NIGHT)
async def tidy(runtime: Runtime, _run: JobRun) -> None:
    """Delete rows whose time is over."""
    timeout = runtime.settings.job_statement_timeout_ms
    for table, statement in _OVER.items():
        async with runtime.database.write(statement_timeout_ms=timeout) as tx:
            removed = await tx.execute(statement)
        log.info("tidied", table=table, rows=removed)
