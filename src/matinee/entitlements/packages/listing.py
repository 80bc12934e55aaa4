"""What a package lists by name, titles or channels: where and when; windows never clash."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from matinee.core.database import ReadTx, WriteTx
from matinee.core.errors import InvalidValue, NotFound
from matinee.entitlements.packages.windows import (
    CLOSES,
    OPENS,
    OVERLAPS,
    SHOWN_WINDOW,
    Window,
    WindowOut,
    WindowOverlap,
    first_overlap,
    overlap_of,
)

# Editors of one package queue up, so that each sees what the one before has done.
_LOCK = "SELECT id FROM content_packages WHERE id = :package_id FOR NO KEY UPDATE"
_EXISTS = "SELECT EXISTS (SELECT FROM content_packages WHERE id = :package_id)"


async def require_package(tx: ReadTx, package_id: UUID) -> None:
    """Go on only where there is such a package.

    Raises:
        NotFound: there is none.
    """
    if not await tx.scalar(_EXISTS, package_id=package_id):
        raise NotFound()


async def lock_package(tx: WriteTx, package_id: UUID) -> None:
    """Let no other editor of the package in until the transaction ends.

    Raises:
        NotFound: there is none.
    """
    if await tx.scalar(_LOCK, package_id=package_id) is None:
        raise NotFound()


class Listing:
    """The rows of one kind of thing in packages: a table with windows, and the column of the thing.

    `known` is the SQL that keeps things of some `:ids` from being deleted, and returns their `id`.
    `field` is what a wish calls them.
    """

    def __init__(self, table: str, column: str, known: str) -> None:
        self.field = f"{column}s"
        self._known = known
        listed = f"{table} c WHERE c.package_id = :package_id AND c.{column} = ANY (:ids::uuid[])"
        self._same = f"""
            SELECT c.{column} AS id FROM {listed} AND c.territory = :territory
              AND c.available_from = {OPENS} AND c.available_until = {CLOSES}
        """
        self._in_the_way = f"""
            SELECT c.{column}, {SHOWN_WINDOW.format("c")} FROM {listed}
              AND c.territory = :territory AND {OVERLAPS.format("c")}
            ORDER BY c.{column}, c.available_from LIMIT 20
        """
        self._add = f"""
            INSERT INTO {table} (package_id, {column}, territory, available_from, available_until)
            SELECT :package_id, wanted.id, :territory, {OPENS}, {CLOSES}
            FROM unnest(:ids::uuid[]) AS wanted(id)
        """
        self._remove = f"DELETE FROM {listed} RETURNING c.{column} AS id"
        self._windows = f"""
            SELECT {SHOWN_WINDOW.format("c")} FROM {listed} ORDER BY c.territory, c.available_from
        """

    async def assign(
        self, tx: WriteTx, package_id: UUID, ids: Sequence[UUID], window: Window
    ) -> list[UUID]:
        """List things in one more window each; returns those that were not listed in it already.

        Raises:
            NotFound: there is no such package.
            InvalidValue: some ids are of nothing.
            WindowOverlap: `details.overlaps` names the windows in the way; nothing was added.
        """
        await lock_package(tx, package_id)
        wanted = sorted(set(ids))
        await self._refuse_unknown(tx, wanted)
        terms = window.model_dump(include={"territory", "available_from", "available_until"})
        rows = await tx.all(self._same, package_id=package_id, ids=wanted, **terms)
        present = {row["id"] for row in rows}
        new = [one for one in wanted if one not in present]
        in_the_way = await tx.all(self._in_the_way, package_id=package_id, ids=new, **terms)
        if in_the_way:
            raise overlap_of(self.field, in_the_way)
        await tx.execute(self._add, package_id=package_id, ids=new, **terms)
        return new

    async def remove(self, tx: WriteTx, package_id: UUID, ids: Sequence[UUID]) -> list[UUID]:
        """List things no more; returns the thing of each row that is gone.

        Raises:
            NotFound: there is no such package.
        """
        await lock_package(tx, package_id)
        rows = await tx.all(self._remove, package_id=package_id, ids=sorted(set(ids)))
        return [row["id"] for row in rows]

    async def windows(self, tx: ReadTx, package_id: UUID, thing_id: UUID) -> list[WindowOut]:
        """All windows of one thing; none where it is not listed."""
        rows = await tx.all(self._windows, package_id=package_id, ids=[thing_id])
        return [WindowOut(**row) for row in rows]

    async def put(
        self, tx: WriteTx, package_id: UUID, thing_id: UUID, windows: Sequence[Window]
    ) -> list[WindowOut]:
        """Replace all windows of one thing; returns those that it had.

        Raises:
            NotFound: there is no such package or thing.
            WindowOverlap: two of the windows clash; `field` is the later one.
        """
        await lock_package(tx, package_id)
        if not await tx.all(self._known, ids=[thing_id]):
            raise NotFound()
        place = first_overlap(windows)
        if place is not None:
            clash = windows[place].model_dump(mode="json")
            raise WindowOverlap(f"windows.{place}", overlaps=[clash])
        before = await self.windows(tx, package_id, thing_id)
        mine: dict[str, Any] = {"package_id": package_id, "ids": [thing_id]}
        await tx.all(self._remove, **mine)
        for window in windows:
            await tx.execute(self._add, **mine, **window.model_dump())
        return before

    async def _refuse_unknown(self, tx: WriteTx, ids: Sequence[UUID]) -> None:
        known = {row["id"] for row in await tx.all(self._known, ids=list(ids))}
        if unknown := [str(one) for one in ids if one not in known]:
            raise InvalidValue(self.field, unknown=unknown)
