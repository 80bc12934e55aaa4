"""Short ways to look at the guide."""

from datetime import datetime
from typing import Any
from uuid import UUID

from httpx import AsyncClient, Response

from tests.epg.makers import EPG, at

Headers = dict[str, str]


async def ask(
    client: AsyncClient, path: str, headers: Headers | None = None, **params: Any
) -> Response:
    """Whatever the guide answers."""
    return await client.get(f"{EPG}{path}", params=params, headers=headers)


async def see(
    client: AsyncClient, path: str, headers: Headers | None = None, **params: Any
) -> dict[str, Any]:
    """What the guide shows."""
    answer = await ask(client, path, headers, **params)
    assert answer.status_code == 200, answer.text
    shown: dict[str, Any] = answer.json()
    return shown


async def refused(
    client: AsyncClient, path: str, headers: Headers | None = None, **params: Any
) -> tuple[int, str]:
    """Status and code of an answer that is none."""
    answer = await ask(client, path, headers, **params)
    return answer.status_code, answer.json()["error"]["code"]


def window(begin: datetime | float = -60, end: datetime | float = 24 * 60) -> dict[str, str]:
    """Parameters of a window; numbers are minutes from now."""
    begin, end = (moment if isinstance(moment, datetime) else at(moment) for moment in (begin, end))
    return {"from": begin.isoformat(), "to": end.isoformat()}


async def multi(
    client: AsyncClient, *channel_ids: UUID, headers: Headers | None = None, **params: Any
) -> dict[str, Any]:
    """Schedules of these channels, from an hour ago for a day unless told otherwise."""
    ids = ",".join(map(str, channel_ids))
    return await see(
        client, "/schedule/multi", headers, **({"channel_ids": ids} | window() | params)
    )


def titles(airings: list[dict[str, Any]]) -> list[str]:
    """What is broadcast, in order."""
    return [airing["programme"]["title"] for airing in airings]


def names(answer: dict[str, Any]) -> list[str]:
    """The names of channels in a list of them, or of what is on them."""
    return [item.get("channel", item)["name"] for item in answer["items"]]
