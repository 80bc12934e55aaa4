"""A world to be attacked, and proof that it stands."""

from collections.abc import AsyncIterator

import pytest
from httpx import AsyncClient

from matinee.runtime import Runtime
from tests.snapshot import contents
from tests.world import World, make_world

ANSWERED = {
    "search_history",
    "search_queries",
    "mood_answers",
    "title_views",
    "viewing_sessions",
    "stream_slots",
    "play_events",
}
"""What is remembered of questions that were answered, of titles that were looked at, and of what
players that can only read have begun to watch."""


@pytest.fixture
async def world(runtime: Runtime, client: AsyncClient) -> World:
    """One of everything, a household and an administrator."""
    return await make_world(runtime, client, ["household", "admin"])


@pytest.fixture
async def unchanged(runtime: Runtime, world: World) -> AsyncIterator[None]:
    """Whatever a test sends, nothing of it is stored, apart from questions it asked."""
    before = await contents(runtime)
    yield
    after = await contents(runtime)
    assert {name for name in before if after[name] != before[name]} <= ANSWERED
