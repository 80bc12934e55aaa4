"""The one rule that decides which titles a viewer may see (C1); every read path contains it."""

from typing import Any

from matinee.accounts.viewer import Viewer

OPEN_WINDOW = """(
    r.title_id = t.id AND r.territory IN (:territory::text, '**')
    AND r.available_from <= statement_timestamp() AND statement_timestamp() < r.available_until
)"""
"""SQL over `titles t` and `title_rights r`: the title may be shown here and now by this row."""

SUITABLE = """
    coalesce(t.maturity_score <= :max_maturity::int, NOT :block_unrated::bool)
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
            SELECT FROM profile_allowed_titles a
            WHERE a.user_id = :user_id::uuid AND a.profile_id = :profile_id::uuid
              AND a.title_id = t.id
        )
    )
"""
"""SQL over `titles t`: the profile's settings let it see the title."""

_ALLOWED = f"t.status = 'published' AND {SUITABLE}"
"""All of the rule but the place and time."""

SHOWN_HERE = f"""
    t.status = 'published'
    AND (
        NOT t.rights_managed
        OR EXISTS (SELECT FROM title_rights r WHERE {OPEN_WINDOW} OFFSET 0)
    )
"""
"""The place and time alone: the title is shown here and now, if not to everybody."""

# OFFSET 0 keeps PostgreSQL from hashing the windows of the whole catalogue for one page.
VISIBLE = f"""(
    {_ALLOWED}
    AND (
        NOT t.rights_managed
        OR EXISTS (SELECT FROM title_rights r WHERE {OPEN_WINDOW} OFFSET 0)
    )
)"""
"""SQL over `titles t`; its parameters come from `visibility_of`."""

VISIBLE_IN_BULK = f"""(
    {_ALLOWED}
    AND (NOT t.rights_managed OR EXISTS (SELECT FROM title_rights r WHERE {OPEN_WINDOW}))
)"""
"""The same rule for statements that look at most of the catalogue: windows are hashed once."""

VISIBLE_ELSEWHERE = f"""(
    {_ALLOWED}
    AND EXISTS (
        SELECT FROM title_rights r
        WHERE r.title_id = t.id AND r.territory <> :territory::text
          AND r.available_from <= statement_timestamp()
          AND statement_timestamp() < r.available_until
    )
)"""
"""Some other territory would show the title to this viewer."""

ANNOUNCED = f"""(
    {_ALLOWED}
    AND NOT EXISTS (SELECT FROM title_rights r WHERE {OPEN_WINDOW})
)"""
"""The title is shut here; with an announced window yet to open it may be called coming soon."""

_OF_PROFILE = ("max_maturity", "block_unrated", "blocked_tags", "allow_list_only", "user_id")


def shown_at(moment: str) -> str:
    """`SHOWN_HERE` at another moment, given as SQL."""
    return SHOWN_HERE.replace("statement_timestamp()", moment)


def visible_to(profile: str, territory: str) -> str:
    """`VISIBLE` for many viewers at once: SQL over `titles t` and a row of `profiles`.

    `profile` is the alias of that row, `territory` the SQL of where the profile is.
    """
    columns = {name: f"{profile}.{name}" for name in _OF_PROFILE}
    rule = VISIBLE
    for name, column in (columns | {"profile_id": f"{profile}.id", "territory": territory}).items():
        rule = rule.replace(f":{name}::", f"{column}::")
    return rule


def visibility_of(viewer: Viewer) -> dict[str, Any]:
    """The parameters of `VISIBLE` and its kin for a viewer."""
    return {
        "territory": viewer.territory,
        "max_maturity": viewer.max_maturity,
        "block_unrated": viewer.block_unrated,
        "blocked_tags": list(viewer.blocked_tags),
        "allow_list_only": viewer.allow_list_only,
        "user_id": viewer.user_id,
        "profile_id": viewer.profile_id,
    }
