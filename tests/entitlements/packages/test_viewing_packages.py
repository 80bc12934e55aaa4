"""Viewers see what can be subscribed to here, and what is in it."""

import itertools
from typing import Any
from uuid import UUID

from httpx import AsyncClient

from matinee.entitlements.subscriptions import trials
from matinee.runtime import Runtime
from tests.catalog.makers import days, make_genre
from tests.entitlements.makers import carry, grant_package, make_package, make_rule
from tests.entitlements.packages.conftest import refusal
from tests.makers import as_viewer, execute, insert, make_title, scalar

PACKAGES = "/api/v1/packages"

Headers = dict[str, str]


async def slugs(client: AsyncClient, headers: Headers | None = None) -> list[str]:
    answer = await client.get(PACKAGES, headers=headers)
    assert answer.status_code == 200, answer.text
    return [one["slug"] for one in answer.json()["items"]]


async def detail(client: AsyncClient, slug: str, headers: Headers | None = None) -> dict[str, Any]:
    answer = await client.get(f"{PACKAGES}/{slug}", headers=headers)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def names(client: AsyncClient, slug: str, headers: Headers | None = None) -> set[str]:
    return {title["name"] for title in (await detail(client, slug, headers))["titles"]}


async def household_of(runtime: Runtime) -> UUID:
    found: UUID = await scalar(runtime, "SELECT user_id FROM users")
    return found


async def test_base_packages_come_first_by_rank_and_price(
    runtime: Runtime, client: AsyncClient
) -> None:
    await make_package(runtime, "addon", kind="addon", price_cents=100)
    await make_package(runtime, "best", rank=2, price_cents=500)
    await make_package(runtime, "dear", rank=1, price_cents=900)
    await make_package(runtime, "cheap", rank=1, price_cents=800)
    assert await slugs(client) == ["cheap", "dear", "best", "addon"]


async def test_a_visitor_sees_what_a_package_is(runtime: Runtime, client: AsyncClient) -> None:
    await make_package(runtime, trial_days=14, max_streams=3, max_quality="uhd")
    [seen] = (await client.get(PACKAGES)).json()["items"]
    assert (seen["price_cents"], seen["currency"], seen["billing_period"]) == (999, "USD", "month")
    assert (seen["trial_days"], seen["max_streams"], seen["max_quality"]) == (14, 3, "uhd")
    assert seen["max_profiles"] == runtime.settings.max_profiles
    assert (seen["state"], seen["access_until"]) == ("available", None)


async def test_an_archived_package_is_shown_to_those_who_have_it(
    runtime: Runtime, client: AsyncClient
) -> None:
    package_id = await make_package(runtime, "old", active=False)
    headers = await as_viewer(runtime, client)
    assert (await slugs(client), await slugs(client, headers)) == ([], [])
    assert (await client.get(f"{PACKAGES}/old")).status_code == 404
    await grant_package(runtime, await household_of(runtime), package_id)
    assert (await slugs(client), await slugs(client, headers)) == ([], ["old"])


async def test_a_household_sees_which_one_it_has_and_until_when(
    runtime: Runtime, client: AsyncClient
) -> None:
    headers = await as_viewer(runtime, client)
    mine, other, past = [await make_package(runtime, slug) for slug in ("a", "b", "c")]
    user_id, end = await household_of(runtime), days(3)
    await grant_package(runtime, user_id, mine, expires_at=end)
    await grant_package(runtime, user_id, past, expires_at=days(-1))
    seen = (await client.get(PACKAGES, headers=headers)).json()["items"]
    assert [one["state"] for one in seen] == ["active", "available", "available"]
    assert seen[0]["access_until"] == end.isoformat().replace("+00:00", "Z")
    await grant_package(runtime, user_id, other)
    assert (await detail(client, "b", headers))["access_until"] is None


async def test_a_trial_that_was_used_is_not_promised_again(
    runtime: Runtime, client: AsyncClient
) -> None:
    headers = await as_viewer(runtime, client)
    package_id = await make_package(runtime, trial_days=14)
    async with runtime.database.write() as tx:
        assert await trials.take(tx, await household_of(runtime), package_id, "sandbox", None)
    assert (await detail(client, "basic", headers))["trial_days"] == 0
    assert (await detail(client, "basic"))["trial_days"] == 14


async def test_what_carries_only_titles_for_other_countries_is_left_out(
    runtime: Runtime, client: AsyncClient
) -> None:
    french = await make_package(runtime, "french")
    await carry(runtime, french, await make_title(runtime), territory="FR")
    await make_rule(runtime, await make_package(runtime, "also-french"), territory="FR")
    await make_rule(runtime, await make_package(runtime, "everywhere"))
    await make_package(runtime, "empty")
    in_france = await as_viewer(runtime, client, country="FR")
    assert set(await slugs(client)) == {"everywhere", "empty"}
    assert len(await slugs(client, in_france)) == 4
    assert (await client.get(f"{PACKAGES}/french")).status_code == 404


async def test_kids_see_no_packages_because_they_see_no_prices(
    runtime: Runtime, client: AsyncClient
) -> None:
    await make_package(runtime)
    headers = await as_viewer(runtime, client, kind="kids")
    for path in (PACKAGES, f"{PACKAGES}/basic", f"{PACKAGES}/nothing"):
        answer = await client.get(path, headers=headers)
        assert refusal(answer)[:2] == (403, "purchase_not_allowed")


async def test_a_package_shows_what_it_lists_and_what_its_rules_match(
    runtime: Runtime, client: AsyncClient
) -> None:
    await make_genre(runtime, "drama", "Drama")
    package_id = await make_package(runtime)
    listed = await make_title(runtime, "Listed", genres=["drama"])
    await make_title(runtime, "Matched", genres=["drama"])
    await make_title(runtime, "Neither")
    await carry(runtime, package_id, listed)
    await make_rule(runtime, package_id, genres=["drama"])
    assert await names(client, "basic") == {"Listed", "Matched"}


async def test_it_shows_only_what_can_be_watched_with_it_here_and_now(
    runtime: Runtime, client: AsyncClient
) -> None:
    package_id = await make_package(runtime)
    windows: dict[str, dict[str, Any]] = {
        "Always": {},
        "Here": {"territory": "US"},
        "There": {"territory": "FR"},
        "Over": {"available_until": days(-1)},
        "To come": {"available_from": days(1)},
    }
    for name, window in windows.items():
        await carry(runtime, package_id, await make_title(runtime, name), **window)
    await make_title(runtime, "Ruled", kind="series")
    await make_rule(runtime, package_id, kind="series", available_until=days(-1))
    assert await names(client, "basic") == {"Always", "Here"}


async def test_it_shows_only_what_the_viewer_may_see(runtime: Runtime, client: AsyncClient) -> None:
    package_id = await make_package(runtime)
    for name, columns in {
        "For all": {},
        "For adults": {"maturity_score": 18},
        "Draft": {"status": "draft"},
    }.items():
        await carry(runtime, package_id, await make_title(runtime, name, **columns))
    headers = await as_viewer(runtime, client)
    assert await names(client, "basic") == {"For all"}
    assert await names(client, "basic", headers) == {"For all", "For adults"}


async def test_of_many_titles_the_newest_are_shown_in_the_viewer_s_language(
    runtime: Runtime, client: AsyncClient
) -> None:
    package_id = await make_package(runtime)
    for number in range(30):
        title_id = await make_title(runtime, f"Film {number}", added_at=days(number - 40))
        await carry(runtime, package_id, title_id)
    await execute(
        runtime,
        "INSERT INTO title_localizations (title_id, language, name) VALUES ($1, 'de', 'Neues')",
        title_id,
    )
    poster = "https://img.example.com/p.webp"
    await insert(runtime, "title_images", title_id=title_id, kind="poster", url=poster)
    found = (await detail(client, "basic", {"Accept-Language": "de"}))["titles"]
    assert (len(found), found[0]["name"], found[0]["poster"]) == (24, "Neues", poster)
    assert [title["name"] for title in found[1:3]] == ["Film 28", "Film 27"]


async def test_a_package_that_is_not_there_is_not_found(client: AsyncClient) -> None:
    answers = [await client.get(f"{PACKAGES}/{slug}") for slug in ("nothing", "No-Slug", "%00")]
    assert [answer.status_code for answer in answers] == [404, 422, 422]


async def test_the_list_takes_as_many_statements_however_long_it_is(
    runtime: Runtime, client: AsyncClient
) -> None:
    headers = await as_viewer(runtime, client)
    counted = itertools.count()

    async def statements() -> int:
        before = next(counted)
        await client.get(PACKAGES, headers=headers)
        return next(counted) - before - 1

    await statements()  # who is asking is remembered from here on
    runtime.database.on_statement = lambda: next(counted)
    await make_package(runtime, "a")
    one = await statements()
    for number in range(10):
        await make_package(runtime, f"p{number}")
    assert one == await statements() == 2
