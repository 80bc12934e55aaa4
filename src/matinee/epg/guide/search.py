"""Finding programmes of the next days by their name (X-02): each once, with its next airings."""

from typing import Annotated, Any

from pydantic import Field

from matinee.accounts.viewer import Viewer
from matinee.core.database import Row
from matinee.core.schema import Input, made, text
from matinee.core.text import like_pattern, searchable
from matinee.entitlements.channels import AIRING_SUITABLE, CHANNEL_VISIBLE
from matinee.epg.guide.schemas import GuideHit, GuideHits
from matinee.epg.guide.seeing import visibility_of
from matinee.epg.guide.shapes import (
    AIRING_ON_CHANNEL,
    LONGEST_AIRING,
    PROGRAMME_RECORD,
    airing_on_channel_in,
    programme_in,
)
from matinee.runtime import Runtime

SHOWN_AIRINGS = 5

LEAST_LETTERS = 3
"""Shorter questions are looked for at the beginnings of words only, and typed right."""

LEAST_ALIKE = 0.5

LONGEST_FOLDED = 200
"""Letters of a question; folding can make it many times as long as it was."""

TO_COME = f"""
    s.starts_at > statement_timestamp() - {LONGEST_AIRING}
    AND s.starts_at < statement_timestamp() + interval '7 days'
    AND s.ends_at > statement_timestamp()
"""
"""SQL over `schedule_entries s`: it is on, or begins in the next seven days."""

SAME = "coalesce(p.series_key, p.folded_title || '/' || coalesce(p.year::text, ''))"
"""SQL over `programmes p`: equal for what counts as the same programme or series."""

_WRITTEN = """
    p.folded_title LIKE :begins
    OR p.folded_title LIKE CASE WHEN :contains::bool THEN '%' ELSE '% ' END || :begins
"""
_ALIKE = ":q <% p.folded_title"
_LIKENESS = """
    CASE WHEN p.folded_title = :q THEN 1
         WHEN starts_with(p.folded_title, :q || ' ') THEN .96
         WHEN starts_with(p.folded_title, :q) THEN .94
         WHEN strpos(p.folded_title, ' ' || :q) > 0 THEN .92
         ELSE .9 * word_similarity(:q, p.folded_title)
    END
"""


def _search(condition: str) -> str:
    """SQL: programmes that fulfil a condition, most alike first, then what comes first."""
    return f"""
        WITH found AS MATERIALIZED (
            SELECT p.id, {SAME} AS same, {_LIKENESS} AS likeness
            FROM programmes p WHERE ({condition}) AND {AIRING_SUITABLE}
        ),
        ranked AS MATERIALIZED (
            SELECT f.same, max(f.likeness) AS likeness, count(*) AS total,
                   min(s.starts_at) AS first_at,
                   (array_agg(s.id ORDER BY s.starts_at, s.id))[1:{SHOWN_AIRINGS}] AS ids
            FROM found f
            JOIN schedule_entries s ON s.programme_id = f.id AND {TO_COME}
            JOIN channels c ON c.id = s.channel_id AND {CHANNEL_VISIBLE}
            GROUP BY f.same ORDER BY likeness DESC, first_at, same LIMIT :wanted
        )
        SELECT r.total, p.series_key, {PROGRAMME_RECORD} AS programme, ARRAY(
            SELECT {AIRING_ON_CHANNEL}
            FROM schedule_entries s JOIN channels c ON c.id = s.channel_id
            WHERE s.id = ANY (r.ids) ORDER BY s.starts_at, s.id
        ) AS airings
        FROM ranked r
        JOIN schedule_entries s ON s.id = r.ids[1] JOIN programmes p ON p.id = s.programme_id
        ORDER BY r.likeness DESC, r.first_at, r.same
    """


WRITTEN, ALIKE = _search(_WRITTEN), _search(_ALIKE)
_LEAST_ALIKE = "SELECT set_config('pg_trgm.word_similarity_threshold', :least::text, true)"


class GuideQuestion(Input):
    """What is looked for in the guide."""

    q: Annotated[str, *text(max_length=200)] = Field(
        description="Part of the name of a programme.", examples=["nature"]
    )
    page_size: Annotated[int, Field(ge=1, le=50)] = 20


async def search_guide(runtime: Runtime, viewer: Viewer, wish: GuideQuestion) -> GuideHits:
    """Programmes with airings in the next seven days; those alike where none is written so."""
    question = searchable(wish.q)[:LONGEST_FOLDED]
    common = {"q": question, "wanted": wish.page_size, **visibility_of(viewer)}
    async with runtime.database.read(custom_plans=True) as tx:
        rows = await tx.all(WRITTEN, **common, **_patterns(question))
        if not rows and len(question) >= LEAST_LETTERS:
            await tx.all(_LEAST_ALIKE, least=str(LEAST_ALIKE))
            rows = await tx.all(ALIKE, **common)
    return GuideHits(items=[_hit(row) for row in rows])


def _patterns(question: str) -> dict[str, Any]:
    """One or two letters of a Latin word are in too many words to say which."""
    return {
        "begins": f"{like_pattern(question)}%",
        "contains": len(question) >= LEAST_LETTERS or not question.isascii(),
    }


def _hit(row: Row) -> GuideHit:
    return made(
        GuideHit,
        programme=programme_in(row["programme"]),
        series_key=row["series_key"],
        airings=[airing_on_channel_in(airing) for airing in row["airings"]],
        total=row["total"],
    )
