"""Rules about the audit log, households and the catalogue."""

from matinee.admin import seals
from matinee.admin.rules.rule import Rule, sql
from matinee.core.database import ReadTx
from matinee.core.settings import Settings

_LONG_AGO = "SELECT :moment < clock_timestamp() - interval '1 hour'"


async def _audit_log(tx: ReadTx, _settings: Settings) -> list[str]:
    found = await seals.verify(tx)
    broken, oldest = found.first_broken, found.oldest_unsealed_at
    violations = [f"seal {broken.n}: {broken.reason}"] * found.broken_seals if broken else []
    if oldest is not None and await tx.scalar(_LONG_AGO, moment=oldest):
        violations.append(f"unsealed since {oldest}")
    return violations


RULES = (
    Rule(
        "audit_seals_verify",
        "Nothing in the audit log was changed, and every row is sealed within an hour.",
        _audit_log,
    ),
    Rule(
        "profiles_within_limit",
        "No household has more profiles than it may ever have had.",
        sql(
            """
            -- cross-user
            SELECT user_id FROM profiles GROUP BY user_id HAVING count(*) > greatest(
                :most::int, (SELECT max(max_profiles) FROM content_packages))
            """,
            most="max_profiles",
        ),
    ),
    Rule(
        "every_household_signs_in",
        "Every household that is not deleted has an identity to sign in with.",
        sql(
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
        sql(
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
        sql(
            """
            SELECT DISTINCT named.slug FROM titles t, unnest(t.genres) AS named(slug)
            WHERE NOT EXISTS (SELECT FROM genres g WHERE g.slug = named.slug)
            """
        ),
    ),
)
