"""Who may see what (C1): one rule for every list, count and detail."""

from typing import Any
from uuid import UUID, uuid4

import pytest
from httpx import AsyncClient

from matinee.accounts.viewer import Viewer
from matinee.entitlements.visibility import VISIBLE, VISIBLE_IN_BULK, visibility_of
from matinee.runtime import Runtime
from tests.catalog.makers import CATALOG, browse, make_rights, names
from tests.makers import (
    as_viewer,
    choose_profile,
    execute,
    make_profile,
    make_title,
    make_user,
    sign_in,
)


async def status_of(client: AsyncClient, title_id: UUID, headers: Any = None) -> int:
    answer = await client.get(f"{CATALOG}/titles/{title_id}", headers=headers)
    return answer.status_code


async def test_only_published_titles_are_seen(runtime: Runtime, client: AsyncClient) -> None:
    ids = {status: await make_title(runtime, status=status) for status in STATES}
    assert {status: await status_of(client, ids[status]) for status in STATES} == STATES


STATES = {"published": 200, "draft": 404, "takedown": 404}


async def test_the_ceiling_of_a_profile_counts(runtime: Runtime, client: AsyncClient) -> None:
    for age in (0, 12, 13, 21):
        await make_title(runtime, f"From {age}", maturity_score=age)
    child = await as_viewer(runtime, client, "child@example.com", max_maturity=12)
    adult = await as_viewer(runtime, client, "adult@example.com")
    assert await names(client, child, sort="name") == ["From 0", "From 12"]
    assert await names(client, adult, sort="name") == ["From 0", "From 12", "From 13", "From 21"]


async def test_unrated_titles_are_hidden_where_the_profile_says_so(
    runtime: Runtime, client: AsyncClient
) -> None:
    await make_title(runtime, "Unrated", maturity_score=None)
    strict = await as_viewer(runtime, client, "strict@example.com", block_unrated=True)
    open_ = await as_viewer(runtime, client, "open@example.com", max_maturity=6)
    assert (await names(client, strict), await names(client, open_)) == ([], ["Unrated"])


async def test_totals_and_facets_count_only_what_is_seen(
    runtime: Runtime, client: AsyncClient
) -> None:
    await make_title(runtime, maturity_score=12, mood_tags=["epic"])
    await make_title(runtime, maturity_score=13, mood_tags=["epic", "dark"])
    await make_title(runtime, maturity_score=None, mood_tags=["dark"])
    headers = await as_viewer(runtime, client, max_maturity=12, block_unrated=True)
    page = await browse(client, headers, facets=True)
    assert (page["total"], (await browse(client, headers))["total"]) == (1, 1)
    assert page["facets"]["mood"] == [{"value": "epic", "label": "epic", "count": 1}]


async def test_visitors_see_what_is_for_everybody(runtime: Runtime, client: AsyncClient) -> None:
    await make_title(runtime, "For twelve", maturity_score=12)
    await make_title(runtime, "For thirteen", maturity_score=13)
    await make_title(runtime, "Unrated", maturity_score=None)
    assert await names(client) == ["For twelve"]


async def test_a_blocked_tag_hides_in_whatever_list_it_stands(
    runtime: Runtime, client: AsyncClient
) -> None:
    for column in ("tags", "genres", "mood_tags", "theme_tags"):
        await make_title(runtime, f"Scary {column}", **{column: ["other", "scary"]})
    await make_title(runtime, "Gentle", tags=["other"])
    headers = await as_viewer(runtime, client, blocked_tags=["scary", "gory"])
    assert await names(client, headers) == ["Gentle"]


async def test_a_profile_with_an_allow_list_sees_nothing_else(
    runtime: Runtime, client: AsyncClient
) -> None:
    allowed = await make_title(runtime, "Allowed")
    await make_title(runtime, "Other")
    user_id = await make_user(runtime)
    child_id = await make_profile(runtime, user_id, "Child", allow_list_only=True)
    parent_id = await make_profile(runtime, user_id, "Parent")
    child = await choose_profile(client, await sign_in(client), child_id)
    parent = await choose_profile(client, await sign_in(client), parent_id)
    assert (await browse(client, child))["total"] == 0
    answer = await client.put(
        f"/api/v1/profiles/{child_id}/allowed-titles",
        json={"title_ids": [str(allowed)]},
        headers=parent,
    )
    assert answer.status_code == 200, answer.text
    page = await browse(client, child)
    assert ([card["name"] for card in page["items"]], page["total"]) == (["Allowed"], 1)


WINDOWS: dict[str, tuple[list[dict[str, Any]], bool]] = {
    "open at home": ([{"territory": "DE"}], True),
    "open everywhere": ([{"territory": "**"}], True),
    "open elsewhere": ([{"territory": "FR"}], False),
    "closed": ([{"territory": "DE", "closes": -1}], False),
    "not yet open": ([{"territory": "DE", "opens": 1}], False),
    "in the gap between two": (
        [{"territory": "DE", "closes": -1}, {"territory": "DE", "opens": 1}],
        False,
    ),
    "closed at home, open everywhere": (
        [{"territory": "DE", "closes": -1}, {"territory": "**"}],
        True,
    ),
}


async def test_a_title_is_seen_inside_its_rights_windows(
    runtime: Runtime, client: AsyncClient
) -> None:
    for name, (windows, _) in WINDOWS.items():
        title_id = await make_title(runtime, name)
        for window in windows:
            await make_rights(runtime, title_id, **window)
    headers = await as_viewer(runtime, client, country="DE")
    seen = await names(client, headers)
    assert {name: name in seen for name in WINDOWS} == {
        name: visible for name, (_, visible) in WINDOWS.items()
    }


async def test_a_title_that_lost_its_last_window_is_not_seen(
    runtime: Runtime, client: AsyncClient
) -> None:
    title_id = await make_title(runtime)
    await make_rights(runtime, title_id)
    await execute(runtime, "DELETE FROM title_rights")
    assert await status_of(client, title_id) == 404


@pytest.fixture
async def revealing(runtime: Runtime) -> None:
    """The operator wants it known that a title is shown in other countries."""
    runtime.settings = runtime.settings.model_copy(update={"reveal_territories": True})


async def elsewhere(runtime: Runtime, **columns: Any) -> UUID:
    """A title that is shown in France only."""
    title_id = await make_title(runtime, **columns)
    await make_rights(runtime, title_id, "FR")
    return title_id


@pytest.mark.usefixtures("revealing")
async def test_where_wanted_a_title_of_other_countries_is_451(
    runtime: Runtime, client: AsyncClient
) -> None:
    answer = await client.get(f"{CATALOG}/titles/{await elsewhere(runtime)}")
    assert (answer.status_code, answer.json()["error"]["code"]) == (451, "not_in_territory")


async def test_else_a_title_of_other_countries_is_404(
    runtime: Runtime, client: AsyncClient
) -> None:
    assert await status_of(client, await elsewhere(runtime)) == 404


@pytest.mark.usefixtures("revealing")
async def test_no_country_reveals_what_the_viewer_may_not_see_anyway(
    runtime: Runtime, client: AsyncClient
) -> None:
    hidden = [
        await elsewhere(runtime, maturity_score=18),
        await elsewhere(runtime, maturity_score=None),
        await elsewhere(runtime, status="draft"),
        await make_title(runtime, status="takedown"),
        uuid4(),
    ]
    assert {await status_of(client, title_id) for title_id in hidden} == {404}


async def test_both_forms_of_the_rule_agree(runtime: Runtime) -> None:
    for name, (windows, _) in WINDOWS.items():
        title_id = await make_title(runtime, name)
        for window in windows:
            await make_rights(runtime, title_id, **window)
    await make_title(runtime, "Unrated", maturity_score=None)
    async with runtime.database.read() as tx:
        for viewer in (
            Viewer(territory="DE", max_maturity=21),
            Viewer(territory="FR", max_maturity=0, block_unrated=True),
            Viewer(territory="DE", max_maturity=21, blocked_tags=("x",)),
        ):
            differing = await tx.all(
                f"SELECT t.name FROM titles t WHERE {VISIBLE} IS DISTINCT FROM {VISIBLE_IN_BULK}",
                **visibility_of(viewer),
            )
            assert differing == []
