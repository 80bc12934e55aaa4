"""Collections as viewers see them (S-07)."""

from httpx import AsyncClient

from matinee.runtime import Runtime
from tests.catalog.makers import CATALOG, Headers, days, make_collection, make_genre, refusal
from tests.makers import as_viewer, make_title

PATH = f"{CATALOG}/collections"


async def listed(client: AsyncClient, headers: Headers | None = None) -> dict[str, int]:
    """Slugs in order, with the number of titles."""
    answer = await client.get(PATH, headers=headers)
    return {card["slug"]: card["titles"] for card in answer.json()["items"]}


async def test_collections_come_in_the_operator_s_order(
    runtime: Runtime, client: AsyncClient
) -> None:
    ids = [await make_title(runtime, f"Film {number}") for number in range(4)]
    await make_collection(runtime, "second", *ids, position=2)
    await make_collection(runtime, "first", *ids[:3], position=1)
    assert await listed(client) == {"first": 3, "second": 4}


async def test_fewer_than_three_visible_titles_hide_a_collection(
    runtime: Runtime, client: AsyncClient
) -> None:
    ids = [await make_title(runtime, maturity_score=0) for _ in range(2)]
    ids.append(await make_title(runtime, maturity_score=16))
    await make_collection(runtime, "mixed", *ids)
    adult = await as_viewer(runtime, client)
    assert (await listed(client), await listed(client, adult)) == ({}, {"mixed": 3})
    assert await refusal(client, f"{PATH}/mixed") == (404, "not_found")


async def test_drafts_and_closed_windows_are_not_shown(
    runtime: Runtime, client: AsyncClient
) -> None:
    ids = [await make_title(runtime) for _ in range(3)]
    await make_collection(runtime, "draft", *ids, status="draft")
    await make_collection(runtime, "over", *ids, published_until=days(-1))
    await make_collection(runtime, "not-yet", *ids, published_from=days(1))
    await make_collection(runtime, "now", *ids, published_from=days(-1), published_until=days(1))
    assert list(await listed(client)) == ["now"]
    for slug in ("draft", "over", "not-yet", "missing"):
        assert await refusal(client, f"{PATH}/{slug}") == (404, "not_found")


async def test_the_titles_of_a_collection_keep_their_order_over_pages(
    runtime: Runtime, client: AsyncClient
) -> None:
    ids = [await make_title(runtime, f"Film {number}") for number in (3, 1, 2)]
    await make_title(runtime, "Not in it")
    await make_collection(runtime, "ordered", *ids)
    first = (await client.get(f"{PATH}/ordered", params={"page_size": 2})).json()
    rest = await client.get(
        f"{PATH}/ordered", params={"page_size": 2, "cursor": first["next_cursor"]}
    )
    assert [card["name"] for card in first["items"]] == ["Film 3", "Film 1"]
    assert [card["name"] for card in rest.json()["items"]] == ["Film 2"]


async def test_a_smart_collection_is_what_its_filter_finds(
    runtime: Runtime, client: AsyncClient
) -> None:
    await make_genre(runtime, "comedy", "Comedy")
    for number in range(4):
        await make_title(runtime, f"Laugh {number}", genres=["comedy"], year=1920 + number)
    await make_title(runtime, "Cry")
    await make_collection(
        runtime, "laughs", filter={"genre": ["comedy"], "year_from": 1921}, name="Laughs"
    )
    await make_collection(runtime, "late-laughs", filter={"genre": ["comedy"], "year_from": 1922})
    assert await listed(client) == {"laughs": 3}
    first = (await client.get(f"{PATH}/laughs", params={"page_size": 2})).json()
    rest = await client.get(
        f"{PATH}/laughs", params={"page_size": 2, "cursor": first["next_cursor"]}
    )
    names = [card["name"] for card in [*first["items"], *rest.json()["items"]]]
    assert names == ["Laugh 3", "Laugh 2", "Laugh 1"]


async def test_a_filter_whose_label_is_gone_finds_nothing(
    runtime: Runtime, client: AsyncClient
) -> None:
    await make_collection(runtime, "outdated", filter={"mood": ["no longer a mood"]})
    assert await listed(client) == {}


async def test_a_strange_slug_is_refused(client: AsyncClient) -> None:
    for slug in ("%00", "%ff", "a" * 81, "No-Slug"):
        assert await refusal(client, f"{PATH}/{slug}") == (422, "validation_failed")


async def test_a_cursor_of_something_else_is_refused(runtime: Runtime, client: AsyncClient) -> None:
    ids = [await make_title(runtime) for _ in range(3)]
    await make_collection(runtime, "any", *ids)
    wrong = await refusal(client, f"{PATH}/any", params={"cursor": "x"})
    assert wrong == (400, "bad_cursor")
