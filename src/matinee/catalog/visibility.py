"""The one rule that decides which titles a viewer may see (C1); every read path contains it."""

from typing import Any

from matinee.accounts.viewer import Viewer

VISIBLE = """(
    t.status = 'published'
    AND coalesce(t.maturity_score <= :max_maturity::int, NOT :block_unrated::bool)
    AND (
        NOT t.rights_managed
        OR EXISTS (
            SELECT 1 FROM title_rights r
            WHERE r.title_id = t.id AND r.territory IN (:territory::text, '**')
              AND r.available_from <= statement_timestamp()
              AND statement_timestamp() < r.available_until
        )
    )
    AND (
        :blocked_tags::text[] = '{}'
        OR NOT (
            t.tags && :blocked_tags::text[] OR t.genres && :blocked_tags::text[]
            OR t.mood_tags && :blocked_tags::text[] OR t.theme_tags && :blocked_tags::text[]
        )
    )
    AND (
        NOT :allow_list_only::bool
        OR EXISTS (
            SELECT 1 FROM profile_allowed_titles a
            WHERE a.user_id = :user_id::uuid AND a.profile_id = :profile_id::uuid
              AND a.title_id = t.id
        )
    )
)"""
"""SQL over `titles t`; its parameters come from `visibility_of`."""


def visibility_of(viewer: Viewer) -> dict[str, Any]:
    """The parameters of `VISIBLE` for a viewer."""
    return {
        "territory": viewer.territory,
        "max_maturity": viewer.max_maturity,
        "block_unrated": viewer.block_unrated,
        "blocked_tags": list(viewer.blocked_tags),
        "allow_list_only": viewer.allow_list_only,
        "user_id": viewer.user_id,
        "profile_id": viewer.profile_id,
    }
