"""The shop of the demo, and households in every state: each may play what its state says."""

from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest
from httpx import AsyncClient

from matinee.admin.invariants import check_all
from matinee.core.settings import Settings
from matinee.demo.customers import LIVES, open_shop
from matinee.demo.people import CUSTOMERS, HOUSEHOLD, PASSWORD, PIN
from matinee.demo.seed import seed
from matinee.embedded.postgres import EmbeddedPostgres
from matinee.runtime import Runtime
from tests.conftest import cloned
from tests.makers import choose_profile, execute, scalar, sign_in
from tests.snapshot import contents

PROFILE = """
    SELECT p.id FROM profiles p JOIN login_identities i USING (user_id)
    WHERE i.identity = $1 AND $2 IN (p.name, '')
"""
TITLE = "SELECT id FROM titles WHERE external_id = 'demo:' || $1"
LIST = """
    SELECT t.external_id FROM watchlist w JOIN titles t ON t.id = w.title_id
    JOIN profiles p ON p.id = w.profile_id WHERE p.name = $1
"""

METROPOLIS, CHARADE, DECAY = "metropolis-1927", "charade-1963", "decay-2012"
EVERYTHING = [
    ("svod", "basic", 599), ("svod", "premium", 1199), ("rent", None, 299), ("rent", None, 399),
    ("buy", None, 799), ("buy", None, 999),
]  # fmt: skip

STATES = {
    "trial": (METROPOLIS, "svod"),
    "active": (CHARADE, "svod"),
    "grace": (CHARADE, "svod"),
    "canceled": (CHARADE, "svod"),
    "expired": (METROPOLIS, "locked"),
    "rented": (METROPOLIS, "rent"),
    "started": (CHARADE, "rent"),
    "owned": (METROPOLIS, "buy"),
    "refunded": (DECAY, "locked"),
    "disputed": ("night-of-the-living-dead-1968", "buy"),
    "gift": (CHARADE, "svod"),
    "held": (METROPOLIS, "account_held"),
}
SUBSCRIPTIONS = {
    "trial": ["trialing"],
    "active": ["active", "active"],
    "grace": ["past_due"],
    "canceled": ["active"],
    "expired": ["canceled"],
    "gift": [],
    "held": ["active"],
}


@pytest.fixture
async def database_url(
    postgres: EmbeddedPostgres, admin_connection: asyncpg.Connection, demo_url: str
) -> AsyncIterator[str]:
    async with cloned(postgres, admin_connection, "demo") as url:
        yield url


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """As the demo has it: what nobody sells cannot be played."""
    return settings.model_copy(update={"unsold_titles": "locked"})


async def watching_as(
    runtime: Runtime, client: AsyncClient, email: str, name: str = "", pin: str | None = None
) -> dict[str, str]:
    """The headers of a profile, by its name, or of the household's first one."""
    headers = await sign_in(client, email, PASSWORD)
    return await choose_profile(client, headers, await scalar(runtime, PROFILE, email, name), pin)


async def shown(
    runtime: Runtime, client: AsyncClient, headers: dict[str, str], name: str
) -> dict[str, Any]:
    """A title as it is shown."""
    title_id = await scalar(runtime, TITLE, name)
    answer = await client.get(f"/api/v1/catalog/titles/{title_id}", headers=headers)
    assert answer.status_code == 200, answer.text
    title: dict[str, Any] = answer.json()
    return title


def offered(title: dict[str, Any]) -> list[tuple[str, str | None, int]]:
    """The ways to play it that there are, in short."""
    return [
        (option["type"], (option.get("package") or {}).get("slug"), option["price_cents"])
        for option in title["access_options"]
    ]


def test_every_household_has_a_life_and_the_held_one_comes_last() -> None:
    names = [account.email.partition("@")[0] for account in CUSTOMERS]
    assert names == list(LIVES) == list(STATES)
    assert names[-1] == "held"


@pytest.mark.parametrize("name", STATES)
async def test_each_household_may_play_what_its_state_says(
    runtime: Runtime, client: AsyncClient, name: str
) -> None:
    title_name, via = STATES[name]
    headers = await watching_as(runtime, client, f"{name}@matinee.example")
    title = await shown(runtime, client, headers, title_name)
    assert title["access"]["via"] == via
    assert title["access"]["playable"] == (via not in ("locked", "account_held"))
    assert title["access"]["starts_clock"] == (name == "rented")


@pytest.mark.parametrize("name", SUBSCRIPTIONS)
async def test_each_household_subscribes_to_what_its_state_says(
    runtime: Runtime, client: AsyncClient, name: str
) -> None:
    headers = await watching_as(runtime, client, f"{name}@matinee.example")
    found = (await client.get("/api/v1/subscriptions", headers=headers)).json()["items"]
    assert [item["status"] for item in found] == SUBSCRIPTIONS[name]
    assert [item["cancel_at_period_end"] for item in found].count(True) == (
        name in ("canceled", "expired")
    )


async def test_one_title_can_be_subscribed_to_rented_and_bought(
    runtime: Runtime, client: AsyncClient
) -> None:
    headers = await watching_as(runtime, client, "expired@matinee.example")
    assert offered(await shown(runtime, client, headers, METROPOLIS)) == EVERYTHING


async def test_the_first_household_sees_a_lock_a_rental_and_what_it_has(
    runtime: Runtime, client: AsyncClient
) -> None:
    headers = await watching_as(runtime, client, HOUSEHOLD.email, "Ana", PIN)
    ways = {
        name: (await shown(runtime, client, headers, name))["access"]["via"]
        for name in (
            METROPOLIS,
            "sintel-2010",
            "sita-sings-the-blues-2008",
            "a-trip-to-the-moon-1902",
        )
    }
    assert list(ways.values()) == ["svod", "rent", "buy", "svod"]
    locked = await shown(runtime, client, headers, "tears-of-steel-2012")
    assert locked["access"]["via"] == "locked"
    assert offered(locked) == [("rent", None, 399), ("buy", None, 999)]


async def test_children_find_no_lock_on_their_list_and_no_price(
    runtime: Runtime, client: AsyncClient
) -> None:
    headers = await watching_as(runtime, client, HOUSEHOLD.email, "Mia")
    async with runtime.database.read() as tx:
        names = [row[0] for row in await (await tx.connection()).fetch(LIST, "Mia")]
    for name in [*names, "wing-it-2023"]:
        title = await shown(runtime, client, headers, name.removeprefix("demo:"))
        assert (title["access"]["playable"], title["access_options"]) == (True, [])


async def test_a_season_is_for_sale_and_some_titles_are_free(
    runtime: Runtime, client: AsyncClient
) -> None:
    headers = await watching_as(runtime, client, "owned@matinee.example")
    series = await shown(runtime, client, headers, "superman-1941")
    seasons = [option for option in series["access_options"] if option["type"] == "buy"]
    assert len({option["season_id"] for option in seasons}) == 2
    free = await shown(runtime, client, headers, "duck-and-cover-1952")
    assert free["access"]["via"] == "free"


async def test_all_rules_of_the_data_hold(runtime: Runtime) -> None:
    async with runtime.database.read() as tx:
        found = await check_all(tx, runtime.settings)
    assert [item.name for item in found.items if not item.holds] == []


async def test_what_was_done_is_not_done_again(runtime: Runtime) -> None:
    before = await contents(runtime)
    await open_shop(runtime)
    assert await contents(runtime) == before


async def test_a_start_that_was_killed_goes_on(runtime: Runtime) -> None:
    await execute(runtime, "DELETE FROM account_holds")
    count = """
        SELECT (SELECT count(*) FROM purchases) || ' ' || (SELECT count(*) FROM subscriptions)
            || ' ' || (SELECT count(*) FROM user_entitlements)
            || ' ' || (SELECT string_agg(status, ',' ORDER BY id) FROM subscriptions)
            || ' ' || (SELECT count(*) FROM title_offers)
    """
    before = await scalar(runtime, count)
    await open_shop(runtime)
    assert await scalar(runtime, count) == before
    assert await scalar(runtime, "SELECT count(*) FROM account_holds") == 1


class TestWithAnotherProvider:
    """Nobody else is asked for money in the name of the demo."""

    @pytest.fixture
    async def database_url(
        self, postgres: EmbeddedPostgres, admin_connection: asyncpg.Connection
    ) -> AsyncIterator[str]:
        async with cloned(postgres, admin_connection, "template_matinee") as url:
            yield url

    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return settings.model_copy(update={"payment_provider": "manual"})

    async def test_there_is_a_shop_but_nobody_buys(self, runtime: Runtime) -> None:
        await seed(runtime)
        await open_shop(runtime)
        assert await scalar(runtime, "SELECT count(*) FROM content_packages") == 3
        assert await scalar(runtime, "SELECT count(*) FROM subscriptions") == 0
        assert await scalar(runtime, "SELECT count(*) FROM purchases") == 0
