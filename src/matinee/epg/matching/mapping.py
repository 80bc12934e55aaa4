"""What staff says about matches: lists them, chooses, confirms, rejects, takes it back."""

from collections.abc import Collection, Iterable
from uuid import UUID

from matinee.accounts.changes import write_down
from matinee.accounts.viewer import Viewer
from matinee.core.database import ReadTx, WriteTx
from matinee.core.errors import InvalidValue, NotFound
from matinee.core.paging import decode_cursor, encode_cursor
from matinee.core.text import like_pattern
from matinee.epg.matching.events import map_changed
from matinee.epg.matching.names import spelled
from matinee.epg.matching.schemas import (
    Choice,
    MapSearch,
    PutChoices,
    SourceChannelOut,
    SourceChannels,
)

_STATE = """
    EXISTS (SELECT FROM channel_epg_map m
            WHERE m.source_id = s.source_id AND m.xmltv_id = s.xmltv_id AND m.state = {state})
"""
_CHANNELS = """
    SELECT s.source_id, s.xmltv_id, s.names, s.number, s.icon_url, s.programmes, s.seen_at,
           coalesce((
               SELECT jsonb_agg(jsonb_build_object(
                   'channel_id', m.channel_id, 'channel', c.name, 'method', m.method,
                   'state', m.state, 'score', m.score, 'shift_minutes', m.shift_minutes,
                   'locked', m.locked, 'changed_at', m.changed_at)
                   ORDER BY m.state = 'rejected', m.state, m.score DESC, c.name, c.id)
               FROM channel_epg_map m JOIN channels c ON c.id = m.channel_id
               WHERE m.source_id = s.source_id AND m.xmltv_id = s.xmltv_id
           ), '[]') AS matches
    FROM epg_source_channels s
"""
_ONE = f"{_CHANNELS} WHERE s.source_id = :source_id AND s.xmltv_id = :xmltv_id"
_LIST = f"""
    {_CHANNELS}
    WHERE (:source_id::uuid IS NULL OR s.source_id = :source_id)
      AND (:state::text IS NULL OR {_STATE.format(state=":state")})
      AND (:unmatched::bool IS NULL OR {_STATE.format(state="'applied'")} <> :unmatched)
      AND (:pattern::text IS NULL OR s.xmltv_id ILIKE :pattern
           OR array_to_string(s.names, chr(10)) ILIKE :pattern)
      AND (:after_source::uuid IS NULL
           OR (s.source_id, s.xmltv_id) > (:after_source, :after_id))
    ORDER BY s.source_id, s.xmltv_id LIMIT :wanted
"""
_LOCK = """
    SELECT names FROM epg_source_channels
    WHERE source_id = :source_id AND xmltv_id = :xmltv_id FOR UPDATE
"""
_FOUND = """
    SELECT id FROM channels WHERE id = ANY(:ids::uuid[]) AND kind = 'external'
    ORDER BY id FOR KEY SHARE
"""
_DROP_OTHERS = """
    DELETE FROM channel_epg_map
    WHERE source_id = :source_id AND NOT (xmltv_id = :xmltv_id AND channel_id = ANY(:ids::uuid[]))
      AND (xmltv_id = :xmltv_id AND state <> 'rejected'
           OR channel_id = ANY(:ids::uuid[]) AND NOT locked AND state = 'applied')
"""
_CHOOSE = """
    INSERT INTO channel_epg_map AS m
        (source_id, xmltv_id, channel_id, shift_minutes, method, state, score, locked)
    SELECT :source_id, :xmltv_id, w.channel_id, w.shift, 'manual', 'applied', 1, true
    FROM unnest(:ids::uuid[], :shifts::int[]) AS w(channel_id, shift) ORDER BY w.channel_id
    ON CONFLICT (source_id, xmltv_id, channel_id) DO UPDATE
    SET shift_minutes = excluded.shift_minutes, method = 'manual', state = 'applied', score = 1,
        locked = true, changed_at = clock_timestamp()
"""
_REJECT = """
    UPDATE channel_epg_map SET state = 'rejected', locked = false, changed_at = clock_timestamp()
    WHERE source_id = :source_id AND xmltv_id = :xmltv_id AND channel_id = :channel_id
"""
_FORGET = """
    DELETE FROM channel_epg_map WHERE source_id = :source_id AND xmltv_id = :xmltv_id
"""
_ADD_ALIASES = """
    INSERT INTO channel_aliases (channel_id, folded_name)
    SELECT channel_id, name FROM unnest(:ids::uuid[]) AS channel_id, unnest(:names::text[]) AS name
    ORDER BY channel_id, name ON CONFLICT DO NOTHING
"""
_DROP_ALIASES = """
    DELETE FROM channel_aliases
    WHERE channel_id = ANY(:ids::uuid[]) AND folded_name = ANY(:names::text[])
"""
MOST_ALIASES = 12


async def list_map(tx: ReadTx, wish: MapSearch) -> SourceChannels:
    """Channels of sources with their matches, by source and identifier.

    Raises:
        BadCursor: the cursor is none of ours.
    """
    after = decode_cursor(wish.cursor, (UUID, str)) if wish.cursor else (None, None)
    rows = await tx.all(
        _LIST,
        after_source=after[0],
        after_id=after[1],
        pattern=f"%{like_pattern(wish.q)}%" if wish.q else None,
        wanted=wish.page_size + 1,
        **wish.model_dump(include={"source_id", "state", "unmatched"}),
    )
    page = rows[: wish.page_size]
    more = len(rows) > len(page)
    return SourceChannels(
        items=[SourceChannelOut.model_validate(dict(row)) for row in page],
        next_cursor=encode_cursor(page[-1]["source_id"], page[-1]["xmltv_id"]) if more else None,
    )


async def get_mapped(tx: ReadTx, source_id: UUID, xmltv_id: str) -> SourceChannelOut:
    """A source's channel with its matches.

    Raises:
        NotFound: the source has no such channel.
    """
    row = await tx.one(_ONE, source_id=source_id, xmltv_id=xmltv_id)
    if row is None:
        raise NotFound()
    return SourceChannelOut.model_validate(dict(row))


async def put_map(
    tx: WriteTx, staff: Viewer, source_id: UUID, xmltv_id: str, wish: PutChoices
) -> SourceChannelOut:
    """Choose what a source's channel fills: its names become aliases, nothing rejected comes back.

    Raises:
        NotFound: the source has no such channel.
        InvalidValue: there is no such channel of ours, or it is one of our own media.
    """
    before = await _locked(tx, source_id, xmltv_id)
    await _choose(tx, before, wish.channels)
    return await _done(tx, staff, "epg_map.choose", before)


async def confirm_match(
    tx: WriteTx, staff: Viewer, source_id: UUID, xmltv_id: str, channel_id: UUID
) -> SourceChannelOut:
    """Say that a match is right; it is as if it had been chosen.

    Raises:
        NotFound: there is no such match.
    """
    before = await _locked(tx, source_id, xmltv_id)
    shifts = {match.channel_id: match.shift_minutes for match in before.matches}
    if channel_id not in shifts:
        raise NotFound()
    choice = Choice(channel_id=channel_id, shift_minutes=shifts[channel_id])
    await _choose(tx, before, [choice])
    return await _done(tx, staff, "epg_map.confirm", before)


async def reject_match(
    tx: WriteTx, staff: Viewer, source_id: UUID, xmltv_id: str, channel_id: UUID
) -> SourceChannelOut:
    """Say that a match is wrong; it is never made again.

    Raises:
        NotFound: there is no such match.
    """
    before = await _locked(tx, source_id, xmltv_id)
    key = {"source_id": source_id, "xmltv_id": xmltv_id, "channel_id": channel_id}
    if not await tx.execute(_REJECT, **key):
        raise NotFound()
    await tx.execute(_DROP_ALIASES, ids=[channel_id], names=_aliases_of(before))
    return await _done(tx, staff, "epg_map.reject", before)


async def forget_map(tx: WriteTx, staff: Viewer, source_id: UUID, xmltv_id: str) -> None:
    """Take back what was said of a source's channel; the next import matches it by itself.

    Raises:
        NotFound: the source has no such channel.
    """
    before = await _locked(tx, source_id, xmltv_id)
    await tx.execute(_DROP_ALIASES, ids=_locked_in(before), names=_aliases_of(before))
    await tx.execute(_FORGET, source_id=source_id, xmltv_id=xmltv_id)
    await _done(tx, staff, "epg_map.forget", before)


async def _locked(tx: WriteTx, source_id: UUID, xmltv_id: str) -> SourceChannelOut:
    """The source's channel, which is now ours to match."""
    if await tx.one(_LOCK, source_id=source_id, xmltv_id=xmltv_id) is None:
        raise NotFound()
    return await get_mapped(tx, source_id, xmltv_id)


async def _choose(tx: WriteTx, before: SourceChannelOut, choices: Collection[Choice]) -> None:
    shifts = {choice.channel_id: choice.shift_minutes for choice in choices}
    ids = sorted(shifts)
    found = {row["id"] for row in await tx.all(_FOUND, ids=ids)}
    if missing := shifts.keys() - found:
        message = "There is no such channel that a guide could fill."
        raise InvalidValue("channels", message=message, missing=sorted(map(str, missing)))
    key = {"source_id": before.source_id, "xmltv_id": before.xmltv_id}
    names = _aliases_of(before)
    gone = [channel_id for channel_id in _locked_in(before) if channel_id not in shifts]
    await tx.execute(_DROP_OTHERS, ids=ids, **key)
    await tx.execute(_CHOOSE, ids=ids, shifts=[shifts[each] for each in ids], **key)
    await tx.execute(_DROP_ALIASES, ids=gone, names=names)
    await tx.execute(_ADD_ALIASES, ids=ids, names=names)


async def _done(
    tx: WriteTx, staff: Viewer, action: str, before: SourceChannelOut
) -> SourceChannelOut:
    after = await get_mapped(tx, before.source_id, before.xmltv_id)
    targets = {"source": before.source_id, "source_channel": before.xmltv_id}
    await write_down(tx, staff, action, targets, before=before, after=after)
    await map_changed(tx, before.source_id)
    return after


def _locked_in(channel: SourceChannelOut) -> list[UUID]:
    return [match.channel_id for match in channel.matches if match.locked]


def _aliases_of(channel: SourceChannelOut) -> list[str]:
    """Its names as aliases; bare numbers, which guides give as names too, are none."""
    names: Iterable[str] = map(spelled, channel.names[:MOST_ALIASES])
    return sorted({name for name in names if any(char.isalpha() for char in name)})
