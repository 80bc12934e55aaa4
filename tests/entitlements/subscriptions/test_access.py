"""What subscribing, cancelling and redeeming let a household play, to the microsecond."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from httpx import AsyncClient

from matinee.runtime import Runtime
from tests.entitlements.makers import carry
from tests.entitlements.subscriptions.conftest import Household, Packages
from tests.entitlements.subscriptions.test_subscribing import moment
from tests.makers import as_staff, make_title

MOMENT = timedelta(microseconds=1)


@pytest.fixture
async def title_id(runtime: Runtime, packages: Packages) -> UUID:
    title_id = await make_title(runtime)
    await carry(runtime, packages.basic, title_id)
    return title_id


class Explainer:
    """Staff of support, who can ask about any household and moment."""

    def __init__(self, client: AsyncClient, headers: dict[str, str], household: Household) -> None:
        self.client = client
        self.headers = headers
        self.user_id = household.user_id

    async def via(self, title_id: UUID, at: datetime) -> str:
        answer = await self.client.get(
            "/api/v1/access/explain",
            params={"title_id": title_id, "user_id": self.user_id, "at": at.isoformat()},
            headers=self.headers,
        )
        assert answer.status_code == 200, answer.text
        via: str = answer.json()["access"]["via"]
        return via


@pytest.fixture
async def explainer(runtime: Runtime, client: AsyncClient, household: Household) -> Explainer:
    return Explainer(client, await as_staff(runtime, client, "support"), household)


async def detail(household: Household, title_id: UUID) -> Any:
    return await household.get(f"/catalog/titles/{title_id}")


async def test_a_locked_title_offers_the_package_and_opens_with_it(
    household: Household, title_id: UUID
) -> None:
    locked = await detail(household, title_id)
    assert locked["access"]["via"] == "locked"
    assert locked["best_option"]["package"]["slug"] == "basic"
    begun = await household.subscribe("basic")
    opened = await detail(household, title_id)
    assert (opened["access"]["via"], opened["access"]["until"]) == ("svod", begun["access_until"])


@pytest.mark.parametrize("verb", ["cancel", "pause"])
async def test_what_is_paid_can_be_played_until_the_end_of_the_period(
    household: Household, explainer: Explainer, title_id: UUID, verb: str
) -> None:
    begun = await household.subscribe("basic")
    await household.post(f"/subscriptions/{begun['id']}/{verb}")
    end = moment(begun["current_period_end"])
    assert await explainer.via(title_id, end - MOMENT) == "svod"
    assert await explainer.via(title_id, end) == "locked"


async def test_a_renewal_may_be_six_hours_late(
    household: Household, explainer: Explainer, title_id: UUID
) -> None:
    begun = await household.subscribe("basic")
    late = moment(begun["current_period_end"]) + timedelta(hours=6)
    assert await explainer.via(title_id, late - MOMENT) == "svod"
    assert await explainer.via(title_id, late) == "locked"


async def test_another_package_opens_other_titles(
    runtime: Runtime, household: Household, packages: Packages, title_id: UUID
) -> None:
    await carry(runtime, packages.premium, other := await make_title(runtime, "Nosferatu"))
    begun = await household.subscribe("basic")
    assert (await detail(household, other))["access"]["via"] == "locked"
    await household.post(f"/subscriptions/{begun['id']}/change", {"package": "premium"})
    assert (await detail(household, other))["access"]["via"] == "svod"
    assert (await detail(household, title_id))["access"]["via"] == "locked"
