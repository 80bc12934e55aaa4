"""What people of the demo did: watched, rated, listed; stored by the product's own means."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from matinee.core.database import ReadTx, WriteTx
from matinee.recommendations.top_rated import score_all
from matinee.recommendations.trend_counting import recount
from matinee.viewing.progress.bookmarks import FINISHED_SHARE, Mark
from matinee.viewing.sessions.courses import PLAY_SECONDS
from matinee.viewing.taste import refresh_signals

SOME_SECONDS = 1200
"""The length of what does not say its own."""
HALF_HOUR = 1800
BOOKMARK = (
    "user_id", "profile_id", "title_id", "item_id", "episode_id", "position_seconds",
    "duration_seconds", "finished", "starts", "watched_seconds", "created_at", "updated_at",
)  # fmt: skip

_FILMS = """
    SELECT t.id, t.external_id, t.genres, coalesce(t.year, 1930) AS year,
           (SELECT count(*) FROM collection_items i WHERE i.title_id = t.id)
               + t.is_featured::int AS praise,
           t.maturity_score <= 9 AS for_kids, coalesce(t.runtime_minutes * 60, :some) AS seconds,
           ARRAY(
               SELECT p.name FROM title_people c JOIN people p ON p.id = c.person_id
               WHERE c.title_id = t.id AND c.role = 'director' ORDER BY c.position
           ) || t.theme_tags || t.tags AS marks,
           ARRAY(
               SELECT e.id FROM episodes e JOIN seasons s ON s.id = e.season_id
               WHERE e.title_id = t.id ORDER BY s.number, e.number
           ) AS episodes
    FROM titles t WHERE t.external_id LIKE 'demo:%' ORDER BY t.external_id
"""


@dataclass(frozen=True)
class Film:
    """A title of the demo, as far as tastes look at it; a series has episodes.

    `praise` counts the editors' collections it is in, and being featured; `marks` are what people
    may love it for: its directors, themes, tags.
    """

    id: UUID
    external_id: str
    genres: list[str]
    year: int
    praise: int
    for_kids: bool
    seconds: int
    marks: list[str]
    episodes: list[UUID]


@dataclass
class Life:
    """What one profile did so far."""

    user_id: UUID
    profile_id: UUID
    territory: str = "US"
    audience: str = "standard"
    marks: list[Mark] = field(default_factory=list)
    ratings: list[tuple[UUID, int, datetime]] = field(default_factory=list)
    listed: list[tuple[UUID, datetime]] = field(default_factory=list)
    browsed: list[tuple[UUID, datetime]] = field(default_factory=list)

    def watch(
        self, film: Film, share: float, at: datetime, *, starts: int = 1, episode: int = 0
    ) -> None:
        """Watch a share of a movie, or of an episode of a series (the first is 0), until `at`."""
        mark = Mark(
            self.user_id,
            self.profile_id,
            film.id,
            film.episodes[episode] if film.episodes else None,
            position_seconds=int(share * film.seconds),
            at=at,
            duration_seconds=film.seconds,
            watched_seconds=int(share * film.seconds),
            starts=starts,
            finished=share >= FINISHED_SHARE,
        )
        self.marks.append(mark)

    def rate(self, film: Film, value: int, at: datetime) -> None:
        """Say what it was like: -1, 1 or 2."""
        self.ratings.append((film.id, value, at))

    @property
    def touched(self) -> set[tuple[UUID, UUID, UUID]]:
        """The titles about which something was said, each with whose opinion it is."""
        titles = {mark.title_id for mark in self.marks}
        titles |= {rating[0] for rating in self.ratings} | {listed[0] for listed in self.listed}
        return {(self.user_id, self.profile_id, title_id) for title_id in titles}


async def read_films(tx: ReadTx) -> dict[str, Film]:
    """The titles of the demo by external id."""
    rows = await tx.all(_FILMS, some=SOME_SECONDS)
    return {row["external_id"]: Film(**row) for row in rows}


async def store(tx: WriteTx, lives: Sequence[Life]) -> None:
    """Store lives, and all that follows from them: signals, trends, scores."""
    await tx.copy("bookmarks", BOOKMARK, _bookmarks(lives))
    for table, columns, rows in (
        ("watchlist", ("added_at",), _owned(lives, "listed")),
        ("title_views", ("viewed_at",), _owned(lives, "browsed")),
        ("ratings", ("value", "rated_at"), _owned(lives, "ratings")),
        ("trend_plays", ("day", "territory", "audience"), sorted(set(_plays(lives)))),
    ):
        await tx.copy(table, ("user_id", "profile_id", "title_id", *columns), rows)
    await refresh_signals(tx, set().union(*(life.touched for life in lives)))
    await recount(tx)
    await score_all(tx)


async def store_watch_time(tx: WriteTx, lives: Iterable[Life]) -> None:
    """Store how long people watched, half hour by half hour."""
    seconds: dict[tuple[Any, ...], int] = {}
    for life in lives:
        for mark in life.marks:
            for half_hour, watched in _half_hours(mark):
                key = (life.user_id, life.profile_id, half_hour, mark.title_id)
                seconds[key] = min(HALF_HOUR, seconds.get(key, 0) + watched)
    columns = ("user_id", "profile_id", "half_hour", "watched_id", "seconds")
    await tx.copy("watch_time", columns, ((*key, value) for key, value in seconds.items()))


def _owned(lives: Iterable[Life], facts: str) -> Iterable[tuple[Any, ...]]:
    for life in lives:
        for fact in getattr(life, facts):
            yield life.user_id, life.profile_id, *fact


def _bookmarks(lives: Iterable[Life]) -> Iterable[tuple[Any, ...]]:
    """What `save_bookmarks` would make of the marks, of which each item has one here."""
    for life in lives:
        for mark in life.marks:
            position = 0 if mark.finished else mark.position_seconds
            yield (
                *mark.item, mark.episode_id, position, mark.duration_seconds, mark.finished,
                mark.starts, mark.watched_seconds, mark.at, mark.at,
            )  # fmt: skip


def _plays(lives: Iterable[Life]) -> Iterable[tuple[Any, ...]]:
    for life in lives:
        for mark in life.marks:
            if mark.watched_seconds >= PLAY_SECONDS:
                owner = life.user_id, life.profile_id
                yield *owner, mark.title_id, mark.at.date(), life.territory, life.audience


def _half_hours(mark: Mark) -> Iterable[tuple[datetime, int]]:
    """The half hours in which this was watched, up to its moment, and for how many seconds."""
    left, until = mark.watched_seconds, mark.at
    while left > 0:
        start = until.replace(minute=until.minute // 30 * 30, second=0, microsecond=0)
        if start == until:
            start -= timedelta(minutes=30)
        watched = min(left, int((until - start).total_seconds()) or 1)
        yield start, watched
        left, until = left - watched, start
