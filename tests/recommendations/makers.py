"""Makers of what recommendations read."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from httpx import AsyncClient

from matinee.accounts.viewer import Viewer
from matinee.runtime import Runtime
from tests.makers import choose_profile, execute, make_profile, make_user, scalar, sign_in

TODAY = "SELECT (clock_timestamp() AT TIME ZONE 'UTC')::date"


async def make_viewer(
    runtime: Runtime, email: str = "ana@example.com", country: str = "US", **profile: Any
) -> Viewer:
    """Somebody of a new household, as requests know him or her."""
    user_id = await make_user(runtime, email, country=country)
    return await make_viewer_of(runtime, user_id, country, **profile)


async def make_viewer_of(
    runtime: Runtime, user_id: UUID, country: str = "US", **profile: Any
) -> Viewer:
    """Another profile of a household."""
    profile_id = await make_profile(runtime, user_id, **profile)
    return Viewer(
        territory=country,
        max_maturity=profile.get("max_maturity", 21),
        user_id=user_id,
        profile_id=profile_id,
        kind=profile.get("kind", "standard"),
    )


async def headers_of(
    client: AsyncClient, viewer: Viewer, email: str = "ana@example.com"
) -> dict[str, str]:
    """The headers of this viewer's device."""
    return await choose_profile(client, await sign_in(client, email), viewer.profile)


async def make_trend(
    runtime: Runtime,
    title_id: UUID,
    plays: float,
    *,
    households: int = 3,
    territory: str = "US",
    audience: str = "standard",
    days_ago: int = 0,
) -> None:
    """A title that was played so often on one day, by so many households."""
    today = await scalar(runtime, TODAY)
    day = (today - timedelta(days=days_ago) - today.replace(1970, 1, 1)).days
    await execute(
        runtime,
        "INSERT INTO title_trends VALUES ($1, $2, $3, log(2, $4::numeric) + $5 / 14.0,"
        " log(2, $4::numeric) + $5 / 90.0, $6)",
        territory,
        audience,
        title_id,
        plays,
        day,
        households,
    )


async def dislike(runtime: Runtime, viewer: Viewer, title_id: UUID) -> None:
    """A thumbs-down, without what follows from it."""
    await execute(
        runtime,
        "INSERT INTO ratings VALUES ($1, $2, $3, -1)",
        viewer.household,
        viewer.profile,
        title_id,
    )
