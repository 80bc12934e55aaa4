"""Rules that the data always keep: all of them, checked on demand and every hour."""

import structlog

from matinee.admin.rules import access, money, platform, playout
from matinee.admin.schemas import Invariant, Invariants
from matinee.core.database import ReadTx
from matinee.core.jobs import EVERY_HOUR, JobRun, job
from matinee.core.settings import Settings
from matinee.runtime import Runtime

log = structlog.get_logger(__name__)

SHOWN = 10

RULES = (*platform.RULES, *money.RULES, *access.RULES, *playout.RULES)


async def check_all(tx: ReadTx, settings: Settings) -> Invariants:
    """Every rule, checked now."""
    items = []
    for rule in RULES:
        violations = await rule.violations(tx, settings)
        items.append(
            Invariant(
                name=rule.name,
                rule=rule.text,
                holds=not violations,
                violations=len(violations),
                examples=violations[:SHOWN],
            )
        )
    return Invariants(hold=all(item.holds for item in items), items=items)


async def check_now(runtime: Runtime) -> Invariants:
    """The same at one moment, with time for large tables."""
    timeout = runtime.settings.job_statement_timeout_ms
    async with runtime.database.read(statement_timeout_ms=timeout) as tx:
        return await check_all(tx, runtime.settings)


@job("admin.check_invariants", every=EVERY_HOUR, attempts=1)
async def check_invariants(runtime: Runtime, _run: JobRun) -> None:
    """Tell the log, at once and loudly, where the data do not keep a rule."""
    for item in (await check_now(runtime)).items:
        if not item.holds:
            log.error("invariant_violated", name=item.name, violations=item.violations)
