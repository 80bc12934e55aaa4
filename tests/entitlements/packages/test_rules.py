"""Staff lets packages carry titles for what they are (E-01)."""

from typing import Any
from uuid import UUID

import pytest
from httpx import AsyncClient

from matinee.runtime import Runtime
from tests.catalog.makers import make_genre
from tests.entitlements.makers import make_package
from tests.entitlements.packages.conftest import Seller, actions, refusal
from tests.makers import as_staff, make_title, scalar

NOBODY = "00000000-0000-0000-0000-000000000000"
RULE: dict[str, Any] = {
    "kind": "movie",
    "genres": ["drama"],
    "tags": ["restored"],
    "year_from": 1920,
    "year_to": 1929,
    "territory": "US",
    "available_from": "2026-06-01T00:00:00Z",
    "available_until": "2026-09-01T00:00:00Z",
}


@pytest.fixture
async def package_id(runtime: Runtime) -> UUID:
    await make_genre(runtime, "drama", "Drama")
    await make_genre(runtime, "comedy", "Comedy")
    return await make_package(runtime)


async def test_a_rule_keeps_all_that_is_said_of_it(seller: Seller, package_id: UUID) -> None:
    made = await seller.make(f"/packages/{package_id}/rules", **RULE)
    [read] = (await seller.get(f"/packages/{package_id}/rules"))["items"]
    assert read == RULE | {"id": made["id"]}


async def test_a_rule_is_replaced_as_a_whole(seller: Seller, package_id: UUID) -> None:
    made = await seller.make(f"/packages/{package_id}/rules", **RULE)
    path = f"/packages/{package_id}/rules/{made['id']}"
    changed = (await seller.ask("PUT", path, {"genres": ["comedy", "comedy"]})).json()
    assert (changed["genres"], changed["kind"], changed["tags"]) == (["comedy"], None, [])
    assert (changed["territory"], changed["available_until"]) == ("**", None)


async def test_a_deleted_rule_is_gone(seller: Seller, package_id: UUID) -> None:
    made = await seller.make(f"/packages/{package_id}/rules")
    path = f"/packages/{package_id}/rules/{made['id']}"
    answers = [(await seller.ask("DELETE", path)).status_code for _ in range(2)]
    assert answers == [204, 404]


async def test_a_rule_of_another_package_is_not_found(
    runtime: Runtime, seller: Seller, package_id: UUID
) -> None:
    made = await seller.make(f"/packages/{package_id}/rules")
    other = await make_package(runtime, "other")
    path = f"/packages/{other}/rules/{made['id']}"
    answers = [await seller.ask("PUT", path, {}), await seller.ask("DELETE", path)]
    assert {answer.status_code for answer in answers} == {404}
    assert (await seller.ask("POST", f"/packages/{NOBODY}/rules", {})).status_code == 404


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"genres": ["opera"]}, "invalid_value"),
        ({"kind": "short"}, "invalid_value"),
        ({"year_from": 1930, "year_to": 1920}, "validation_failed"),
        ({"year_from": 99}, "validation_failed"),
        ({"tags": ["x" * 101]}, "validation_failed"),
        ({"tags": ["x"] * 51}, "validation_failed"),
        ({"genres": "drama"}, "validation_failed"),
        ({"mood": ["dark"]}, "unknown_field"),
    ],
)
async def test_what_makes_no_sense_is_refused(
    seller: Seller, package_id: UUID, body: dict[str, Any], code: str
) -> None:
    answer = await seller.ask("POST", f"/packages/{package_id}/rules", body)
    assert refusal(answer)[:2] == (422, code)


async def test_a_preview_counts_what_a_rule_would_carry(
    runtime: Runtime, seller: Seller, package_id: UUID
) -> None:
    await make_title(runtime, "Fits", genres=["drama"], tags=["restored"], year=1925)
    await make_title(runtime, "Draft", genres=["drama"], tags=["restored"], status="draft")
    await make_title(runtime, "Other genre", genres=["comedy"], tags=["restored"])
    await make_title(runtime, "Other tag", genres=["drama"])
    query = "genres=drama&tags=restored&tags=colour"
    found = await seller.get(f"/package-rules/preview?{query}")
    assert (found["titles"], found["published"]) == (2, 1)
    assert [title["name"] for title in found["sample"]] == ["Fits", "Draft"]
    with_year = await seller.get(f"/package-rules/preview?{query}&year_from=1920&year_to=1929")
    assert with_year["titles"] == 1


async def test_a_preview_without_conditions_is_of_everything(
    runtime: Runtime, seller: Seller
) -> None:
    for number in range(30):
        await make_title(runtime, f"Film {number}")
    found = await seller.get("/package-rules/preview")
    assert (found["titles"], len(found["sample"])) == (30, 24)


async def test_a_preview_of_an_unknown_genre_is_refused(seller: Seller) -> None:
    answer = await seller.ask("GET", "/package-rules/preview?genres=opera")
    assert refusal(answer) == (422, "invalid_value", "genres")


@pytest.mark.parametrize(
    ("genres", "after"), [(["comedy"], ["drama"]), (["comedy", "drama"], ["drama"])]
)
async def test_rules_follow_a_genre_into_another(
    runtime: Runtime, seller: Seller, package_id: UUID, genres: list[str], after: list[str]
) -> None:
    await seller.make(f"/packages/{package_id}/rules", genres=genres)
    merged = await seller.ask("POST", "/genres/comedy/merge", {"into": "drama"})
    assert merged.status_code == 200
    assert await scalar(runtime, "SELECT genres FROM package_rules") == after


async def test_an_editor_writes_rules_and_it_is_written_down(
    runtime: Runtime, client: AsyncClient, package_id: UUID
) -> None:
    editor = Seller(client, await as_staff(runtime, client, "editor"))
    made = await editor.make(f"/packages/{package_id}/rules", **RULE)
    path = f"/packages/{package_id}/rules/{made['id']}"
    await editor.ask("PUT", path, {"kind": "series"})
    await editor.ask("DELETE", path)
    assert await actions(runtime) == [
        "package.create_rule", "package.put_rule", "package.delete_rule",
    ]  # fmt: skip
