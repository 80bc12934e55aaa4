"""How much a profile watched, when, and of what (P-03): from confirmed time per half hour."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from matinee.accounts.viewer import Viewer
from matinee.catalog.cards import GENRE_NAME, cards_for
from matinee.core.database import ReadTx, Row
from matinee.core.errors import Forbidden, NotFound
from matinee.entitlements.visibility import VISIBLE, visibility_of
from matinee.viewing.progress.history import FORGOTTEN
from matinee.viewing.schemas import DayOut, GenreTime, ProfileStats, StatsRange, WatchedCard
from matinee.viewing.sessions.limits import zone_of

DAYS: dict[StatsRange, int | None] = {"7d": 7, "30d": 30, "180d": 180, "365d": 365, "all": None}
BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
MOST_TITLES = 10
ONE_DAY = timedelta(days=1)

_PROFILE = """
    SELECT kind, time_zone, clock_timestamp() AS now FROM profiles
    WHERE user_id = :user_id AND id = :profile_id
"""
_SLOTS = """
    SELECT half_hour, sum(seconds) AS seconds,
           coalesce(sum(seconds) FILTER (WHERE live), 0) AS live_seconds
    FROM watch_time
    WHERE user_id = :user_id AND profile_id = :watcher AND half_hour >= :since
      AND watched_id <> :forgotten
    GROUP BY half_hour ORDER BY half_hour
"""
_WATCHED = """
    (
        SELECT watched_id, sum(seconds) AS seconds FROM watch_time
        WHERE user_id = :user_id::uuid AND profile_id = :watcher AND half_hour >= :since
          AND NOT live
        GROUP BY watched_id
    ) AS watched
    JOIN titles t ON t.id = watched.watched_id
"""
_TITLES = f"""
    SELECT t.id, watched.seconds FROM {_WATCHED}
    WHERE {VISIBLE} ORDER BY watched.seconds DESC, t.id LIMIT {MOST_TITLES}
"""
_GENRES = f"""
    SELECT g.slug, {GENRE_NAME} AS name,
           round(sum(watched.seconds::numeric / cardinality(t.genres)))::bigint AS seconds
    FROM {_WATCHED} CROSS JOIN unnest(t.genres) AS of(slug) JOIN genres g ON g.slug = of.slug
    WHERE {VISIBLE}
    GROUP BY g.slug ORDER BY seconds DESC, g.slug
"""


class Slot(NamedTuple):
    """Seconds watched in the half hour that begins at a moment."""

    half_hour: datetime
    seconds: int
    live_seconds: int = 0


class Figures(NamedTuple):
    """Slots summed up by the clocks of a time zone."""

    per_day: dict[date, int]
    by_weekday: list[int]
    by_hour: list[int]
    seconds: int
    live_seconds: int

    @property
    def days_watched(self) -> list[date]:
        """The days on which something was watched, in order."""
        return [day for day, seconds in self.per_day.items() if seconds]


async def profile_stats(
    tx: ReadTx, viewer: Viewer, profile_id: UUID, span: StatsRange
) -> ProfileStats:
    """What a profile of the household watched, in six statements.

    Raises:
        Forbidden: a kids profile asks about another one.
        NotFound: the household has no such profile.
    """
    if viewer.is_kids and profile_id != viewer.profile_id:
        raise Forbidden()
    profile = await profile_of(tx, viewer, profile_id)
    return await _stats(tx, viewer, profile_id, profile, span)


async def profile_of(tx: ReadTx, viewer: Viewer, profile_id: UUID) -> Row:
    """Kind and time zone of a profile of the household, and the time.

    Raises:
        NotFound: the household has none of that id.
    """
    row = await tx.one(_PROFILE, user_id=viewer.household, profile_id=profile_id)
    if row is None:
        raise NotFound()
    return row


async def _stats(
    tx: ReadTx, viewer: Viewer, profile_id: UUID, profile: Row, span: StatsRange
) -> ProfileStats:
    zone = zone_of(profile["time_zone"])
    today = profile["now"].astimezone(zone).date()
    first = first_day_of(span, today)
    mine = {"watcher": profile_id, "since": midnight(first, zone) if first else BEGINNING}
    rows = await tx.all(_SLOTS, user_id=viewer.household, forgotten=FORGOTTEN, **mine)
    figures = summed([Slot(*row) for row in rows], zone, first, today)
    sees = visibility_of(viewer) | mine
    titles = {row["id"]: row["seconds"] for row in await tx.all(_TITLES, **sees)}
    cards = await cards_for(tx, viewer, list(titles))
    genres = await tx.all(_GENRES, languages=list(viewer.languages), **sees)
    return ProfileStats.model_construct(
        range=span,
        time_zone=zone.key,
        first_day=min(figures.per_day),
        last_day=today,
        hours=round(figures.seconds / 3600, 2),
        seconds=figures.seconds,
        live_seconds=figures.live_seconds,
        days_watched=len(figures.days_watched),
        longest_streak_days=longest_streak(figures.days_watched),
        per_day=[DayOut.model_construct(day=d, seconds=s) for d, s in figures.per_day.items()],
        by_weekday=figures.by_weekday,
        by_hour=figures.by_hour,
        genres=[GenreTime.model_construct(**row) for row in genres],
        top_titles=[
            WatchedCard.model_construct(**dict(card), seconds=titles[card.id]) for card in cards
        ],
    )


def first_day_of(span: StatsRange, today: date) -> date | None:
    """The first day of a range that ends today; None where it has no beginning."""
    days = DAYS[span]
    return today - timedelta(days=days - 1) if days else None


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """The moment at which a day begins; where a clock change skips 0:00, the one of the change."""
    return datetime.combine(day, time.min, zone).astimezone(UTC)


def summed(slots: Iterable[Slot], zone: ZoneInfo, first: date | None, last: date) -> Figures:
    """Sums by day, weekday and hour of the zone's clocks, every day from `first` to `last`.

    Without a first day they begin with the first slot. A half hour belongs to the day and hour in
    which it begins; an hour that a clock change repeats is one.
    """
    local = [(slot.half_hour.astimezone(zone), slot) for slot in slots]
    begun = first or min([at.date() for at, _ in local] + [last])
    local = [(at, slot) for at, slot in local if begun <= at.date() <= last]
    per_day: Counter[date] = Counter()
    per_hour: Counter[int] = Counter()
    for at, slot in local:
        per_day[at.date()] += slot.seconds
        per_hour[at.hour] += slot.seconds
    days = [begun + n * ONE_DAY for n in range((last - begun).days + 1)]
    return Figures(
        {day: per_day[day] for day in days},
        [sum(s for day, s in per_day.items() if day.weekday() == weekday) for weekday in range(7)],
        [per_hour[hour] for hour in range(24)],
        sum(slot.seconds for _, slot in local),
        sum(slot.live_seconds for _, slot in local),
    )


def longest_streak(days: Sequence[date]) -> int:
    """How many of these days follow one another at most; they are in order, each once."""
    longest = current = 0
    previous: date | None = None
    for day in days:
        current = current + 1 if previous is not None and day - previous == ONE_DAY else 1
        longest = max(longest, current)
        previous = day
    return longest
