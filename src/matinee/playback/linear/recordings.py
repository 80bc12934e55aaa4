"""From live to video on demand: a recording is a time of a channel whose runs stay."""

from uuid import UUID

from matinee.accounts.changes import write_down
from matinee.accounts.viewer import Viewer
from matinee.core.database import ReadTx, Row, WriteTx
from matinee.core.errors import InvalidValue, NotFound
from matinee.core.jobs import enqueue
from matinee.core.paging import decode_cursor, encode_cursor
from matinee.playback.grid import sequence_at
from matinee.playback.linear.locking import edge_of
from matinee.playback.linear.plans import NotLinear
from matinee.playback.linear.scheduling import schedule_one
from matinee.playback.linear.schemas import CreateRecording, Recording, Recordings

_KIND = "SELECT kind FROM channels WHERE id = :channel_id"
# Nobody deletes old runs of a channel while its plan is ours.
_LOCK_PLAN = "SELECT 1 FROM linear_plans WHERE channel_id = :channel_id FOR NO KEY UPDATE"
_IS_KEPT = """
    SELECT coalesce(min(first_sequence) <= :since AND max(ending) >= :until
                    AND bool_and(ending = following OR following IS NULL), false)
    FROM (
        SELECT first_sequence, first_sequence + segment_count AS ending,
               lead(first_sequence) OVER (ORDER BY first_sequence) AS following
        FROM playout_runs
        WHERE channel_id = :channel_id
          AND first_sequence + segment_count > :since AND first_sequence < :until
    ) AS runs
"""
_ADD = """
    INSERT INTO channel_recordings (channel_id, name, starts_at, ends_at)
    VALUES (:channel_id, :name, :starts_at, :ends_at) RETURNING *
"""
_LIST = """
    SELECT * FROM channel_recordings
    WHERE channel_id = :channel_id AND (:after::uuid IS NULL OR id < :after)
    ORDER BY id DESC LIMIT :limit
"""
_ONE = """
    SELECT * FROM channel_recordings WHERE channel_id = :channel_id AND id = :recording_id
    FOR UPDATE
"""
_DELETE = "DELETE FROM channel_recordings WHERE id = :recording_id"


async def create_recording(
    tx: WriteTx, staff: Viewer, channel_id: UUID, wish: CreateRecording
) -> Recording:
    """Keep what a channel played, or will play, in a time.

    Raises:
        NotFound: there is no such channel.
        NotLinear: its stream comes from elsewhere, or it has no plan.
        InvalidValue: what it played then is not kept any more.
    """
    kind = await tx.scalar(_KIND, channel_id=channel_id)
    if kind is None:
        raise NotFound()
    if kind != "linear" or not await tx.scalar(_LOCK_PLAN, channel_id=channel_id):
        raise NotLinear()
    edge = await edge_of(tx, channel_id)
    since = sequence_at(wish.starts_at.timestamp())
    until = min(sequence_at(wish.ends_at.timestamp() - 1e-3) + 1, edge.sequence) if edge else since
    if since < until and not await tx.scalar(
        _IS_KEPT, channel_id=channel_id, since=since, until=until
    ):
        raise InvalidValue("starts_at", message="That time is not kept any more.")
    row = await tx.one(_ADD, channel_id=channel_id, **wish.model_dump())
    assert row is not None
    recording = _shown(row)
    targets = {"channel": channel_id, "recording": recording.id}
    await write_down(tx, staff, "recording.create", targets, after=recording)
    return recording


async def list_recordings(
    tx: ReadTx, channel_id: UUID, cursor: str | None, page_size: int
) -> Recordings:
    """One page of a channel's recordings, the newest first.

    Raises:
        NotFound: there is no such channel.
        BadCursor: the cursor is not one of ours.
    """
    if await tx.scalar(_KIND, channel_id=channel_id) is None:
        raise NotFound()
    after = decode_cursor(cursor, [UUID])[0] if cursor else None
    rows = await tx.all(_LIST, channel_id=channel_id, after=after, limit=page_size + 1)
    items = [_shown(row) for row in rows[:page_size]]
    more = len(rows) > page_size
    return Recordings(items=items, next_cursor=encode_cursor(items[-1].id) if more else None)


async def delete_recording(
    tx: WriteTx, staff: Viewer, channel_id: UUID, recording_id: UUID
) -> None:
    """Give a recording up; what it alone kept is deleted.

    Raises:
        NotFound: there is no such recording of the channel.
    """
    row = await tx.one(_ONE, channel_id=channel_id, recording_id=recording_id)
    if row is None:
        raise NotFound()
    await tx.execute(_DELETE, recording_id=recording_id)
    targets = {"channel": channel_id, "recording": recording_id}
    await write_down(tx, staff, "recording.delete", targets, before=_shown(row))
    await enqueue(tx, schedule_one, channel_id=str(channel_id), anew=False)


def _shown(row: Row) -> Recording:
    return Recording(**row)
