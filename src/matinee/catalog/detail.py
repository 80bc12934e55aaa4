"""One title with everything that a viewer is told about it."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from matinee.accounts.viewer import Viewer
from matinee.catalog.cards import CARD_COLUMNS, LOCALIZED, card_fields, card_parameters, genres_in
from matinee.catalog.marks import NONE, Marks, first_episode, marks_of
from matinee.catalog.queries import OF_THE_TITLE_OR_A_SHOWN_EPISODE, seasons_of, segments_of
from matinee.catalog.schemas import Credit, EpisodeRef, SeasonOut, TitleDetail
from matinee.core.database import ReadTx, Row
from matinee.core.errors import NotFound, Problem
from matinee.entitlements.access import decide
from matinee.entitlements.facts import FACT_COLUMNS, HOUSEHOLD, facts_in
from matinee.entitlements.problems import NotInTerritory
from matinee.entitlements.schemas import access_fields
from matinee.entitlements.visibility import VISIBLE, VISIBLE_ELSEWHERE, visibility_of

_HAS_ASSET = f"""
    EXISTS (SELECT FROM media_assets m WHERE m.title_id = t.id AND m.kind = '{{kind}}'
            AND {OF_THE_TITLE_OR_A_SHOWN_EPISODE})
"""
_DETAIL = f"""
    WITH {HOUSEHOLD}
    SELECT {CARD_COLUMNS}, {FACT_COLUMNS}, t.original_name,
           coalesce(local.synopsis, t.synopsis) AS synopsis,
           t.ai_description, t.countries, t.studios, t.audio_languages, t.subtitle_languages,
           t.mood_tags, t.theme_tags, t.external_ids, t.segments, t.version,
           {_HAS_ASSET.format(kind="trailer")} AS has_trailer,
           {_HAS_ASSET.format(kind="main")} AS playable
    FROM household, unnest(:ids::uuid[]) WITH ORDINALITY AS wanted(id, n)
    JOIN titles t USING (id) {LOCALIZED}
    WHERE {VISIBLE}
"""
_CREDITS = """
    SELECT p.id AS person_id, p.name, c.role, c.character
    FROM title_people c JOIN people p ON p.id = c.person_id
    WHERE c.title_id = :title_id ORDER BY c.position
"""
_ELSEWHERE = f"SELECT true FROM titles t WHERE t.id = :title_id AND {VISIBLE_ELSEWHERE}"


async def title_detail(
    tx: ReadTx, viewer: Viewer, title_id: UUID, *, reveal_territories: bool
) -> TitleDetail:
    """Everything a viewer is told about a title, in five statements at most.

    Raises:
        NotFound: there is no such title, or the viewer may not see it.
        NotInTerritory: it is visible elsewhere and the operator wants that known.
    """
    row = await tx.one(_DETAIL, **card_parameters(viewer, [title_id]))
    if row is None:
        raise await _why_invisible(tx, viewer, title_id, reveal_territories=reveal_territories)
    marks = (await marks_of(tx, viewer, [title_id])).get(title_id, NONE)
    asking, facts = facts_in([row], viewer)
    access = access_fields(decide(facts[title_id], asking))
    credits_ = await tx.all(_CREDITS, title_id=title_id)
    if row["kind"] == "movie":
        return _detail_of(row, marks, access, credits_, [], None)
    if marks.progress and not marks.progress.finished:
        next_episode = marks.progress.episode
    else:
        next_episode = await first_episode(tx, title_id)
    seasons = await seasons_of(tx, facts[title_id], asking)
    return _detail_of(row, marks, access, credits_, seasons, next_episode)


def _detail_of(
    row: Row,
    marks: Marks,
    access: dict[str, Any],
    credits_: Sequence[Row],
    seasons: list[SeasonOut],
    next_episode: EpisodeRef | None,
) -> TitleDetail:
    same_names = (
        "original_name",
        "synopsis",
        "ai_description",
        "countries",
        "studios",
        "audio_languages",
        "subtitle_languages",
        "mood_tags",
        "theme_tags",
        "external_ids",
        "has_trailer",
        "playable",
        "version",
    )
    return TitleDetail.model_construct(
        **card_fields(row, marks, genres_in(row)),
        **access,
        **{name: row[name] for name in same_names},
        credits=[Credit.model_construct(**credit) for credit in credits_],
        seasons=seasons,
        segments=segments_of(row["segments"]),
        next_episode=next_episode,
    )


async def _why_invisible(
    tx: ReadTx, viewer: Viewer, title_id: UUID, *, reveal_territories: bool
) -> Problem:
    """Why a title cannot be seen: not at all, or not in this country."""
    if reveal_territories and await tx.scalar(
        _ELSEWHERE, title_id=title_id, **visibility_of(viewer)
    ):
        return NotInTerritory()
    return NotFound()
