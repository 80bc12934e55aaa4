"""Channels as staff reads them."""

from uuid import UUID

from matinee.core.database import ReadTx
from matinee.core.errors import NotFound
from matinee.core.paging import TOTAL_CAP, decode_cursor, encode_cursor
from matinee.core.text import like_pattern, searchable
from matinee.epg.channels.schemas import AdminChannel, AdminChannels, ChannelSearch

_COLUMNS = """
    c.id, c.stream_number, c.slug, c.tvg_id, c.number, c.name, c.description, c.kind, c.status,
    c.group_title, c.genres, c.tags, c.language, c.country, c.logo_url, c.radio, c.maturity_score,
    c.hls_live_url, c.delivery, c.signer, c.stream_headers, c.catch_up, c.catch_up_days,
    c.start_over, c.dvr_minutes, c.time_zone, c.guide_shift_minutes, c.edited_fields, c.version,
    c.created_at, c.updated_at,
    ARRAY(SELECT a.folded_name FROM channel_aliases a WHERE a.channel_id = c.id
          ORDER BY a.folded_name) AS aliases,
    (SELECT s.ends_at FROM schedule_entries s
     WHERE s.channel_id = c.id AND s.starts_at > statement_timestamp() - interval '24 hours'
     ORDER BY s.starts_at DESC LIMIT 1) AS guide_until
"""
_PLACE = "coalesce(c.number, 2147483647)"
_PASSES = """
    (:status::text IS NULL OR c.status = :status)
    AND (:kind::text IS NULL OR c.kind = :kind)
    AND (:group::text IS NULL OR c.group_title = :group)
    AND (:genre::text IS NULL OR c.genres @> ARRAY[:genre::text])
    AND (:country::text IS NULL OR c.country = :country)
    AND (:radio::bool IS NULL OR c.radio = :radio)
    AND (:q::text IS NULL OR c.folded_name LIKE :pattern OR c.tvg_id = :q OR c.slug = :q
         OR c.number::text = :q)
    AND (:has_guide::bool IS NULL OR :has_guide = EXISTS (
         SELECT FROM schedule_entries s
         WHERE s.channel_id = c.id AND s.starts_at > statement_timestamp()))
"""
_ONE = f"SELECT {_COLUMNS} FROM channels c WHERE c.id = :channel_id"
_LIST = f"""
    SELECT {_COLUMNS}, {_PLACE} AS place FROM channels c
    WHERE {_PASSES}
      AND (:after_place::bigint IS NULL
           OR ({_PLACE}, c.name, c.id) > (:after_place, :after_name::text, :after_id::uuid))
    ORDER BY {_PLACE}, c.name, c.id LIMIT :wanted
"""
_TOTAL = f"""
    SELECT count(*) FROM (SELECT FROM channels c WHERE {_PASSES} LIMIT {TOTAL_CAP}) AS found
"""


async def list_channels(tx: ReadTx, wish: ChannelSearch) -> AdminChannels:
    """Channels that pass the filters, by number and name.

    Raises:
        BadCursor: the cursor is none of ours.
    """
    after = decode_cursor(wish.cursor, (int, str, UUID)) if wish.cursor else (None, None, None)
    passes = wish.model_dump(exclude={"cursor", "page_size"}) | {
        "pattern": f"%{like_pattern(searchable(wish.q))}%" if wish.q else None
    }
    rows = await tx.all(
        _LIST,
        after_place=after[0],
        after_name=after[1],
        after_id=after[2],
        wanted=wish.page_size + 1,
        **passes,
    )
    page = rows[: wish.page_size]
    more = len(rows) > len(page)
    last = page[-1] if more else None
    return AdminChannels(
        items=[AdminChannel.model_validate(dict(row)) for row in page],
        next_cursor=encode_cursor(last["place"], last["name"], last["id"]) if last else None,
        total=await tx.scalar(_TOTAL, **passes),
    )


async def get_channel(tx: ReadTx, channel_id: UUID) -> AdminChannel:
    """A channel.

    Raises:
        NotFound: there is none of that id.
    """
    row = await tx.one(_ONE, channel_id=channel_id)
    if row is None:
        raise NotFound()
    return AdminChannel.model_validate(dict(row))
