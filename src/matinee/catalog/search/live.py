"""Live channels and what they will broadcast, found by their names."""

from collections.abc import Sequence
from typing import Any

from matinee.accounts.viewer import Viewer
from matinee.catalog.search.matching import match_in
from matinee.catalog.search.names import LEAST_LETTERS, LIKENESS
from matinee.catalog.search.question import Question
from matinee.catalog.search.schemas import (
    AiringRef,
    ChannelHit,
    ChannelRef,
    Match,
    ProgrammeHit,
    Span,
)
from matinee.core.database import ReadTx, Row
from matinee.core.text import like_pattern
from matinee.entitlements.channels import (
    AIRING_SUITABLE,
    CHANNEL_VISIBLE,
    airing_visibility_of,
    channel_visibility_of,
)

CHANNEL_SCORE = 3.0
PROGRAMME_SCORE = 2.5
"""Below a title of the same name: it can be watched now, the programme when it is on."""

LEAST_LIKE = 0.5
MOST_HITS = 5
"""Of channels, and of programmes: who looks for more asks the guide."""

LOOKED_AT = 500
"""Programmes that share the name and are looked up in the guide."""

_NAMED = "({name} LIKE '%' || :pattern || '%' OR :with_typos AND :q <% {name})"

_CHANNELS = f"""
    SELECT c.id, c.number, c.name, c.logo_url,
           {LIKENESS.format(name="c.folded_name")} AS likeness
    FROM channels c
    WHERE {_NAMED.format(name="c.folded_name")} AND {CHANNEL_VISIBLE}
    ORDER BY likeness DESC, c.number, c.id LIMIT {MOST_HITS}
"""
# One hit for all episodes of a series, with the airing that is on or comes next.
_PROGRAMMES = f"""
    WITH named AS MATERIALIZED (
        SELECT p.id, p.title, p.folded_title, p.sub_title, p.title_id FROM programmes p
        WHERE {_NAMED.format(name="p.folded_title")} AND {AIRING_SUITABLE}
        LIMIT {LOOKED_AT}
    ),
    next AS (
        SELECT DISTINCT ON (p.folded_title)
               p.title, p.folded_title, p.sub_title, p.title_id, airing.*
        FROM named p CROSS JOIN LATERAL (
            SELECT e.id AS airing_id, e.starts_at, e.ends_at, c.id, c.number, c.name, c.logo_url
            FROM schedule_entries e JOIN channels c ON c.id = e.channel_id
            WHERE e.programme_id = p.id AND e.starts_at > statement_timestamp() - interval '1 day'
              AND e.ends_at > statement_timestamp() AND {CHANNEL_VISIBLE}
            ORDER BY e.starts_at LIMIT 1
        ) AS airing
        ORDER BY p.folded_title, airing.starts_at
    )
    SELECT next.*, {LIKENESS.format(name="folded_title")} AS likeness FROM next
    ORDER BY likeness DESC, starts_at, airing_id LIMIT {MOST_HITS}
"""


async def find_channels(
    tx: ReadTx, viewer: Viewer, question: Question
) -> list[tuple[float, ChannelHit]]:
    """The channels that are called so, each with its score."""
    rows = await tx.all(_CHANNELS, **_parameters(question), **channel_visibility_of(viewer))
    return [
        (CHANNEL_SCORE * row["likeness"], ChannelHit(**_match(row["name"], question), channel=one))
        for row in _alike(rows)
        for one in [_channel(row)]
    ]


async def find_programmes(
    tx: ReadTx, viewer: Viewer, question: Question
) -> list[tuple[float, ProgrammeHit]]:
    """What is called so and is on or to come, each with its score; what is hidden is missing.

    Fewer letters than an index of trigrams can use find none.
    """
    if len(question.folded) < LEAST_LETTERS:
        return []
    visible = airing_visibility_of(viewer) | channel_visibility_of(viewer)
    rows = await tx.all(_PROGRAMMES, **_parameters(question), **visible)
    return [
        (
            PROGRAMME_SCORE * row["likeness"],
            ProgrammeHit(**_match(row["title"], question), airing=_airing(row)),
        )
        for row in _alike(rows)
    ]


def _parameters(question: Question) -> dict[str, Any]:
    return {
        "q": question.folded,
        "meant": question.meant,
        "pattern": like_pattern(question.folded),
        "with_typos": question.is_lettered and not question.has_small_words_only,
    }


def _alike(rows: Sequence[Row]) -> list[Row]:
    return [row for row in rows if row["likeness"] >= LEAST_LIKE]


def _match(name: str, question: Question) -> dict[str, Any]:
    found = match_in(name, question.folded) or match_in(name, question.meant)
    match: Match = found[0] if found else "fuzzy"
    return {"match": match, "span": Span(start=found[1][0], end=found[1][1]) if found else None}


def _channel(row: Row) -> ChannelRef:
    return ChannelRef(
        id=row["id"], number=row["number"], name=row["name"], logo_url=row["logo_url"]
    )


def _airing(row: Row) -> AiringRef:
    return AiringRef(
        id=row["airing_id"],
        title=row["title"],
        sub_title=row["sub_title"],
        starts_at=row["starts_at"],
        ends_at=row["ends_at"],
        channel=_channel(row),
    )
