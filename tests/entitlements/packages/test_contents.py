"""Staff says which titles a package lists, where and when (E-01)."""

import asyncio
from typing import Any
from uuid import UUID

import pytest
from httpx import AsyncClient

from matinee.runtime import Runtime
from tests.entitlements.makers import carry, make_package
from tests.entitlements.packages.conftest import Seller, actions, refusal
from tests.makers import as_staff, make_title, scalar

SUMMER = {"available_from": "2026-06-01T00:00:00Z", "available_until": "2026-09-01T00:00:00Z"}
JULY = {"available_from": "2026-07-01T00:00:00Z", "available_until": "2026-08-01T00:00:00Z"}
AUTUMN = {"available_from": "2026-09-01T00:00:00Z", "available_until": None}
NOBODY = "00000000-0000-0000-0000-000000000000"


@pytest.fixture
async def package_id(runtime: Runtime) -> UUID:
    return await make_package(runtime)


@pytest.fixture
async def title_ids(runtime: Runtime) -> list[UUID]:
    return [await make_title(runtime, f"Film {number}") for number in range(5)]


async def assign(
    seller: Seller, package_id: UUID, title_ids: list[UUID], **window: Any
) -> dict[str, Any]:
    body = {"title_ids": [str(one) for one in title_ids], **window}
    answer = await seller.ask("POST", f"/packages/{package_id}/titles", body)
    assert answer.status_code == 200, answer.text
    done: dict[str, Any] = answer.json()
    return done


async def test_many_titles_are_added_at_once(
    seller: Seller, package_id: UUID, title_ids: list[UUID]
) -> None:
    done = await assign(seller, package_id, title_ids, territory="US", **SUMMER)
    assert done == {"changed": 5, "unchanged": 0}
    listed = (await seller.get(f"/packages/{package_id}/titles"))["items"]
    assert [row["name"] for row in listed] == [f"Film {number}" for number in range(5)]
    assert {(row["territory"], row["available_from"]) for row in listed} == {
        ("US", "2026-06-01T00:00:00Z")
    }


async def test_a_thousand_titles_are_added_at_once(
    runtime: Runtime, seller: Seller, package_id: UUID
) -> None:
    async with runtime.database.write() as tx:
        rows = await tx.all(
            "INSERT INTO titles (kind, name, sort_name, folded_name)"
            " SELECT 'movie', n, n, n FROM generate_series(1, 1000) AS made(i),"
            " LATERAL (SELECT i::text) AS named(n) RETURNING id"
        )
    done = await assign(seller, package_id, [row["id"] for row in rows])
    assert done["changed"] == 1000


async def test_adding_again_changes_nothing(
    seller: Seller, package_id: UUID, title_ids: list[UUID]
) -> None:
    await assign(seller, package_id, title_ids[:2])
    assert await assign(seller, package_id, title_ids[:3]) == {"changed": 1, "unchanged": 2}


async def test_a_title_may_have_several_windows(
    seller: Seller, package_id: UUID, title_ids: list[UUID]
) -> None:
    await assign(seller, package_id, title_ids[:1], **SUMMER)
    await assign(seller, package_id, title_ids[:1], **AUTUMN)
    await assign(seller, package_id, title_ids[:1], territory="US", **JULY)
    assert len((await seller.get(f"/packages/{package_id}/titles"))["items"]) == 3


async def test_windows_that_clash_are_refused_by_name_and_nothing_is_added(
    runtime: Runtime, seller: Seller, package_id: UUID, title_ids: list[UUID]
) -> None:
    await assign(seller, package_id, title_ids[:1], territory="US", **SUMMER)
    body = {"title_ids": [str(one) for one in title_ids], "territory": "US", **JULY}
    answer = await seller.ask("POST", f"/packages/{package_id}/titles", body)
    assert refusal(answer) == (409, "window_overlap", "title_ids")
    assert answer.json()["error"]["details"]["overlaps"] == [
        {
            "title_id": str(title_ids[0]),
            "territory": "US",
            "available_from": "2026-06-01T00:00:00+00:00",
            "available_until": "2026-09-01T00:00:00+00:00",
        }
    ]
    assert await scalar(runtime, "SELECT count(*) FROM package_contents") == 1


async def test_of_two_who_add_the_same_at_once_one_finds_it_done(
    runtime: Runtime, seller: Seller, package_id: UUID, title_ids: list[UUID]
) -> None:
    done = await asyncio.gather(*(assign(seller, package_id, title_ids) for _ in range(4)))
    assert sorted(one["changed"] for one in done) == [0, 0, 0, 5]
    assert await scalar(runtime, "SELECT count(*) FROM package_contents") == 5


async def test_unknown_titles_are_named(
    runtime: Runtime, seller: Seller, package_id: UUID, title_ids: list[UUID]
) -> None:
    body = {"title_ids": [str(title_ids[0]), NOBODY]}
    answer = await seller.ask("POST", f"/packages/{package_id}/titles", body)
    assert refusal(answer) == (422, "invalid_value", "title_ids")
    assert answer.json()["error"]["details"] == {"unknown": [NOBODY]}
    assert await scalar(runtime, "SELECT count(*) FROM package_contents") == 0


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"title_ids": []}, "validation_failed"),
        ({"title_ids": [NOBODY] * 1001}, "validation_failed"),
        ({"title_ids": ["x"]}, "validation_failed"),
        ({"title_ids": [NOBODY], "territory": "USA"}, "validation_failed"),
        ({"title_ids": [NOBODY], "available_from": "tomorrow"}, "validation_failed"),
        (
            {
                "title_ids": [NOBODY],
                "available_from": "2026-02-01T00:00:00Z",
                "available_until": "2026-02-01T00:00:00Z",
            },
            "validation_failed",
        ),
        ({"title_ids": [NOBODY], "price_cents": 1}, "unknown_field"),
    ],
)
async def test_what_makes_no_sense_is_refused(
    seller: Seller, package_id: UUID, body: dict[str, Any], code: str
) -> None:
    answer = await seller.ask("POST", f"/packages/{package_id}/titles", body)
    assert refusal(answer)[:2] == (422, code)


async def test_all_windows_of_a_title_are_replaced(
    seller: Seller, package_id: UUID, title_ids: list[UUID]
) -> None:
    await assign(seller, package_id, title_ids[:2])
    path = f"/packages/{package_id}/titles/{title_ids[0]}"
    wish = {"windows": [{"territory": "US", **SUMMER}, {"territory": "US", **AUTUMN}]}
    put = await seller.ask("PUT", path, wish)
    assert put.json()["windows"] == wish["windows"]
    again = await seller.ask("PUT", path, {"windows": []})
    assert again.json()["windows"] == []
    left = (await seller.get(f"/packages/{package_id}/titles"))["items"]
    assert [row["title_id"] for row in left] == [str(title_ids[1])]


async def test_windows_that_clash_in_one_request_are_refused_by_place(
    runtime: Runtime, seller: Seller, package_id: UUID, title_ids: list[UUID]
) -> None:
    await assign(seller, package_id, title_ids[:1])
    path = f"/packages/{package_id}/titles/{title_ids[0]}"
    answer = await seller.ask("PUT", path, {"windows": [SUMMER, AUTUMN, JULY]})
    assert refusal(answer) == (409, "window_overlap", "windows.2")
    assert await scalar(runtime, "SELECT count(*) FROM package_contents") == 1


async def test_titles_are_taken_out_with_all_windows(
    seller: Seller, package_id: UUID, title_ids: list[UUID]
) -> None:
    await assign(seller, package_id, title_ids[:3], **SUMMER)
    await assign(seller, package_id, title_ids[:1], **AUTUMN)
    wish = {"title_ids": [str(title_ids[0]), str(title_ids[4])]}
    answer = await seller.ask("POST", f"/packages/{package_id}/remove-titles", wish)
    assert answer.json() == {"changed": 2, "unchanged": 1}
    deletions = [
        await seller.ask("DELETE", f"/packages/{package_id}/titles/{title_ids[1]}")
        for _ in range(2)
    ]
    assert [answer.status_code for answer in deletions] == [204, 204]
    left = (await seller.get(f"/packages/{package_id}/titles"))["items"]
    assert [row["title_id"] for row in left] == [str(title_ids[2])]


async def test_the_list_goes_on_where_it_stopped(
    seller: Seller, package_id: UUID, title_ids: list[UUID]
) -> None:
    await assign(seller, package_id, title_ids)
    names, cursor = [], ""
    while cursor is not None:
        page = await seller.get(f"/packages/{package_id}/titles?page_size=2{cursor}")
        names += [row["name"] for row in page["items"]]
        cursor = f"&cursor={page['next_cursor']}" if page["next_cursor"] else None
    assert names == [f"Film {number}" for number in range(5)]


async def test_the_list_can_be_searched(
    runtime: Runtime, seller: Seller, package_id: UUID, title_ids: list[UUID]
) -> None:
    await carry(runtime, package_id, title_ids[3], territory="US")
    await carry(runtime, package_id, title_ids[3], territory="FR")
    await carry(runtime, package_id, title_ids[4], territory="FR")
    for query, count in [
        ("q=film+3", 2),
        ("territory=FR", 2),
        (f"title_id={title_ids[4]}", 1),
        ("q=film+3&territory=US", 1),
        ("territory=**", 0),
    ]:
        found = await seller.get(f"/packages/{package_id}/titles?{query}")
        assert len(found["items"]) == count, query


async def test_what_is_not_there_is_not_found(
    seller: Seller, package_id: UUID, title_ids: list[UUID]
) -> None:
    wish = {"title_ids": [str(title_ids[0])]}
    answers = [
        await seller.ask("GET", f"/packages/{NOBODY}/titles"),
        await seller.ask("POST", f"/packages/{NOBODY}/titles", wish),
        await seller.ask("POST", f"/packages/{NOBODY}/remove-titles", wish),
        await seller.ask("PUT", f"/packages/{NOBODY}/titles/{title_ids[0]}", {"windows": []}),
        await seller.ask("PUT", f"/packages/{package_id}/titles/{NOBODY}", {"windows": []}),
    ]
    assert {answer.status_code for answer in answers} == {404}


async def test_an_editor_assigns_titles_and_it_is_written_down(
    runtime: Runtime, client: AsyncClient, package_id: UUID, title_ids: list[UUID]
) -> None:
    editor = Seller(client, await as_staff(runtime, client, "editor"))
    await assign(editor, package_id, title_ids[:1], **SUMMER)
    await editor.ask("PUT", f"/packages/{package_id}/titles/{title_ids[0]}", {"windows": [{}]})
    await editor.ask("DELETE", f"/packages/{package_id}/titles/{title_ids[0]}")
    assert await actions(runtime) == ["package.assign", "package.put_title", "package.remove"]
    added = "SELECT changes -> 'title_ids' -> 1 FROM admin_audit_log WHERE action = $1"
    assert await scalar(runtime, added, "package.assign") == [str(title_ids[0])]
