"""Which titles a profile looked at (S-06)."""

from datetime import datetime, timedelta
from uuid import UUID

import pytest
from httpx import AsyncClient

from matinee.core.jobs import JobRun
from matinee.runtime import Runtime
from matinee.viewing.views import forget_old_views
from tests.makers import execute, make_title, scalar
from tests.viewing.makers import counted, kinds_of
from tests.viewing.progress.makers import VIEWING, Somebody, make_somebody


async def look(
    runtime: Runtime, client: AsyncClient, who: Somebody | None, title_id: UUID, **headers: str
) -> None:
    """Open the page of a title, and wait until that is written."""
    signed = who.headers if who else {}
    answer = await client.get(f"/api/v1/catalog/titles/{title_id}", headers=signed | headers)
    assert answer.status_code in (200, 304, 404)
    await runtime.buffers.flush()


async def browsed(client: AsyncClient, who: Somebody) -> list[str]:
    answer = await client.get(f"{VIEWING}/recently-browsed", headers=who.headers)
    assert answer.status_code == 200, answer.text
    return [card["name"] for card in answer.json()["items"]]


async def viewed_at(runtime: Runtime) -> datetime:
    moment: datetime = await scalar(runtime, "SELECT viewed_at FROM title_views")
    return moment


async def age_views(runtime: Runtime, by: timedelta) -> None:
    await execute(runtime, "UPDATE title_views SET viewed_at = viewed_at - $1::interval", by)


async def test_an_opened_title_was_browsed(
    runtime: Runtime, client: AsyncClient, ana: Somebody
) -> None:
    for name in ("A", "B"):
        await look(runtime, client, ana, await make_title(runtime, name))
    assert await browsed(client, ana) == ["B", "A"]


async def test_titles_opened_within_a_second_keep_their_order(
    runtime: Runtime, client: AsyncClient, ana: Somebody
) -> None:
    titles = [await make_title(runtime, name) for name in "ABCD"]
    for title_id in reversed(titles):
        await client.get(f"/api/v1/catalog/titles/{title_id}", headers=ana.headers)
    await runtime.buffers.flush()
    assert await browsed(client, ana) == ["A", "B", "C", "D"]


async def test_looking_takes_no_statement_of_its_own(
    runtime: Runtime, client: AsyncClient, ana: Somebody
) -> None:
    title_id = await make_title(runtime)
    address = f"/api/v1/catalog/titles/{title_id}"
    counts = []
    for headers in ({"Sec-Purpose": "prefetch"}, {"Sec-Purpose": "prefetch"}, {}):
        with counted(runtime) as statements:
            await client.get(address, headers=ana.headers | headers)
        counts.append(len(statements))
    assert counts[1] == counts[2]


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Purpose": "prefetch"},
        {"Sec-Purpose": "prefetch;prerender"},
        {"Purpose": "prefetch"},
    ],
)
async def test_what_a_browser_fetches_ahead_was_not_looked_at(
    runtime: Runtime, client: AsyncClient, ana: Somebody, headers: dict[str, str]
) -> None:
    await look(runtime, client, ana, await make_title(runtime), **headers)
    assert await browsed(client, ana) == []


async def test_a_page_that_the_browser_has_already_counts(
    runtime: Runtime, client: AsyncClient, ana: Somebody
) -> None:
    await look(runtime, client, ana, await make_title(runtime), **{"If-None-Match": "*"})
    assert await browsed(client, ana) == ["Metropolis"]


async def test_neither_visitors_nor_hidden_titles_leave_a_trace(
    runtime: Runtime, client: AsyncClient, ana: Somebody
) -> None:
    await look(runtime, client, None, await make_title(runtime))
    await look(runtime, client, ana, await make_title(runtime, status="draft"))
    assert await scalar(runtime, "SELECT count(*) FROM title_views") == 0


@pytest.mark.parametrize(("minutes", "counted_again"), [(29, False), (31, True)])
async def test_the_same_title_counts_again_after_half_an_hour(
    runtime: Runtime, client: AsyncClient, ana: Somebody, minutes: int, counted_again: bool
) -> None:
    title_id = await make_title(runtime)
    await look(runtime, client, ana, title_id)
    await age_views(runtime, timedelta(minutes=minutes))
    before = await viewed_at(runtime)
    await look(runtime, client, ana, title_id)
    assert (await viewed_at(runtime) > before) == counted_again


async def test_browsing_says_nothing_about_the_taste(
    runtime: Runtime, client: AsyncClient, ana: Somebody
) -> None:
    await look(runtime, client, ana, await make_title(runtime))
    assert await kinds_of(runtime, ana.profile_id) == {}


async def test_views_are_cleared_also_those_not_yet_written(
    runtime: Runtime, client: AsyncClient, ana: Somebody
) -> None:
    ben = await make_somebody(runtime, client, "ben@example.com")
    title_id = await make_title(runtime)
    for who in (ana, ben):
        await client.get(f"/api/v1/catalog/titles/{title_id}", headers=who.headers)
    answer = await client.delete(f"{VIEWING}/recently-browsed", headers=ana.headers)
    assert answer.status_code == 204
    await runtime.buffers.flush()
    assert await browsed(client, ana) == []
    assert await browsed(client, ben) == ["Metropolis"]


async def test_views_are_kept_for_ninety_days(
    runtime: Runtime, client: AsyncClient, ana: Somebody
) -> None:
    await look(runtime, client, ana, await make_title(runtime, "Old"))
    await age_views(runtime, timedelta(days=91))
    await look(runtime, client, ana, await make_title(runtime, "New"))
    await age_views(runtime, timedelta(days=0, hours=1))
    await forget_old_views(runtime, JobRun(0, 0, runtime.database))
    assert await browsed(client, ana) == ["New"]


async def test_a_profile_that_is_gone_does_not_fail_the_views_of_others(
    runtime: Runtime, client: AsyncClient, ana: Somebody
) -> None:
    ben = await make_somebody(runtime, client, "ben@example.com")
    title_id = await make_title(runtime)
    for who in (ana, ben):
        await client.get(f"/api/v1/catalog/titles/{title_id}", headers=who.headers)
    await execute(runtime, "DELETE FROM profiles WHERE id = $1", ben.profile_id)
    await runtime.buffers.flush()
    assert await browsed(client, ana) == ["Metropolis"]
