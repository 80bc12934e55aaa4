"""What is popular in the household (R-10): the others' taste, under one's own ceiling, unnamed."""

from typing import Any
from uuid import UUID

import pytest

from matinee.accounts.viewer import Viewer
from matinee.recommendations.rails.shelves import read_shelves, shelf_of
from matinee.runtime import Runtime
from tests.makers import execute, make_title, make_user
from tests.recommendations.makers import make_viewer_of

PIN = "a hash of a PIN"


@pytest.fixture
async def user_id(runtime: Runtime) -> UUID:
    return await make_user(runtime)


async def member(runtime: Runtime, user_id: UUID, *likes: UUID, **profile: Any) -> Viewer:
    """A profile of the household that likes some titles."""
    viewer = await make_viewer_of(runtime, user_id, **profile)
    for title_id in likes:
        await signal(runtime, viewer, title_id, "liked")
    return viewer


async def signal(runtime: Runtime, viewer: Viewer, title_id: UUID, kind: str) -> None:
    await execute(
        runtime,
        "INSERT INTO profile_signals VALUES ($1, $2, $3, $4, clock_timestamp())",
        viewer.user_id,
        viewer.profile_id,
        title_id,
        kind,
    )


async def popular(runtime: Runtime, viewer: Viewer) -> list[UUID]:
    async with runtime.database.read() as tx:
        listed = await read_shelves(tx, viewer, [shelf_of(viewer, "household")], 20)
    return [one.title_id for one in listed["household"]]


@pytest.fixture
async def ids(runtime: Runtime) -> list[UUID]:
    return [await make_title(runtime, f"Film {n}") for n in range(4)]


async def test_what_the_most_like_comes_first(
    runtime: Runtime, user_id: UUID, ids: list[UUID]
) -> None:
    asker = await member(runtime, user_id)
    await member(runtime, user_id, ids[0], ids[1])
    await member(runtime, user_id, ids[1])
    assert await popular(runtime, asker) == [ids[1], ids[0]]


async def test_one_contributor_alone_would_be_known(
    runtime: Runtime, user_id: UUID, ids: list[UUID]
) -> None:
    asker = await member(runtime, user_id)
    await member(runtime, user_id, ids[0])
    assert await popular(runtime, asker) == []


async def test_what_only_the_asker_likes_is_no_news(
    runtime: Runtime, user_id: UUID, ids: list[UUID]
) -> None:
    asker = await member(runtime, user_id, ids[0])
    await member(runtime, user_id, ids[1])
    assert await popular(runtime, asker) == [ids[1]]


async def test_the_asker_s_ceiling_holds(runtime: Runtime, user_id: UUID, ids: list[UUID]) -> None:
    grown_up = await make_title(runtime, "M", maturity_score=18)
    child = await member(runtime, user_id, kind="kids", max_maturity=9)
    await member(runtime, user_id, grown_up, ids[0])
    await member(runtime, user_id, grown_up)
    assert await popular(runtime, child) == [ids[0]]


@pytest.mark.parametrize(
    ("profile", "contributes"),
    [
        ({"pin_hash": PIN}, False),
        ({"pin_hash": PIN, "share_taste": True}, True),
        ({"share_taste": False}, False),
        ({}, True),
    ],
)
async def test_a_locked_profile_contributes_where_it_said_so(
    runtime: Runtime, user_id: UUID, ids: list[UUID], profile: dict[str, Any], contributes: bool
) -> None:
    asker = await member(runtime, user_id)
    await member(runtime, user_id, ids[0])
    await member(runtime, user_id, ids[1], **profile)
    found = await popular(runtime, asker)
    assert set(found) == (set(ids[:2]) if contributes else set())


async def test_other_households_do_not_count(
    runtime: Runtime, user_id: UUID, ids: list[UUID]
) -> None:
    asker = await member(runtime, user_id)
    stranger = await make_user(runtime, "stranger@example.com")
    await member(runtime, stranger, ids[0])
    await member(runtime, stranger, ids[0])
    assert await popular(runtime, asker) == []


async def test_dislikes_and_neutral_signals_do_not_count(
    runtime: Runtime, user_id: UUID, ids: list[UUID]
) -> None:
    asker = await member(runtime, user_id)
    ben = await member(runtime, user_id, ids[0])
    await member(runtime, user_id, ids[0])
    for title_id, kind in zip(ids[1:], ("disliked", "neutral", "ignored"), strict=True):
        await signal(runtime, ben, title_id, kind)
    assert await popular(runtime, asker) == [ids[0]]
