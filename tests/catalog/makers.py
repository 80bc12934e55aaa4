"""Makers of what belongs to titles, and short ways to look at the catalogue."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from httpx import AsyncClient

from matinee.core.text import fold
from matinee.runtime import Runtime
from tests.makers import execute, insert, make_title

CATALOG = "/api/v1/catalog"
ADMIN = "/api/v1/admin"

Headers = dict[str, str]


def days(count: float) -> datetime:
    """The moment so many days from now."""
    return datetime.now(UTC) + timedelta(days=count)


async def make_genre(runtime: Runtime, slug: str, name: str, **names: str) -> str:
    """A genre with its names in other languages."""
    await execute(runtime, "INSERT INTO genres VALUES ($1, $2, $3)", slug, name, names)
    return slug


async def make_rights(
    runtime: Runtime,
    title_id: UUID,
    territory: str = "**",
    *,
    opens: float | None = None,
    closes: float | None = None,
    announced: bool = False,
) -> None:
    """A rights window; its ends are days from now, or none."""
    window: dict[str, Any] = {"territory": territory, "announced": announced}
    if opens is not None:
        window["available_from"] = days(opens)
    if closes is not None:
        window["available_until"] = days(closes)
    await insert(runtime, "title_rights", title_id=title_id, **window)
    await execute(runtime, "UPDATE titles SET rights_managed = true WHERE id = $1", title_id)


async def make_person(runtime: Runtime, name: str, *title_ids: UUID, role: str = "actor") -> UUID:
    """Somebody with a part in each of the titles."""
    person_id = await insert(runtime, "people", name=name, name_key=fold(name))
    for title_id in title_ids:
        await execute(
            runtime,
            "INSERT INTO title_people (title_id, position, person_id, role) VALUES ($1,"
            " (SELECT count(*) + 1 FROM title_people WHERE title_id = $1), $2, $3)",
            title_id,
            person_id,
            role,
        )
    return person_id


async def make_series(
    runtime: Runtime, name: str = "Fantomas", seasons: int = 1, episodes: int = 2, **columns: Any
) -> UUID:
    """A series with so many published episodes in each of its seasons."""
    title_id = await make_title(runtime, name, kind="series", **columns)
    for number in range(1, seasons + 1):
        season_id = await make_season(runtime, title_id, number)
        for episode in range(1, episodes + 1):
            await make_episode(runtime, title_id, season_id, episode)
    return title_id


async def make_season(runtime: Runtime, title_id: UUID, number: int, **columns: Any) -> UUID:
    """A season without episodes."""
    return await insert(runtime, "seasons", title_id=title_id, number=number, **columns)


async def make_episode(
    runtime: Runtime, title_id: UUID, season_id: UUID, number: int, **columns: Any
) -> UUID:
    """An episode, published unless told otherwise."""
    named = {"name": f"Episode {number}"} | columns
    return await insert(
        runtime, "episodes", title_id=title_id, season_id=season_id, number=number, **named
    )


async def make_asset(runtime: Runtime, title_id: UUID, **columns: Any) -> UUID:
    """Something to play: the film itself unless told otherwise."""
    asset = {"kind": "main", "protocol": "hls", "url": "https://media.example.com/a.m3u8"}
    return await insert(runtime, "media_assets", title_id=title_id, **(asset | columns))


async def make_collection(
    runtime: Runtime, slug: str, *title_ids: UUID, name: str | None = None, **columns: Any
) -> UUID:
    """A published collection of these titles, or of what a `filter` finds."""
    fields = {"status": "published", "name": name or slug} | columns
    fields["kind"] = "smart" if "filter" in fields else "manual"
    collection_id = await insert(runtime, "collections", slug=slug, **fields)
    for position, title_id in enumerate(title_ids, 1):
        await execute(
            runtime,
            "INSERT INTO collection_items (collection_id, title_id, position) VALUES ($1, $2, $3)",
            collection_id,
            title_id,
            position,
        )
    return collection_id


async def browse(
    client: AsyncClient, headers: Headers | None = None, **params: Any
) -> dict[str, Any]:
    """One page of titles."""
    answer = await client.get(f"{CATALOG}/titles", params=params, headers=headers)
    assert answer.status_code == 200, answer.text
    page: dict[str, Any] = answer.json()
    return page


async def names(client: AsyncClient, headers: Headers | None = None, **params: Any) -> list[str]:
    """The names on one page of titles, in order."""
    return [card["name"] for card in (await browse(client, headers, **params))["items"]]


async def refusal(client: AsyncClient, path: str, **options: Any) -> tuple[int, str]:
    """Status and code of an answer that is none."""
    answer = await client.get(path, **options)
    return answer.status_code, answer.json()["error"]["code"]
