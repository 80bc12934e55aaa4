"""A thousand webhooks, shuffled, twenty at a time, on connections of which every tenth dies."""

import pytest

from matinee.core.settings import Settings
from matinee.runtime import Runtime
from tests.entitlements.webhooks.conftest import (
    Provider,
    die_while_applying,
    live_again,
    provider,
)
from tests.entitlements.webhooks.storm import (
    PER_PURCHASE,
    deliver_in_a_storm,
    deliver_once,
    events_of,
    make_orders,
    outcome,
    settle_down,
)

pytestmark = pytest.mark.faults

__all__ = ["provider"]

EVENTS = 200
TIMES = 5
SECRET = "whsec_c2VjcmV0IG9mIHRoZSB0ZXN0IHN1aXRlLCAzMiBieXRlcw=="


@pytest.fixture
def settings(settings: Settings) -> Settings:
    more = {"payment_provider": "sandbox", "sandbox_webhook_secrets": [SECRET]}
    return settings.model_copy(update=more)


@pytest.mark.parametrize("seed", range(3))
async def test_a_storm_of_a_thousand_ends_where_order_does(
    provider: Provider, runtime: Runtime, seed: int
) -> None:
    orderly = await make_orders(runtime, "ana@example.com", EVENTS // PER_PURCHASE)
    stormy = await make_orders(runtime, "ben@example.com", EVENTS // PER_PURCHASE)
    await deliver_once(provider, events_of(orderly, "pay"))
    await die_while_applying(runtime, odds=0.1)
    answers = await deliver_in_a_storm(
        provider, events_of(stormy, "storm"), times=TIMES, workers=20, seed=seed
    )
    await live_again(runtime)
    await settle_down(runtime)
    assert answers[503] > 0
    assert answers.total() == answers[200] + answers[503] == EVENTS * TIMES
    assert await outcome(runtime, stormy[0].user_id) == await outcome(runtime, orderly[0].user_id)
