"""However webhooks are shuffled, repeated and cut off, they end where the orderly ones do."""

from matinee.admin.invariants import check_all
from matinee.runtime import Runtime
from tests.entitlements.webhooks.conftest import Provider, die_while_applying, live_again
from tests.entitlements.webhooks.storm import (
    deliver_in_a_storm,
    deliver_once,
    events_of,
    make_orders,
    outcome,
    settle_down,
)


async def test_a_storm_ends_where_order_does(provider: Provider, runtime: Runtime) -> None:
    orderly = await make_orders(runtime, "ana@example.com", 10)
    stormy = await make_orders(runtime, "ben@example.com", 10)
    await deliver_once(provider, events_of(orderly, "pay"))
    await die_while_applying(runtime, odds=0.1)
    answers = await deliver_in_a_storm(
        provider, events_of(stormy, "storm"), times=3, workers=8, seed=1
    )
    await live_again(runtime)
    await settle_down(runtime)
    assert answers.keys() <= {200, 503}
    expected = await outcome(runtime, orderly[0].user_id)
    assert await outcome(runtime, stormy[0].user_id) == expected
    assert len(expected) == 10
    async with runtime.database.read() as tx:
        checked = await check_all(tx, runtime.settings)
    assert [rule.name for rule in checked.items if rule.violations] == []
