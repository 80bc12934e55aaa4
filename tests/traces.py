"""Traces that titles leave: what a profile did with them, and what was learned about them.

Written straight into the tables, for a title may have been hidden after it was watched.
"""

from collections.abc import Sequence
from uuid import UUID

from matinee.runtime import Runtime
from tests.makers import execute

_OF_A_PROFILE = (
    """
    INSERT INTO bookmarks (
        user_id, profile_id, item_id, title_id, episode_id, position_seconds, duration_seconds
    )
    SELECT p.user_id, p.id, e.id, e.title_id, e.id, 600, 1500
    FROM profiles p, episodes e WHERE p.id = $1 AND e.title_id = $2
    """,
    "INSERT INTO watchlist (user_id, profile_id, title_id)"
    " SELECT user_id, id, $2 FROM profiles WHERE id = $1",
    "INSERT INTO ratings (user_id, profile_id, title_id, value)"
    " SELECT user_id, id, $2, 2 FROM profiles WHERE id = $1",
    "INSERT INTO title_views (user_id, profile_id, title_id)"
    " SELECT user_id, id, $2 FROM profiles WHERE id = $1",
    "INSERT INTO profile_signals (user_id, profile_id, title_id, kind, at)"
    " SELECT user_id, id, $2, 'loved', clock_timestamp() FROM profiles WHERE id = $1",
    "INSERT INTO watch_time (user_id, profile_id, half_hour, watched_id, seconds)"
    " SELECT user_id, id, date_trunc('hour', clock_timestamp()), $2, 900"
    " FROM profiles WHERE id = $1",
    """
    WITH offer AS (
        INSERT INTO title_offers (title_id, offer_type, price_cents, currency, active)
        VALUES ($2, 'buy', 999, 'USD', false) RETURNING id
    )
    INSERT INTO purchases (
        user_id, offer_id, title_id, kind, quality, amount_cents, currency, territory, provider,
        payment_method, idempotency_key, request_hash
    )
    SELECT p.user_id, o.id, $2, 'buy', 'hd', 999, 'USD', 'US', 'sandbox', 'tok_ok', o.id::text, ''
    FROM profiles p, offer o WHERE p.id = $1
    """,
)
_UNWANTED = """
    INSERT INTO profile_suppressions (user_id, profile_id, title_id)
    SELECT user_id, id, $2 FROM profiles WHERE id = $1
"""
_MODEL = "INSERT INTO recommendation_models (state, source) VALUES ('current', 'trained')"
_NEIGHBORS = """
    INSERT INTO title_neighbors (
        model_id, title_number, together_numbers, together_weights, next_numbers, next_weights,
        content_numbers, content_weights
    )
    SELECT m.id, t.number, n.numbers, n.weights, n.numbers, n.weights, n.numbers, n.weights
    FROM recommendation_models m, titles t, LATERAL (
        SELECT array_agg(o.number::int4) AS numbers, array_agg(1::float4) AS weights
        FROM titles o WHERE o.id = ANY ($1::uuid[]) AND o.id <> t.id
    ) AS n
    WHERE t.id = ANY ($2::uuid[])
"""
_OF_A_TITLE = (
    "UPDATE titles SET is_featured = true WHERE id = $1",
    "INSERT INTO title_trends (territory, audience, title_id, hot, prior, households)"
    " SELECT territory, audience, $1, 3000, 3000, 50"
    " FROM unnest(ARRAY['**', 'US', 'FR']) AS territory, unnest(ARRAY['standard', 'kids']) AS"
    " audience",
    "INSERT INTO title_scores (title_id, down, up, love, score) VALUES ($1, 0, 50, 50, 0.9)",
    "INSERT INTO title_update_events (episode_id, title_id, kind)"
    " SELECT id, title_id, 'episode' FROM episodes WHERE title_id = $1",
)


async def leave_traces(runtime: Runtime, profile_id: UUID, title_id: UUID) -> None:
    """A profile watched, listed, loved and looked at a series."""
    for statement in _OF_A_PROFILE:
        await execute(runtime, statement, profile_id, title_id)


async def suppress(runtime: Runtime, profile_id: UUID, title_id: UUID) -> None:
    """A profile does not want to be offered a title."""
    await execute(runtime, _UNWANTED, profile_id, title_id)


async def recommend(runtime: Runtime, titles: Sequence[UUID], fans_of: Sequence[UUID]) -> None:
    """All that is learned speaks for these titles, most of all to fans of the others."""
    await execute(runtime, _MODEL)
    await execute(runtime, _NEIGHBORS, list(titles), [*titles, *fans_of])
    for title_id in titles:
        for statement in _OF_A_TITLE:
            await execute(runtime, statement, title_id)


async def like(runtime: Runtime, profile_id: UUID, title_id: UUID) -> None:
    """A profile gave a title its thumb."""
    await execute(
        runtime,
        "INSERT INTO profile_signals (user_id, profile_id, title_id, kind, at)"
        " SELECT user_id, id, $2, 'liked', clock_timestamp() FROM profiles WHERE id = $1",
        profile_id,
        title_id,
    )
