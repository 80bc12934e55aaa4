"""How a change by staff is made: locked, compared by version, written down."""

from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import BaseModel

from matinee.accounts.audit import Actor, record
from matinee.accounts.viewer import Viewer
from matinee.core.database import Row, WriteTx
from matinee.core.errors import NotFound, VersionConflict


async def lock(tx: WriteTx, select_for_update: str, version: int | None, **key: Any) -> Row:
    """The row that is now ours to change; the statement returns its `version`.

    Raises:
        NotFound: there is none.
        VersionConflict: it has changed since `version` was read (None does not ask).
    """
    row = await tx.one(select_for_update, **key)
    if row is None:
        raise NotFound()
    if version is not None and version != row["version"]:
        raise VersionConflict("If-Match", version=row["version"])
    return row


def assignments(columns: Iterable[str]) -> str:
    """The SET clause of columns that take parameters of their own names."""
    return ", ".join(f"{column} = :{column}" for column in columns)


async def write_down(
    tx: WriteTx,
    staff: Viewer,
    action: str,
    targets: Mapping[str, Any],
    *,
    before: BaseModel | None = None,
    after: BaseModel | None = None,
    reason: str | None = None,
) -> None:
    """Add the audit row of a change: what differs between two things as staff see them."""
    await record(
        tx,
        Actor.of(staff),
        action,
        targets=targets,
        before=before.model_dump(mode="json") if before else None,
        after=after.model_dump(mode="json") if after else None,
        reason=reason,
    )
