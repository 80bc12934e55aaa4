"""What plans are made from besides themselves: media, titles that play them, age ratings."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from matinee.core.database import ReadTx
from matinee.epg.ratings import Ratings, known_ratings
from matinee.playback.linear.schemas import Pick, WritePlan, fillings_of, media_of

_LENGTHS = "SELECT slug, segment_count FROM media_files WHERE slug = ANY (:slugs::text[])"
_LOCK_MEDIA = f"{_LENGTHS} ORDER BY slug FOR KEY SHARE"
_NAME = "SELECT name FROM media_files WHERE slug = :slug"

# The first main asset of ours of every published film and episode.
_PLAYABLE = """
    SELECT DISTINCT ON (t.id, a.episode_id)
           a.id AS asset_id, t.id AS title_id, e.id AS episode_id, m.slug, m.segment_count, t.kind,
           t.name, t.year, t.language, t.genres, t.mood_tags,
           ARRAY(SELECT g.name FROM genres g WHERE g.slug = ANY (t.genres)
                 ORDER BY array_position(t.genres, g.slug)) AS genre_names,
           t.maturity_label, t.maturity_score, t.external_id,
           coalesce(e.synopsis, t.synopsis) AS synopsis,
           coalesce(e.runtime_minutes, t.runtime_minutes) AS runtime_minutes,
           s.number AS season, e.number AS episode, e.name AS episode_name
    FROM media_assets a
    JOIN media_files m ON m.slug = a.url
    JOIN titles t ON t.id = a.title_id AND t.status = 'published'
    LEFT JOIN episodes e ON e.id = a.episode_id
    LEFT JOIN seasons s ON s.id = e.season_id
    WHERE a.kind = 'main' AND a.protocol = 'builtin'
      AND (a.episode_id IS NULL OR e.status = 'published')
      AND (:genres::text[] IS NULL OR t.genres && :genres)
    ORDER BY t.id, a.episode_id, a.position, a.id
"""


@dataclass(frozen=True, slots=True)
class Playable:
    """A film or an episode of the catalogue that plays media of ours."""

    asset_id: UUID
    title_id: UUID
    episode_id: UUID | None
    slug: str
    segment_count: int
    kind: str
    name: str
    year: int | None
    language: str | None
    genres: list[str]
    mood_tags: list[str]
    genre_names: list[str]
    maturity_label: str | None
    maturity_score: int | None
    external_id: str | None
    synopsis: str | None
    runtime_minutes: int | None
    season: int | None
    episode: int | None
    episode_name: str | None


@dataclass(frozen=True, slots=True)
class Facts:
    """What is there at the moment of planning; `lengths` are segments by the slug of media."""

    lengths: dict[str, int]
    filler_name: str
    titles: tuple[Playable, ...]
    ratings: Ratings
    assets: dict[UUID, str]
    """What the media assets of the titles play."""


async def read_facts(tx: ReadTx, wish: WritePlan, country: str | None) -> Facts:
    """All that a plan needs; titles only where it picks any."""
    picks = [filling.pick for filling in fillings_of(wish.plan) if filling.pick is not None]
    titles = await _titles(tx, picks) if picks else []
    lengths = await read_lengths(tx, media_of(wish))
    lengths.update((title.slug, title.segment_count) for title in titles)
    name: str = await tx.scalar(_NAME, slug=wish.filler)
    assets = {title.asset_id: title.slug for title in titles}
    ratings = await known_ratings(tx, country)
    return Facts(lengths, name, tuple(titles), ratings, assets)


async def _titles(tx: ReadTx, picks: Sequence[Pick]) -> list[Playable]:
    """What any of the picks could mean, series in the order of their episodes."""
    named = {genre for pick in picks for genre in pick.genres}
    genres = sorted(named) if all(pick.genres for pick in picks) else None
    titles = [Playable(*row.values()) for row in await tx.all(_PLAYABLE, genres=genres)]
    return sorted(titles, key=lambda t: (t.title_id, t.season or 0, t.episode or 0))


async def read_lengths(tx: ReadTx, slugs: Iterable[str]) -> dict[str, int]:
    """How many segments media have; those that are not there are left out."""
    rows = await tx.all(_LENGTHS, slugs=sorted(set(slugs)))
    return {row["slug"]: row["segment_count"] for row in rows}


async def hold_media(tx: ReadTx, slugs: Iterable[str]) -> dict[str, int]:
    """The same, and nobody deletes them until the transaction ends."""
    rows = await tx.all(_LOCK_MEDIA, slugs=sorted(set(slugs)))
    return {row["slug"]: row["segment_count"] for row in rows}
