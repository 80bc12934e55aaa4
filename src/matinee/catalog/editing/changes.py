"""How an editor's change is made: locked by version, written down, told to the caches."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from matinee.accounts import changes
from matinee.accounts.changes import assignments, lock
from matinee.accounts.viewer import Viewer
from matinee.catalog.tags import CATALOG
from matinee.core.database import WriteTx

__all__ = ["assignments", "lock", "write_down"]


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
    """Add the audit row of a change, and make what was remembered of the catalogue stale."""
    await changes.write_down(tx, staff, action, targets, before=before, after=after, reason=reason)
    tx.invalidate(CATALOG)
