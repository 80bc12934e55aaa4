"""Which channels and airings a viewer may see, and which channels may be played (A9)."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from matinee.accounts.viewer import Viewer
from matinee.core.database import ReadTx
from matinee.entitlements.access import Asking, Decision, Facts, decide
from matinee.entitlements.carriage import is_open
from matinee.entitlements.facts import FIRST_COLUMNS, HOUSEHOLD, NOW, WINDOW, facts_in, live_at

# Feeds write what they like, so the case of a label says nothing.
_BLOCKED = """(
    :blocked_tags::text[] <> '{{}}'
    AND string_to_array(lower(array_to_string({labels}, chr(31))), chr(31))
        && string_to_array(lower(array_to_string(:blocked_tags::text[], chr(31))), chr(31))
)"""

_CHANNEL_SUITABLE = f"""
    NOT :allow_list_only::bool
    AND coalesce(c.maturity_score <= :max_maturity::int, true)
    AND NOT {_BLOCKED.format(labels="c.tags || c.genres")}
"""

CHANNEL_VISIBLE = f"(c.status = 'published' AND {_CHANNEL_SUITABLE})"
"""SQL over `channels c`: the viewer may see the channel; parameters: `channel_visibility_of`.

One without a rating is shown: what it sends is rated. Profiles that see a list of titles alone see
no channels.
"""

AIRING_SUITABLE = f"""(
    coalesce(p.maturity_score <= :max_maturity::int, NOT :block_unrated::bool)
    AND NOT {_BLOCKED.format(labels="p.genres || p.categories")}
    AND NOT EXISTS (
        SELECT FROM titles t
        WHERE t.id = p.title_id AND (
            t.maturity_score > :max_maturity::int
            OR {_BLOCKED.format(labels="t.tags || t.genres || t.mood_tags || t.theme_tags")}
        )
    )
)"""
"""SQL over `programmes p`: the profile may see what is broadcast; parameters:
`airing_visibility_of`. What our own catalogue says about it counts too."""


def channel_entitled_at(now: str) -> str:
    """SQL over `channels c`: a right lets the household play it at a moment (its SQL).

    The same decision as `decide`, blackouts included; it says nothing about visibility.
    """
    return f"""(
        NOT EXISTS (
            SELECT FROM account_holds h
            WHERE h.user_id = :user_id::uuid AND h.lifted_at IS NULL AND h.blocks_playback
        )
        AND (
            EXISTS (
                SELECT FROM package_channels pc
                WHERE pc.channel_id = c.id AND {is_open("pc", now)}
                  AND pc.package_id = ANY (ARRAY(
                      SELECT g.package_id FROM user_entitlements g
                      WHERE g.user_id = :user_id::uuid AND g.package_id IS NOT NULL
                        AND {live_at(now)}
                  ))
            )
            OR :unsold_is_free::bool
               AND NOT EXISTS (SELECT FROM package_channels pc WHERE pc.channel_id = c.id)
        )
        AND NOT EXISTS (
            SELECT FROM blackouts b
            WHERE b.channel_id = c.id AND b.territory IN (:territory::text, '**')
              AND b.starts_at <= {now} AND {now} < b.ends_at
        )
    )"""


CHANNEL_ENTITLED = channel_entitled_at("statement_timestamp()")
"""SQL over `channels c`: the household may play it now; parameters: `channel_entitlement_of`."""

_FACTS = f"""
    WITH {HOUSEHOLD}
    SELECT wanted.id, {FIRST_COLUMNS},
        coalesce(c.status = 'published', false) AS shown,
        coalesce({_CHANNEL_SUITABLE}, false) AS suitable,
        EXISTS (SELECT FROM package_channels pc WHERE pc.channel_id = c.id) AS sold,
        ARRAY(
            SELECT ROW(pc.package_id, {WINDOW.format("pc")})
            FROM package_channels pc WHERE pc.channel_id = c.id AND {is_open("pc", NOW)}
        ) AS carriages,
        '{{}}'::text[] AS offers, '{{}}'::text[] AS grants,
        ARRAY(
            SELECT ROW(b.starts_at, b.ends_at) FROM blackouts b
            WHERE b.channel_id = c.id AND b.territory IN (:territory::text, '**')
              AND b.ends_at > {NOW}
        ) AS blackouts
    FROM household
    LEFT JOIN unnest((SELECT :ids::uuid[])) WITH ORDINALITY AS wanted(id, n) ON true
    LEFT JOIN channels c ON c.id = wanted.id
    ORDER BY wanted.n
"""


def channel_visibility_of(viewer: Viewer) -> dict[str, Any]:
    """The parameters of `CHANNEL_VISIBLE`."""
    return {
        "max_maturity": viewer.max_maturity,
        "blocked_tags": list(viewer.blocked_tags),
        "allow_list_only": viewer.allow_list_only,
    }


def airing_visibility_of(viewer: Viewer) -> dict[str, Any]:
    """The parameters of `AIRING_SUITABLE`."""
    return {
        "max_maturity": viewer.max_maturity,
        "blocked_tags": list(viewer.blocked_tags),
        "block_unrated": viewer.block_unrated,
    }


def channel_entitlement_of(viewer: Viewer) -> dict[str, Any]:
    """The parameters of `CHANNEL_ENTITLED`."""
    return {
        "user_id": viewer.user_id,
        "territory": viewer.territory,
        "unsold_is_free": viewer.unsold_is_free,
    }


def for_profile(rule: str, profile: str) -> str:
    """`CHANNEL_VISIBLE` or `AIRING_SUITABLE` for many viewers: over a row of `profiles`, its alias.

    Nothing of its parameters is left.
    """
    for name in ("max_maturity", "blocked_tags", "allow_list_only", "block_unrated"):
        rule = rule.replace(f":{name}::", f"{profile}.{name}::")
    return rule


async def channel_facts_of(
    tx: ReadTx, viewer: Viewer, ids: Sequence[UUID], *, at: datetime | None = None
) -> tuple[Asking, dict[UUID, Facts]]:
    """Who asks, and what is known about each of the channels, in one statement.

    An id without a channel has facts too: it is not shown.
    """
    rows = await tx.all(
        _FACTS,
        ids=list(ids),
        at=at,
        user_id=viewer.user_id,
        territory=viewer.territory,
        **channel_visibility_of(viewer),
    )
    return facts_in(rows, viewer)


async def channel_decisions(
    tx: ReadTx, viewer: Viewer, ids: Sequence[UUID], *, at: datetime | None = None
) -> dict[UUID, Decision]:
    """What is decided on each of the channels, in one statement.

    What is on says nothing here: the rating of a programme is asked about when it is played.
    """
    asking, facts = await channel_facts_of(tx, viewer, ids, at=at)
    return {channel_id: decide(one, asking) for channel_id, one in facts.items()}


async def channel_decision_on(
    tx: ReadTx, viewer: Viewer, channel_id: UUID, *, live: bool = True
) -> Decision:
    """What is decided now on a channel; one that is missing: unavailable.

    Not `live`: on something that it sent before, which no blackout of now concerns.
    """
    asking, found = await channel_facts_of(tx, viewer, [channel_id])
    facts = found[channel_id]
    return decide(facts if live else replace(facts, blackouts=()), asking)
