"""Nobody is told of a channel that he may not see, nor of an airing that is not for him."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import pytest
from fastapi import FastAPI
from httpx import AsyncClient

from matinee.runtime import Runtime
from tests.entitlements.makers import make_package
from tests.epg.makers import at, carry_channel, make_airing, make_channel
from tests.hidden_titles import ADULT, CHILD, LISTED, VISITOR, Secret
from tests.test_visibility_walk import (
    WRITTEN_BY_THEMSELVES,
    Answers,
    Asking,
    sign_up,
    walk,
)

HIDDEN_CHANNELS: dict[str, tuple[dict[str, Any], set[str]]] = {
    "hidden": ({"status": "hidden"}, {ADULT, CHILD, LISTED, VISITOR}),
    "sketched": ({"status": "draft"}, {ADULT, CHILD, LISTED, VISITOR}),
    "late": ({"maturity_score": 18}, {CHILD, LISTED, VISITOR}),
    "gory": ({"genres": ["GORE"]}, {CHILD, LISTED}),
    "open": ({}, {LISTED}),
}
"""Channels by what hides them, and from whom."""

HIDDEN_AIRINGS: dict[str, tuple[dict[str, Any], set[str]]] = {
    "strong": ({"maturity_score": 18}, {CHILD, LISTED, VISITOR}),
    "blank": ({"maturity_score": None}, {CHILD, LISTED, VISITOR}),
    "bloody": ({"categories": ["Drama", "gore"]}, {CHILD, LISTED}),
}
"""Airings of a channel that all but one see."""


@dataclass(frozen=True)
class LiveSecret(Secret):
    """A channel with what it sends, or an airing alone, whose name is a secret word."""

    of_channel: bool = True

    @property
    def marks(self) -> set[str]:
        """What must stand in no answer."""
        return {self.word, str(self.channel_id)} if self.of_channel else {self.word}

    def hidden_from(self, viewer: str) -> bool:
        """Whether a viewer may not see it."""
        hidden = HIDDEN_CHANNELS if self.of_channel else HIDDEN_AIRINGS
        return viewer in hidden[self.reason][1]


def secret(reason: str, channel_id: UUID, airing_id: int, *, of_channel: bool) -> LiveSecret:
    ids = [uuid4() for _ in range(5)]
    return LiveSecret(reason, *ids, channel_id, airing_id, of_channel=of_channel)


@pytest.fixture
async def viewers(runtime: Runtime, client: AsyncClient) -> list[Asking]:
    child = {"max_maturity": 12, "block_unrated": True, "blocked_tags": ["gore"]}
    return [
        await sign_up(runtime, client, ADULT),
        await sign_up(runtime, client, CHILD, kind="kids", **child),
        await sign_up(runtime, client, LISTED, allow_list_only=True),
        Asking(VISITOR, {}),
    ]


@pytest.fixture
async def secrets(runtime: Runtime, viewers: list[Asking]) -> list[LiveSecret]:
    """Channels and airings that are hidden; everybody had put the channels first before."""
    package_id = await make_package(runtime, "everything")
    made = []
    for reason, (columns, _) in HIDDEN_CHANNELS.items():
        word = f"zq{reason}"
        channel_id = await make_channel(runtime, f"The {word}", **columns)
        await carry_channel(runtime, package_id, channel_id)
        airing_id = await make_airing(runtime, channel_id, at(-10), title=f"Tonight on {word}")
        await make_airing(runtime, channel_id, at(60), title=f"Tomorrow on {word}")
        for asking in viewers:
            await _put_first(runtime, asking, channel_id)
        made.append(secret(reason, channel_id, airing_id, of_channel=True))
    for reason, (columns, _) in HIDDEN_AIRINGS.items():
        channel_id = await make_channel(runtime, f"Channel {len(made)}")
        airing_id = await make_airing(runtime, channel_id, at(-10), title=f"zq{reason}", **columns)
        made.append(secret(reason, channel_id, airing_id, of_channel=False))
    return made


async def _put_first(runtime: Runtime, asking: Asking, channel_id: UUID) -> None:
    if asking.profile_id is None:
        return
    async with runtime.database.write() as tx:
        await tx.execute(
            """
            INSERT INTO channel_favourites (user_id, profile_id, channel_id, position)
            SELECT user_id, id, :channel_id, 1 FROM profiles WHERE id = :profile_id
            """,
            channel_id=channel_id,
            profile_id=asking.profile_id,
        )


async def test_no_answer_betrays_a_hidden_channel_or_airing(
    app: FastAPI, client: AsyncClient, secrets: list[LiveSecret], viewers: list[Asking]
) -> None:
    betrayals = []
    answers: Answers = {}
    for asking in viewers:
        for hidden in (one for one in secrets if one.hidden_from(asking.name)):
            async for route, answer in walk(client, app, asking, hidden, answers):
                if route.name in WRITTEN_BY_THEMSELVES:
                    continue
                if shown := [mark for mark in hidden.marks if mark in answer.text]:
                    betrayals.append(f"{asking.name}: {hidden.reason} by {answer.url}: {shown}")
    assert not betrayals


async def test_the_walk_finds_channels_and_airings_that_are_not_hidden(
    app: FastAPI, client: AsyncClient, secrets: list[LiveSecret], viewers: list[Asking]
) -> None:
    """Else it would prove nothing."""
    unseen = []
    answers: Answers = {}
    for asking in viewers:
        for shown in (one for one in secrets if not one.hidden_from(asking.name)):
            found = {
                route.name
                async for route, answer in walk(client, app, asking, shown, answers)
                if answer.status_code == 200 and shown.word in answer.text
            }
            wanted = {"get_airing", "get_now", "search_guide", "get_schedule"}
            if shown.of_channel:
                wanted |= {"list_channels", "get_channel"}
                wanted |= {"list_favourites"} if asking.name != VISITOR else set()
            if missing := wanted - found:
                unseen.append(f"{asking.name}: {shown.reason} not by {sorted(missing)}")
    assert not unseen


async def test_what_is_hidden_is_started_by_nobody(
    client: AsyncClient, secrets: list[LiveSecret], viewers: list[Asking]
) -> None:
    device = {"device_id": "tv", "device_name": "TV"}
    codes = set()
    for asking in (one for one in viewers if one.name != VISITOR):
        for hidden in (one for one in secrets if one.hidden_from(asking.name)):
            paths = [f"/api/v1/epg/airings/{hidden.airing_id}/playback"]
            if hidden.of_channel:
                paths.append(f"/api/v1/epg/channels/{hidden.channel_id}/playback")
            for path in paths:
                answer = await client.post(path, json=device, headers=asking.headers)
                codes.add((answer.status_code, answer.json()["error"]["code"]))
    assert codes == {(404, "not_found")}
