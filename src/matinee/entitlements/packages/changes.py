"""Writing down a change of what is for sale, and making stale what was remembered of it."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from matinee.accounts import changes
from matinee.accounts.viewer import Viewer
from matinee.core.database import WriteTx
from matinee.entitlements.tags import FOR_SALE


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
    """Add the audit row of a change; every household sees it in its next answer."""
    await changes.write_down(tx, staff, action, targets, before=before, after=after, reason=reason)
    tx.invalidate(FOR_SALE)
