"""Which titles a package lists, where and when (E-01); the database refuses windows that clash."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from matinee.accounts.viewer import Viewer
from matinee.core.database import ReadTx, WriteTx
from matinee.core.errors import InvalidValue, NotFound
from matinee.core.paging import decode_cursor, encode_cursor
from matinee.core.text import like_pattern, searchable
from matinee.entitlements.packages.changes import write_down
from matinee.entitlements.packages.content_schemas import (
    Assigned,
    AssignTitles,
    ContentRow,
    Contents,
    ContentSearch,
    RemoveTitles,
    TitleWindows,
    TitleWindowsOut,
)
from matinee.entitlements.packages.windows import (
    CLOSES,
    OPENS,
    OVERLAPS,
    SHOWN_WINDOW,
    WindowOut,
    WindowOverlap,
    first_overlap,
    overlap_of,
)

# Editors of one package queue up, so that each sees what the one before has done.
_LOCK = "SELECT id FROM content_packages WHERE id = :package_id FOR NO KEY UPDATE"
_EXISTS = "SELECT EXISTS (SELECT FROM content_packages WHERE id = :package_id)"
# in the order in which imports lock titles
_KNOWN = """
    SELECT id FROM titles WHERE id = ANY (:title_ids::uuid[]) ORDER BY external_id FOR KEY SHARE
"""
_LIST = f"""
    SELECT c.id, c.title_id, t.name, t.kind, t.status, t.sort_name, {SHOWN_WINDOW.format("c")}
    FROM package_contents c JOIN titles t ON t.id = c.title_id
    WHERE c.package_id = :package_id
      AND (:q::text IS NULL OR t.folded_name LIKE '%' || :q || '%')
      AND (:title_id::uuid IS NULL OR c.title_id = :title_id)
      AND (:territory::text IS NULL OR c.territory = :territory)
      AND (:after_id::uuid IS NULL OR (t.sort_name, c.id) > (:after_name::text, :after_id))
    ORDER BY t.sort_name, c.id LIMIT :wanted
"""
_SAME = f"""
    SELECT title_id FROM package_contents
    WHERE package_id = :package_id AND title_id = ANY (:title_ids::uuid[])
      AND territory = :territory AND available_from = {OPENS} AND available_until = {CLOSES}
"""
_IN_THE_WAY = f"""
    SELECT c.title_id, {SHOWN_WINDOW.format("c")} FROM package_contents c
    WHERE c.package_id = :package_id AND c.title_id = ANY (:title_ids::uuid[])
      AND c.territory = :territory AND {OVERLAPS.format("c")}
    ORDER BY c.title_id, c.available_from LIMIT 20
"""
_ADD = f"""
    INSERT INTO package_contents (package_id, title_id, territory, available_from, available_until)
    SELECT :package_id, title_id, :territory, {OPENS}, {CLOSES}
    FROM unnest(:title_ids::uuid[]) AS wanted(title_id)
"""
_REMOVE = """
    DELETE FROM package_contents
    WHERE package_id = :package_id AND title_id = ANY (:title_ids::uuid[]) RETURNING title_id
"""
_WINDOWS = f"""
    SELECT {SHOWN_WINDOW.format("c")} FROM package_contents c
    WHERE c.package_id = :package_id AND c.title_id = :title_id
    ORDER BY c.territory, c.available_from
"""


async def list_contents(tx: ReadTx, package_id: UUID, wish: ContentSearch) -> Contents:
    """What a package lists, by the names of the titles; what its rules add is not among it.

    Raises:
        NotFound: there is no such package.
        BadCursor: the cursor is none of ours.
    """
    if not await tx.scalar(_EXISTS, package_id=package_id):
        raise NotFound()
    after_name, after_id = decode_cursor(wish.cursor, (str, UUID)) if wish.cursor else (None, None)
    rows = await tx.all(
        _LIST,
        package_id=package_id,
        q=like_pattern(searchable(wish.q)) if wish.q else None,
        title_id=wish.title_id,
        territory=wish.territory,
        after_name=after_name,
        after_id=after_id,
        wanted=wish.page_size + 1,
    )
    page = rows[: wish.page_size]
    more = len(rows) > len(page)
    cursor = encode_cursor(page[-1]["sort_name"], page[-1]["id"]) if more else None
    return Contents(items=[ContentRow(**row) for row in page], next_cursor=cursor)


async def assign_titles(
    tx: WriteTx, staff: Viewer, package_id: UUID, wish: AssignTitles
) -> Assigned:
    """Let a package carry titles in one more window each; what is like that already stays.

    Raises:
        NotFound: there is no such package.
        InvalidValue: some ids are of no title.
        WindowOverlap: `details.overlaps` names the windows in the way; nothing was added.
    """
    await _lock(tx, package_id)
    title_ids = sorted(set(wish.title_ids))
    await _refuse_unknown(tx, title_ids)
    window = wish.model_dump(include={"territory", "available_from", "available_until"})
    same = await tx.all(_SAME, package_id=package_id, title_ids=title_ids, **window)
    present = {row["title_id"] for row in same}
    wanted = {"title_ids": [one for one in title_ids if one not in present]}
    in_the_way = await tx.all(_IN_THE_WAY, package_id=package_id, **wanted, **window)
    if in_the_way:
        raise overlap_of("title_ids", in_the_way)
    added = await tx.execute(_ADD, package_id=package_id, **wanted, **window)
    after = wish.model_copy(update=wanted)
    await write_down(tx, staff, "package.assign", {"package": package_id}, after=after)
    return Assigned(changed=added, unchanged=len(present))


async def remove_titles(
    tx: WriteTx, staff: Viewer, package_id: UUID, wish: RemoveTitles
) -> Assigned:
    """Let a package carry titles no more, but for what its rules say.

    Raises:
        NotFound: there is no such package.
    """
    await _lock(tx, package_id)
    title_ids = sorted(set(wish.title_ids))
    removed = await tx.all(_REMOVE, package_id=package_id, title_ids=title_ids)
    gone = {row["title_id"] for row in removed}
    before = RemoveTitles.model_construct(title_ids=sorted(gone))
    await write_down(tx, staff, "package.remove", {"package": package_id}, before=before)
    return Assigned(changed=len(removed), unchanged=len(title_ids) - len(gone))


async def get_windows(tx: ReadTx, package_id: UUID, title_id: UUID) -> TitleWindowsOut:
    """All windows of one title in a package; none where it is not listed."""
    rows = await tx.all(_WINDOWS, package_id=package_id, title_id=title_id)
    windows = [WindowOut(**row) for row in rows]
    return TitleWindowsOut(package_id=package_id, title_id=title_id, windows=windows)


async def put_windows(
    tx: WriteTx, staff: Viewer, package_id: UUID, title_id: UUID, wish: TitleWindows
) -> TitleWindowsOut:
    """Replace all windows of one title in a package.

    Raises:
        NotFound: there is no such package or title.
        WindowOverlap: two of the windows clash; `field` is the later one.
    """
    await _lock(tx, package_id)
    if not await tx.all(_KNOWN, title_ids=[title_id]):
        raise NotFound()
    place = first_overlap(wish.windows)
    if place is not None:
        clash = wish.windows[place].model_dump(mode="json")
        raise WindowOverlap(f"windows.{place}", overlaps=[clash])
    before = await get_windows(tx, package_id, title_id)
    mine: dict[str, Any] = {"package_id": package_id, "title_ids": [title_id]}
    await tx.all(_REMOVE, **mine)
    for window in wish.windows:
        await tx.execute(_ADD, **mine, **window.model_dump())
    after = await get_windows(tx, package_id, title_id)
    targets = {"package": package_id, "title": title_id}
    await write_down(tx, staff, "package.put_title", targets, before=before, after=after)
    return after


async def _lock(tx: WriteTx, package_id: UUID) -> None:
    if await tx.scalar(_LOCK, package_id=package_id) is None:
        raise NotFound()


async def _refuse_unknown(tx: WriteTx, title_ids: Sequence[UUID]) -> None:
    known = {row["id"] for row in await tx.all(_KNOWN, title_ids=list(title_ids))}
    if unknown := [str(one) for one in title_ids if one not in known]:
        raise InvalidValue("title_ids", unknown=unknown)
