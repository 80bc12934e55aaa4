"""What staff says about links: lists them, chooses a title by hand, or none."""

from matinee.accounts.changes import write_down
from matinee.accounts.viewer import Viewer
from matinee.core.database import ReadTx, Row, WriteTx
from matinee.core.errors import InvalidValue, NotFound
from matinee.core.paging import decode_cursor, encode_cursor
from matinee.core.text import like_pattern, searchable
from matinee.epg.linking.finding import links_changed
from matinee.epg.linking.schemas import (
    LinkedTitle,
    LinkSearch,
    ProgrammeLink,
    ProgrammeLinks,
    PutLink,
    SuggestedTitle,
)

_TITLE = """
    jsonb_build_object('title_id', t.id, 'kind', t.kind, 'name', t.name, 'year', t.year,
                       'episode_id', {episode}, 'score', {score})
"""
_COLUMNS = f"""
    p.id AS programme_id, p.title, p.sub_title, p.season, p.episode, p.year,
    p.link_method AS method,
    (SELECT min(s.starts_at) FROM schedule_entries s
     WHERE s.programme_id = p.id AND s.ends_at > statement_timestamp()) AS next_airing_at,
    (SELECT {_TITLE.format(episode="p.episode_id", score="1")}
     FROM titles t WHERE t.id = p.title_id) AS linked,
    coalesce((
        SELECT jsonb_agg({_TITLE.format(episode="g.episode_id", score="g.score")}
                         ORDER BY g.score DESC, t.id)
        FROM programme_suggestions g JOIN titles t ON t.id = g.title_id
        WHERE g.programme_id = p.id AND g.state = 'suggested'), '[]') AS suggestions
"""
_ONE = f"SELECT {_COLUMNS} FROM programmes p WHERE p.id = :programme_id"
_HAS_SUGGESTIONS = """
    EXISTS (SELECT FROM programme_suggestions g
            WHERE g.programme_id = p.id AND g.state = 'suggested')
"""
_LIST = f"""
    SELECT {_COLUMNS} FROM programmes p
    WHERE (:before::bigint IS NULL OR p.id < :before)
      AND (:state = 'linked') = (p.title_id IS NOT NULL)
      AND (:state <> 'suggested' OR {_HAS_SUGGESTIONS})
      AND (:pattern::text IS NULL OR p.folded_title LIKE :pattern)
      AND EXISTS (SELECT FROM schedule_entries s
                  WHERE s.programme_id = p.id AND s.ends_at > statement_timestamp())
    ORDER BY p.id DESC LIMIT :wanted
"""
_LOCK = "SELECT title_id FROM programmes WHERE id = :programme_id FOR NO KEY UPDATE"
_TITLE_EXISTS = "SELECT FROM titles WHERE id = :title_id FOR KEY SHARE"
_EPISODE_EXISTS = """
    SELECT FROM episodes WHERE id = :episode_id AND title_id = :title_id FOR KEY SHARE
"""
_LINK = """
    UPDATE programmes
    SET title_id = :title_id, episode_id = :episode_id, linked_at = clock_timestamp(),
        link_method = CASE WHEN :title_id::uuid IS NOT NULL THEN 'manual' END
    WHERE id = :programme_id
"""
# What it was linked with, or suggested for it, is wrong.
_REJECT_OTHERS = """
    INSERT INTO programme_suggestions AS g (programme_id, title_id, state, score)
    SELECT :programme_id, title_id, 'rejected', 0 FROM (
        SELECT :was::uuid AS title_id
        UNION SELECT title_id FROM programme_suggestions WHERE programme_id = :programme_id
    ) AS others
    WHERE title_id IS NOT NULL AND title_id IS DISTINCT FROM :title_id::uuid
    ORDER BY title_id
    ON CONFLICT (programme_id, title_id) DO UPDATE SET state = 'rejected'
"""
_ACCEPT = """
    DELETE FROM programme_suggestions
    WHERE programme_id = :programme_id AND title_id = :title_id::uuid
"""


async def list_links(tx: ReadTx, wish: LinkSearch) -> ProgrammeLinks:
    """Programmes that are still to come, the newest in the guide first.

    Raises:
        BadCursor: the cursor is none of ours.
    """
    [before] = decode_cursor(wish.cursor, (int,)) if wish.cursor else (None,)
    rows = await tx.all(
        _LIST,
        before=before,
        state=wish.state,
        pattern=f"%{like_pattern(searchable(wish.q))}%" if wish.q else None,
        wanted=wish.page_size + 1,
    )
    page = rows[: wish.page_size]
    cursor = encode_cursor(page[-1]["programme_id"]) if len(rows) > len(page) else None
    return ProgrammeLinks(items=[_shown(row) for row in page], next_cursor=cursor)


async def put_link(tx: WriteTx, staff: Viewer, programme_id: int, wish: PutLink) -> ProgrammeLink:
    """Say which title a programme is, or that it is none; other suggestions are rejected.

    Raises:
        NotFound: there is no such programme.
        InvalidValue: there is no such title, or it has no such episode.
    """
    held = await tx.one(_LOCK, programme_id=programme_id)
    if held is None:
        raise NotFound()
    before = await _get(tx, programme_id)
    await _require(tx, wish)
    key = {"programme_id": programme_id, "title_id": wish.title_id}
    await tx.execute(_REJECT_OTHERS, was=held["title_id"], **key)
    await tx.execute(_ACCEPT, **key)
    await tx.execute(_LINK, episode_id=wish.episode_id, **key)
    after = await _get(tx, programme_id)
    targets = {"programme": programme_id}
    await write_down(tx, staff, "programme.link", targets, before=before, after=after)
    await links_changed(tx, [programme_id])
    return after


async def _get(tx: ReadTx, programme_id: int) -> ProgrammeLink:
    row = await tx.one(_ONE, programme_id=programme_id)
    assert row is not None
    return _shown(row)


async def _require(tx: WriteTx, wish: PutLink) -> None:
    if wish.title_id is None and wish.episode_id is not None:
        raise InvalidValue("episode_id", message="An episode is one of a title.")
    if wish.title_id and await tx.one(_TITLE_EXISTS, title_id=wish.title_id) is None:
        raise InvalidValue("title_id", message="There is no such title.")
    if wish.episode_id and await tx.one(_EPISODE_EXISTS, **wish.model_dump()) is None:
        raise InvalidValue("episode_id", message="The title has no such episode.")


def _shown(row: Row) -> ProgrammeLink:
    fields = dict(row)
    if fields["linked"] is not None:
        fields["linked"] = LinkedTitle.model_validate(fields["linked"])
    fields["suggestions"] = [SuggestedTitle.model_validate(each) for each in row["suggestions"]]
    return ProgrammeLink(**fields)
