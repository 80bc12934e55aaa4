"""Reminders of whole series: new airings join by themselves, deleted ones stay away."""

from collections.abc import Sequence
from uuid import UUID

from matinee.accounts.viewer import Viewer
from matinee.core.database import ReadTx, Row, WriteTx
from matinee.core.errors import Conflict, InvalidValue, NotFound
from matinee.core.jobs import EVERY_HOUR, JobRun, job
from matinee.entitlements.channels import AIRING_SUITABLE, CHANNEL_VISIBLE
from matinee.epg.events import GUIDE_CHANGED
from matinee.epg.guide.seeing import visibility_of
from matinee.epg.marks.schemas import CreateReminder, ReminderSeriesList, ReminderSeriesOut
from matinee.runtime import Runtime
from matinee.viewing.service import hold_profile

MOST_SERIES = 200

_SAME_SERIES = """
    SELECT id FROM reminder_series
    WHERE user_id = :user_id AND profile_id = :profile_id AND series_key = :series_key
      AND channel_id IS NOT DISTINCT FROM :channel_id::uuid
"""
_COUNT_SERIES = """
    SELECT count(*) FROM reminder_series WHERE user_id = :user_id AND profile_id = :profile_id
"""
_ADD_SERIES = """
    INSERT INTO reminder_series (user_id, profile_id, series_key, title, channel_id, lead_minutes)
    VALUES (:user_id, :profile_id, :series_key, :title, :channel_id, :lead_minutes)
    RETURNING id
"""
_CHANGE_SERIES = """
    UPDATE reminder_series SET lead_minutes = :lead_minutes WHERE user_id = :user_id AND id = :id
"""
_CHANGE_OCCURRENCES = """
    UPDATE schedule_reminders SET lead_minutes = :lead_minutes
    WHERE user_id = :user_id AND series_id = :id AND sent_at IS NULL
"""
# An occurrence that was deleted has its row, so it does not come back. Whoever leaves a series
# waits for those that join it, and takes them along; profiles come first, as when one is deleted.
_JOIN = """
    INSERT INTO schedule_reminders
        (user_id, profile_id, airing_id, kind, series_id, channel_id, title, starts_at,
         lead_minutes)
    SELECT r.user_id, r.profile_id, s.id, 'series', r.id, s.channel_id, p.title, s.starts_at,
           r.lead_minutes
    FROM reminder_series r
    JOIN profiles who ON who.user_id = r.user_id AND who.id = r.profile_id
    JOIN programmes p ON p.series_key = r.series_key
    JOIN schedule_entries s ON s.programme_id = p.id
    WHERE s.starts_at > clock_timestamp()
      AND (r.channel_id IS NULL OR r.channel_id = s.channel_id)
      AND {of}
    ORDER BY r.user_id, r.profile_id, s.id
    FOR KEY SHARE OF who, r
    ON CONFLICT (user_id, profile_id, airing_id) DO NOTHING
"""
_JOIN_OF_SERIES = _JOIN.format(of="r.user_id = :user_id AND r.id = :id")
_JOIN_OF_CHANNELS = "-- cross-user\n" + _JOIN.format(of="s.channel_id = ANY (:channel_ids::uuid[])")
# One that the guide knows nothing of (any more) counts as unrated.
_SERIES = f"""
    SELECT r.id, r.title, r.channel_id, r.lead_minutes, r.created_at FROM reminder_series r
    WHERE r.user_id = :user_id AND r.profile_id = :profile_id
      AND (r.channel_id IS NULL OR EXISTS (
          SELECT FROM channels c WHERE c.id = r.channel_id AND {CHANNEL_VISIBLE}
      ))
      AND (
          SELECT coalesce(bool_or(coalesce({AIRING_SUITABLE}, false)), NOT :block_unrated::bool)
          FROM programmes p WHERE p.series_key = r.series_key
      )
    ORDER BY r.created_at DESC, r.id
"""
_DELETE_SERIES = """
    DELETE FROM reminder_series
    WHERE user_id = :user_id AND profile_id = :profile_id AND id = :id
"""
_DELETE_OCCURRENCES = """
    DELETE FROM schedule_reminders
    WHERE user_id = :user_id AND profile_id = :profile_id AND series_id = :id AND kind = 'series'
"""
# What the guide has dropped is over a day after it should have begun.
_FORGET_PAST = """
    -- cross-user
    DELETE FROM schedule_reminders r
    WHERE r.starts_at < clock_timestamp() - interval '1 day'
      AND NOT EXISTS (
          SELECT FROM schedule_entries s
          WHERE s.id = r.airing_id AND s.ends_at > clock_timestamp() - interval '1 day'
      )
"""


class SeriesFull(Conflict):
    """There are too many series to be reminded of; delete some first."""


async def follow_series(tx: WriteTx, viewer: Viewer, airing: Row, wish: CreateReminder) -> UUID:
    """Be reminded of all airings to come of an airing's series; asked again, the lead changes.

    Raises:
        InvalidValue: it belongs to no series.
        SeriesFull: the profile has `MOST_SERIES`.
    """
    if airing["series_key"] is None:
        raise InvalidValue("kind", message="This programme belongs to no series.")
    series_id = await _put_series(tx, viewer, airing, wish)
    of_series = {"user_id": viewer.household, "id": series_id}
    await tx.execute(_CHANGE_OCCURRENCES, lead_minutes=wish.lead_minutes, **of_series)
    await tx.execute(_JOIN_OF_SERIES, **of_series)
    return series_id


async def _put_series(tx: WriteTx, viewer: Viewer, airing: Row, wish: CreateReminder) -> UUID:
    own = {"user_id": viewer.household, "profile_id": viewer.profile}
    key = {
        "series_key": airing["series_key"],
        "channel_id": None if wish.on_any_channel else airing["channel_id"],
    }
    known: UUID | None = await tx.scalar(_SAME_SERIES, **own, **key)
    if known is not None:
        lead = wish.lead_minutes
        await tx.execute(_CHANGE_SERIES, user_id=viewer.household, id=known, lead_minutes=lead)
        return known
    if await tx.scalar(_COUNT_SERIES, **own) >= MOST_SERIES:
        raise SeriesFull(limit=MOST_SERIES)
    made: UUID = await tx.scalar(
        _ADD_SERIES, title=airing["title"], lead_minutes=wish.lead_minutes, **own, **key
    )
    return made


async def list_series(tx: ReadTx, viewer: Viewer) -> ReminderSeriesList:
    """The series that the profile is reminded of, without those that it may not see (any more)."""
    rows = await tx.all(
        _SERIES, user_id=viewer.household, profile_id=viewer.profile, **visibility_of(viewer)
    )
    return ReminderSeriesList(items=[ReminderSeriesOut(**row) for row in rows])


async def forget_series(tx: WriteTx, viewer: Viewer, series_id: UUID) -> None:
    """Be reminded of a series no more; what was asked for by itself stays.

    Raises:
        NotFound: the profile follows no such series.
    """
    await hold_profile(tx, viewer)
    which = {"user_id": viewer.household, "profile_id": viewer.profile, "id": series_id}
    if not await tx.execute(_DELETE_SERIES, **which):
        raise NotFound()
    await tx.execute(_DELETE_OCCURRENCES, **which)


async def join_series(tx: WriteTx, channel_ids: Sequence[UUID]) -> None:
    """Let airings to come of channels join the series that somebody follows."""
    await tx.execute(_JOIN_OF_CHANNELS, channel_ids=list(channel_ids))


@job("epg.join_reminders", follows=GUIDE_CHANGED)
async def join_reminders(runtime: Runtime, _run: JobRun, channel_ids: list[str], rev: int) -> None:
    """Let new airings join the series that somebody follows."""
    async with runtime.database.write() as tx:
        await join_series(tx, [UUID(one) for one in channel_ids])


@job("epg.forget_reminders", every=EVERY_HOUR)
async def forget_reminders(runtime: Runtime, _run: JobRun) -> None:
    """Drop reminders of what is over."""
    async with runtime.database.write() as tx:
        await tx.execute(_FORGET_PAST)
