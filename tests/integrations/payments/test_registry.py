"""Which providers an installation has."""

from collections.abc import Callable

import pytest
from pydantic import SecretStr

from matinee.core.errors import NotFound
from matinee.core.settings import Settings, UnsafeSettings
from matinee.integrations.payments.registry import Payments
from matinee.runtime import Runtime

Make = Callable[..., Payments]


@pytest.fixture
def make(settings: Settings, runtime: Runtime) -> Make:
    """Providers by other settings than those of the suite."""

    def build(**changes: object) -> Payments:
        nothing = {"payment_provider": "manual", "sandbox_webhook_secrets": []}
        return Payments(settings.model_copy(update={**nothing, **changes}), runtime.database)

    return build


def test_an_installation_takes_money_by_hand_at_first(make: Make) -> None:
    payments = make()
    assert payments.default.name == "manual"
    assert [name for name in ("manual", "sandbox", "stripe") if name in payments] == ["manual"]


@pytest.mark.parametrize("name", ["sandbox", "stripe", "paypal", ""])
def test_what_is_not_set_up_is_not_there(make: Make, name: str) -> None:
    with pytest.raises(NotFound):
        make().named(name)


def test_there_is_no_practice_in_earnest(make: Make) -> None:
    with pytest.raises(NotFound):
        _ = make().sandbox


async def test_new_orders_go_to_the_chosen_provider(make: Make) -> None:
    payments = make(payment_provider="stripe", stripe_secret_key=SecretStr("sk_test_1"))
    assert payments.default.name == "stripe"
    assert payments.named("manual").name == "manual"
    await payments.aclose()


async def test_older_orders_stay_with_their_provider(make: Make) -> None:
    payments = make(stripe_secret_key=SecretStr("sk_test_1"))
    assert payments.named("stripe").name == "stripe"
    await payments.aclose()


@pytest.mark.parametrize(
    "changes",
    [
        {"payment_provider": "sandbox", "sandbox_webhook_secrets": ["whsec_!"]},
        {"stripe_secret_key": SecretStr("sk_test_1"), "stripe_webhook_secrets": [""]},
    ],
)
def test_a_secret_that_is_none_stops_the_start(make: Make, changes: dict[str, object]) -> None:
    with pytest.raises(UnsafeSettings):
        make(**changes)
