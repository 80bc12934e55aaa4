"""Which titles a package lists, where and when (E-01); the database refuses windows that clash."""

from uuid import UUID

from matinee.accounts.viewer import Viewer
from matinee.core.database import ReadTx, WriteTx
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
from matinee.entitlements.packages.listing import Listing, require_package
from matinee.entitlements.packages.windows import SHOWN_WINDOW

# in the order in which imports lock titles
_TITLES = Listing(
    "package_contents",
    "title_id",
    "SELECT id FROM titles WHERE id = ANY (:ids::uuid[]) ORDER BY external_id FOR KEY SHARE",
)
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


async def list_contents(tx: ReadTx, package_id: UUID, wish: ContentSearch) -> Contents:
    """What a package lists, by the names of the titles; what its rules add is not among it.

    Raises:
        NotFound: there is no such package.
        BadCursor: the cursor is none of ours.
    """
    await require_package(tx, package_id)
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
    new = await _TITLES.assign(tx, package_id, wish.title_ids, wish)
    after = wish.model_copy(update={"title_ids": new})
    await write_down(tx, staff, "package.assign", {"package": package_id}, after=after)
    return Assigned(changed=len(new), unchanged=len(set(wish.title_ids)) - len(new))


async def remove_titles(
    tx: WriteTx, staff: Viewer, package_id: UUID, wish: RemoveTitles
) -> Assigned:
    """Let a package carry titles no more, but for what its rules say.

    Raises:
        NotFound: there is no such package.
    """
    removed = await _TITLES.remove(tx, package_id, wish.title_ids)
    gone = set(removed)
    before = RemoveTitles.model_construct(title_ids=sorted(gone))
    await write_down(tx, staff, "package.remove", {"package": package_id}, before=before)
    return Assigned(changed=len(removed), unchanged=len(set(wish.title_ids)) - len(gone))


async def put_windows(
    tx: WriteTx, staff: Viewer, package_id: UUID, title_id: UUID, wish: TitleWindows
) -> TitleWindowsOut:
    """Replace all windows of one title in a package.

    Raises:
        NotFound: there is no such package or title.
        WindowOverlap: two of the windows clash; `field` is the later one.
    """
    of_title = {"package_id": package_id, "title_id": title_id}
    had = await _TITLES.put(tx, package_id, title_id, wish.windows)
    before = TitleWindowsOut(**of_title, windows=had)
    windows = await _TITLES.windows(tx, package_id, title_id)
    after = TitleWindowsOut(**of_title, windows=windows)
    targets = {"package": package_id, "title": title_id}
    await write_down(tx, staff, "package.put_title", targets, before=before, after=after)
    return after
