"""Remembering which titles a profile looked at, without slowing the looking (S-06)."""

import time
from typing import NamedTuple
from uuid import UUID

from matinee.accounts.viewer import Viewer
from matinee.catalog.detail import title_detail
from matinee.catalog.schemas import TitleDetail
from matinee.core.buffers import sink
from matinee.core.database import ReadTx
from matinee.runtime import Runtime

COUNTED_AGAIN_AFTER = "30 minutes"

# The join leaves out profiles that are gone: one of them must not fail the views of all others.
_WRITE = f"""
    INSERT INTO title_views AS v (user_id, profile_id, title_id, viewed_at)
    SELECT s.user_id, s.profile_id, s.title_id,
           clock_timestamp() - min(s.age) * interval '1 second'
    FROM unnest(:user_ids::uuid[], :profile_ids::uuid[], :title_ids::uuid[], :ages::float8[])
        AS s(user_id, profile_id, title_id, age)
    JOIN profiles p ON p.user_id = s.user_id AND p.id = s.profile_id
    GROUP BY s.user_id, s.profile_id, s.title_id
    ORDER BY s.user_id, s.profile_id, s.title_id
    ON CONFLICT (user_id, profile_id, title_id) DO UPDATE SET viewed_at = excluded.viewed_at
    WHERE v.viewed_at < excluded.viewed_at - interval '{COUNTED_AGAIN_AFTER}'
"""


class View(NamedTuple):
    """A profile opened the page of a title; `at` is this process's monotonic clock."""

    user_id: UUID
    profile_id: UUID
    title_id: UUID
    at: float


@sink("title_views", every=1.0)
async def write_views(runtime: Runtime, views: list[View]) -> None:
    """Store views by the database's clock; the same title within half an hour counts once."""
    now = time.monotonic()
    async with runtime.database.write() as tx:
        await tx.execute(
            _WRITE,
            user_ids=[view.user_id for view in views],
            profile_ids=[view.profile_id for view in views],
            title_ids=[view.title_id for view in views],
            ages=[now - view.at for view in views],
        )


async def open_title(
    runtime: Runtime, tx: ReadTx, viewer: Viewer, title_id: UUID, *, prefetched: bool
) -> TitleDetail:
    """Everything a viewer is told about a title; that he looked is written a moment later.

    A page that the browser fetched ahead was not looked at.

    Raises:
        NotFound: there is no such title, or the viewer may not see it.
        NotInTerritory: it is visible elsewhere and the operator wants that known.
    """
    reveal = runtime.settings.reveal_territories
    detail = await title_detail(tx, viewer, title_id, reveal_territories=reveal)
    if viewer.profile_id is not None and not prefetched:
        view = View(viewer.household, viewer.profile_id, title_id, time.monotonic())
        runtime.buffers.add(write_views, view)
    return detail
