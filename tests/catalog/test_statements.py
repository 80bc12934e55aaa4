"""How many statements the reads of the catalogue take, however many titles they show."""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

import pytest
from httpx import AsyncClient

from matinee.runtime import Runtime
from tests.catalog.makers import (
    CATALOG,
    browse,
    make_collection,
    make_genre,
    make_person,
    make_series,
)
from tests.makers import as_viewer, make_title


@pytest.fixture
def statements(runtime: Runtime) -> "Counter":
    return Counter(runtime)


class Counter:
    """Counts the statements of the process while it is open."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self.count = 0

    @contextmanager
    def counted(self) -> Iterator["Counter"]:
        database, before = self._runtime.database, self._runtime.database.on_statement
        self.count = 0
        database.on_statement = self._one_more
        try:
            yield self
        finally:
            database.on_statement = before

    def _one_more(self) -> None:
        self.count += 1


@pytest.fixture
async def many(runtime: Runtime) -> list[UUID]:
    await make_genre(runtime, "comedy", "Comedy")
    return [
        await make_title(runtime, f"Film {number}", genres=["comedy"], year=1920)
        for number in range(60)
    ]


@pytest.mark.usefixtures("many")
async def test_a_page_of_titles_takes_four_at_most(
    client: AsyncClient, statements: Counter
) -> None:
    for filters in ({}, {"genre": "comedy"}, {"genre": "comedy", "facets": True}):
        for size in (1, 50):
            with statements.counted() as made:
                page = await browse(client, page_size=size, **filters)
            assert len(page["items"]) == size
            assert made.count <= 4, filters


@pytest.mark.usefixtures("many")
async def test_the_next_page_takes_two(client: AsyncClient, statements: Counter) -> None:
    first = await browse(client, page_size=20)
    with statements.counted() as made:
        await browse(client, page_size=20, cursor=first["next_cursor"])
    assert made.count == 2


@pytest.mark.usefixtures("many")
async def test_a_signed_in_viewer_s_page_takes_no_more(
    runtime: Runtime, client: AsyncClient, statements: Counter
) -> None:
    headers = await as_viewer(runtime, client)
    await client.get("/api/v1/profiles", headers=headers)
    with statements.counted() as made:
        await browse(client, headers, page_size=50)
    assert made.count <= 4


@pytest.mark.usefixtures("many")
async def test_the_marks_of_a_profile_take_one_more_however_many_titles(
    runtime: Runtime, client: AsyncClient, statements: Counter
) -> None:
    headers = await as_viewer(runtime, client)
    for size in (1, 50):
        first = await browse(client, headers, page_size=size)
        with statements.counted() as made:
            await browse(client, headers, page_size=size, cursor=first["next_cursor"])
        assert made.count == 3


async def test_a_title_takes_five_at_most(
    runtime: Runtime, client: AsyncClient, statements: Counter
) -> None:
    title_id = await make_series(runtime, seasons=6, episodes=3)
    for name in ("Ana", "Ben", "Cleo"):
        await make_person(runtime, name, title_id)
    headers = await as_viewer(runtime, client)
    await client.get("/api/v1/profiles", headers=headers)
    for asking, most in (({}, 4), (headers, 5)):
        with statements.counted() as made:
            answer = await client.get(f"{CATALOG}/titles/{title_id}", headers=asking)
        assert len(answer.json()["seasons"]) == 6
        assert made.count <= most


async def test_collections_take_two_however_many_are_smart(
    runtime: Runtime, client: AsyncClient, statements: Counter, many: list[UUID]
) -> None:
    for number in range(9):
        await make_collection(runtime, f"smart-{number}", filter={"year_from": 1900 + number})
        await make_collection(runtime, f"manual-{number}", *many[:3])
    with statements.counted() as made:
        listed = (await client.get(f"{CATALOG}/collections")).json()["items"]
    assert len(listed) == 18
    assert made.count == 2
    with statements.counted() as made:
        await client.get(f"{CATALOG}/collections/smart-3", params={"page_size": 50})
    assert made.count <= 4


async def test_a_person_takes_three_however_many_titles(
    runtime: Runtime, client: AsyncClient, statements: Counter, many: list[UUID]
) -> None:
    buster = await make_person(runtime, "Buster Keaton", *many)
    with statements.counted() as made:
        person = (await client.get(f"{CATALOG}/people/{buster}")).json()
    assert len(person["titles"]) == 60
    assert made.count == 3
