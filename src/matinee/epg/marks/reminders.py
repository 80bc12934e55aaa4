"""Reminders of airings (L-08): when one is due, the guide says at the time of asking."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from matinee.accounts.viewer import Viewer
from matinee.core.database import ReadTx, Row, WriteTx
from matinee.core.errors import Conflict, InvalidValue, NotFound
from matinee.core.paging import decode_cursor, encode_cursor
from matinee.entitlements.channels import AIRING_SUITABLE, CHANNEL_VISIBLE
from matinee.epg.guide.schemas import GuideChannel
from matinee.epg.guide.seeing import visibility_of
from matinee.epg.guide.shapes import CHANNEL_FIELDS
from matinee.epg.marks.reminder_series import follow_series
from matinee.epg.marks.schemas import CreateReminder, ReminderOut, ReminderPage
from matinee.viewing.service import hold_profile

MOST_REMINDERS = 1000
FIRST = datetime.min.replace(tzinfo=UTC)

_AIRING = f"""
    SELECT s.id, s.channel_id, s.starts_at, p.title, p.series_key,
           s.starts_at <= clock_timestamp() AS begun
    FROM schedule_entries s
    JOIN channels c ON c.id = s.channel_id
    JOIN programmes p ON p.id = s.programme_id
    WHERE s.id = :airing_id AND {CHANNEL_VISIBLE} AND {AIRING_SUITABLE}
"""
_COUNT = """
    SELECT count(*) FROM schedule_reminders
    WHERE user_id = :user_id AND profile_id = :profile_id AND kind = 'airing'
      AND deleted_at IS NULL AND airing_id <> :airing_id
"""
# Whoever asks for it by name wants it, whatever was deleted before.
_REMIND = """
    INSERT INTO schedule_reminders AS r (user_id, profile_id, airing_id, kind, series_id,
                                         channel_id, title, starts_at, lead_minutes)
    VALUES (:user_id, :profile_id, :airing_id, :kind, :series_id,
            :channel_id, :title, :starts_at, :lead_minutes)
    ON CONFLICT (user_id, profile_id, airing_id) DO UPDATE
    SET kind = CASE WHEN 'airing' IN (r.kind, excluded.kind) THEN 'airing' ELSE 'series' END,
        series_id = coalesce(excluded.series_id, r.series_id),
        lead_minutes = excluded.lead_minutes, deleted_at = NULL,
        sent_at = CASE WHEN r.lead_minutes = excluded.lead_minutes THEN r.sent_at END
    RETURNING id
"""
_LISTED = f"""
    SELECT r.id AS reminder_id, r.kind, r.series_id, r.airing_id, r.lead_minutes,
           s.starts_at, s.ends_at,
           s.starts_at - make_interval(mins => r.lead_minutes) AS remind_at,
           p.title, p.sub_title, {CHANNEL_FIELDS}
    FROM schedule_reminders r
    JOIN schedule_entries s ON s.id = r.airing_id
    JOIN channels c ON c.id = s.channel_id
    JOIN programmes p ON p.id = s.programme_id
    WHERE r.user_id = :user_id AND r.profile_id = :profile_id AND r.deleted_at IS NULL
      AND {CHANNEL_VISIBLE} AND {AIRING_SUITABLE}
"""
_PAGE = f"""
    {_LISTED} AND s.starts_at > statement_timestamp()
      AND (s.starts_at, s.id) > (:after_start::timestamptz, :after_id::bigint)
    ORDER BY s.starts_at, s.id LIMIT :wanted
"""
_ONE = f"{_LISTED} AND r.id = :id"
_DELETE = """
    UPDATE schedule_reminders SET deleted_at = clock_timestamp()
    WHERE user_id = :user_id AND profile_id = :profile_id AND id = :id AND deleted_at IS NULL
"""


class RemindersFull(Conflict):
    """There are too many reminders; delete some first."""


async def create_reminder(tx: WriteTx, viewer: Viewer, wish: CreateReminder) -> ReminderOut:
    """Be reminded of an airing or of its series; asked for again, the lead time changes.

    Raises:
        NotFound: there is no such airing, or the viewer may not see it.
        InvalidValue: it has begun, or belongs to no series.
        RemindersFull: the profile has `MOST_REMINDERS` of single airings.
        SeriesFull: it follows too many series.
    """
    await hold_profile(tx, viewer)
    airing = await tx.one(_AIRING, airing_id=wish.airing_id, **visibility_of(viewer))
    if airing is None:
        raise NotFound("airing_id")
    if airing["begun"]:
        raise InvalidValue("airing_id", message="This programme has begun.")
    series_id = None
    if wish.kind == "series":
        series_id = await follow_series(tx, viewer, airing, wish)
    elif await tx.scalar(_COUNT, airing_id=airing["id"], **_own(viewer)) >= MOST_REMINDERS:
        raise RemindersFull(limit=MOST_REMINDERS)
    reminder_id = await tx.scalar(
        _REMIND,
        airing_id=airing["id"],
        kind=wish.kind,
        series_id=series_id,
        channel_id=airing["channel_id"],
        title=airing["title"],
        starts_at=airing["starts_at"],
        lead_minutes=wish.lead_minutes,
        **_own(viewer),
    )
    row = await tx.one(_ONE, id=reminder_id, **_own(viewer), **visibility_of(viewer))
    assert row is not None
    return _reminder(row)


async def list_reminders(
    tx: ReadTx, viewer: Viewer, cursor: str | None, page_size: int
) -> ReminderPage:
    """Reminders of what is still to come, soonest first; hidden programmes are left out.

    Raises:
        BadCursor: it is of another list.
    """
    start, after = decode_cursor(cursor, (datetime, int)) if cursor else (None, None)
    rows = await tx.all(
        _PAGE,
        after_start=start or FIRST,
        after_id=after or 0,
        wanted=page_size + 1,
        **_own(viewer),
        **visibility_of(viewer),
    )
    items = [_reminder(row) for row in rows[:page_size]]
    more = len(rows) > page_size
    last = items[-1] if more else None
    next_cursor = encode_cursor(last.starts_at.isoformat(), last.airing_id) if last else None
    return ReminderPage(items=items, next_cursor=next_cursor)


async def delete_reminder(tx: WriteTx, viewer: Viewer, reminder_id: UUID) -> None:
    """Be reminded no more; an occurrence of a series stays away though the series goes on.

    Raises:
        NotFound: the profile has no such reminder.
    """
    if not await tx.execute(_DELETE, id=reminder_id, **_own(viewer)):
        raise NotFound()


def _own(viewer: Viewer) -> dict[str, Any]:
    return {"user_id": viewer.household, "profile_id": viewer.profile}


def _reminder(row: Row) -> ReminderOut:
    channel = GuideChannel(**{name: row[name] for name in GuideChannel.model_fields})
    names = ReminderOut.model_fields.keys() - {"id", "channel"}
    return ReminderOut(
        id=row["reminder_id"], channel=channel, **{name: row[name] for name in names}
    )
