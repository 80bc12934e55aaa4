"""Ways to have watched something, and a series whose episodes are told by their numbers."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from httpx import AsyncClient

from matinee.runtime import Runtime
from matinee.viewing.progress.bookmarks import Mark, save_bookmarks
from tests.catalog.makers import make_episode, make_season
from tests.makers import choose_profile, make_profile, make_title, make_user, sign_in

VIEWING = "/api/v1/viewing"
LENGTH = 3000

Headers = dict[str, str]
Episodes = dict[tuple[int, int], UUID]


@dataclass(frozen=True)
class Somebody:
    """A profile, and the headers of its device."""

    user_id: UUID
    profile_id: UUID
    headers: Headers


async def make_somebody(
    runtime: Runtime, client: AsyncClient, email: str = "ana@example.com", **profile: Any
) -> Somebody:
    """A new household with one profile chosen."""
    user_id = await make_user(runtime, email)
    profile_id = await make_profile(runtime, user_id, **profile)
    headers = await choose_profile(client, await sign_in(client, email), profile_id)
    return Somebody(user_id, profile_id, headers)


async def make_numbered_series(
    runtime: Runtime, name: str = "Fantomas", **seasons: int
) -> tuple[UUID, Episodes]:
    """A series with so many episodes in its seasons (`s1=3`), and their ids by both numbers."""
    title_id = await make_title(runtime, name, kind="series")
    episodes: Episodes = {}
    for season, count in seasons.items():
        number = int(season.removeprefix("s"))
        season_id = await make_season(runtime, title_id, number)
        for episode in range(1, count + 1):
            episodes[number, episode] = await make_episode(runtime, title_id, season_id, episode)
    return title_id, episodes


async def watch(
    runtime: Runtime,
    who: Somebody,
    title_id: UUID,
    episode_id: UUID | None = None,
    *,
    to: float = 1.0,
    ago: float = 0,
    **said: Any,
) -> None:
    """Somebody came to this share of an item, so many minutes ago."""
    at = datetime.now(UTC) - timedelta(minutes=ago)
    position = int(LENGTH * to)
    mark = Mark(who.user_id, who.profile_id, title_id, episode_id, position, at, LENGTH, **said)
    async with runtime.database.write() as tx:
        await save_bookmarks(tx, [mark])
