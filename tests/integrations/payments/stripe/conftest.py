"""Stripe as a provider, and the account that it speaks to."""

from collections.abc import AsyncIterator

import httpx
import pytest
from pydantic import SecretStr

from matinee.core.settings import Settings
from matinee.integrations.payments.stripe.provider import Stripe
from tests.integrations.payments.stripe.account import Account


@pytest.fixture
def account() -> Account:
    """An account without answers."""
    return Account()


@pytest.fixture
async def stripe(account: Account) -> AsyncIterator[Stripe]:
    """Stripe by that account."""
    settings = Settings(
        environment="test",
        secret_key=SecretStr("a secret of the test suite, long enough"),
        public_url="http://testserver",
        stripe_secret_key=SecretStr("sk_test_12345"),
        stripe_webhook_secrets=["whsec_new", "whsec_old"],
    )
    provider = Stripe(settings, httpx.MockTransport(account.handle))
    yield provider
    await provider.aclose()
