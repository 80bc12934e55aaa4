"""What a viewer may see of the guide: a key for what is kept, parameters for what is read."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from matinee.accounts.viewer import Viewer
from matinee.catalog.tags import CATALOG
from matinee.core.database import ReadTx
from matinee.core.errors import Forbidden, NotFound
from matinee.entitlements.channels import airing_visibility_of, channel_visibility_of
from matinee.epg.tags import GUIDE
from matinee.runtime import Runtime

LINKS_REMEMBERED = timedelta(seconds=60)

# All of them count, not the latest: what was written first may be committed last.
_LINKS = """
    SELECT coalesce(sum(hashtextextended(concat_ws('/', p.id, t.id, t.updated_at), 0)), 0)
    FROM programmes p JOIN titles t ON t.id = p.title_id
"""
_OWN_PROFILE = "SELECT FROM profiles WHERE user_id = :user_id AND id = :profile_id"


async def require_own_profile(tx: ReadTx, viewer: Viewer, profile_id: UUID | None) -> None:
    """Refuse to answer for another profile than the one that was chosen (L-05).

    Raises:
        Forbidden: it is of this household.
        NotFound: it is not.
    """
    if profile_id is None or profile_id == viewer.profile_id:
        return
    if await tx.one(_OWN_PROFILE, user_id=viewer.user_id, profile_id=profile_id) is not None:
        raise Forbidden("profile_id", message="Choose that profile first.")
    raise NotFound("profile_id")


def visibility_of(viewer: Viewer) -> dict[str, Any]:
    """The parameters of statements with both `CHANNEL_VISIBLE` and `AIRING_SUITABLE`."""
    return channel_visibility_of(viewer) | airing_visibility_of(viewer)


async def view_of(runtime: Runtime, viewer: Viewer) -> tuple[object, ...]:
    """All that decides what is visible but the guide itself; equal values see the same."""
    return (
        *sorted((name, str(value)) for name, value in visibility_of(viewer).items()),
        await _links(runtime),
    )


async def _links(runtime: Runtime) -> str:
    """Changes with the titles that programmes are linked to: what they say hides airings too."""

    async def build() -> str:
        async with runtime.database.read() as tx:
            return str(await tx.scalar(_LINKS))

    return await runtime.cache.get_or_build_object(
        "guide.links", "", depends_on={CATALOG, GUIDE}, ttl=LINKS_REMEMBERED, build=build
    )
