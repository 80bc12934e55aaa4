"""Rules that the data always keep: each is a query for what violates it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import structlog

from matinee.admin import seals
from matinee.admin.schemas import Invariant, Invariants
from matinee.core.database import ReadTx
from matinee.core.jobs import EVERY_HOUR, JobRun, job
from matinee.core.settings import Settings
from matinee.runtime import Runtime

log = structlog.get_logger(__name__)

SHOWN = 10

Check = Callable[[ReadTx, Settings], Awaitable[list[str]]]


@dataclass(frozen=True)
class Rule:
    """A rule, and how to find what violates it."""

    name: str
    text: str
    violations: Check


def _sql(statement: str, **limits: str) -> Check:
    """A rule whose violations are the first column of a statement.

    `limits` names the settings that its parameters take.
    """

    async def check(tx: ReadTx, settings: Settings) -> list[str]:
        params = {name: getattr(settings, setting) for name, setting in limits.items()}
        return [str(row[0]) for row in await tx.all(statement, **params)]

    return check


async def _audit_log(tx: ReadTx, _settings: Settings) -> list[str]:
    found = await seals.verify(tx)
    broken, oldest = found.first_broken, found.oldest_unsealed_at
    violations = [f"seal {broken.n}: {broken.reason}"] * found.broken_seals if broken else []
    if oldest is not None and await tx.scalar(_LONG_AGO, moment=oldest):
        violations.append(f"unsealed since {oldest}")
    return violations


_LONG_AGO = "SELECT :moment < clock_timestamp() - interval '1 hour'"


RULES = (
    Rule(
        "audit_seals_verify",
        "Nothing in the audit log was changed, and every row is sealed within an hour.",
        _audit_log,
    ),
    Rule(
        "profiles_within_limit",
        "No household has more profiles than allowed.",
        _sql(
            """
            -- cross-user
            SELECT user_id FROM profiles GROUP BY user_id HAVING count(*) > :most
            """,
            most="max_profiles",
        ),
    ),
    Rule(
        "every_household_signs_in",
        "Every household that is not deleted has an identity to sign in with.",
        _sql(
            """
            -- cross-user
            SELECT u.user_id FROM users u
            WHERE u.status <> 'deleted'
              AND NOT EXISTS (SELECT FROM login_identities i WHERE i.user_id = u.user_id)
            """
        ),
    ),
    Rule(
        "rights_managed_follows_rights",
        "A title is marked as having rights windows exactly if it has some.",
        _sql(
            """
            SELECT t.id FROM titles t
            WHERE t.rights_managed
                  <> EXISTS (SELECT FROM title_rights r WHERE r.title_id = t.id)
            """
        ),
    ),
    Rule(
        "genres_exist",
        "Every genre that a title names is in the list of genres.",
        _sql(
            """
            SELECT DISTINCT named.slug FROM titles t, unnest(t.genres) AS named(slug)
            WHERE NOT EXISTS (SELECT FROM genres g WHERE g.slug = named.slug)
            """
        ),
    ),
)


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


@job("admin.check_invariants", every=EVERY_HOUR, attempts=1)
async def check_invariants(runtime: Runtime, _run: JobRun) -> None:
    """Tell the log, at once and loudly, where the data do not keep a rule."""
    async with runtime.database.read() as tx:
        found = await check_all(tx, runtime.settings)
    for item in found.items:
        if not item.holds:
            log.error("invariant_violated", name=item.name, violations=item.violations)
