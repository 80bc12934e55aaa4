"""The payment providers of this installation, by name."""

from collections.abc import Iterator

from matinee.core.database import Database
from matinee.core.errors import NotFound
from matinee.core.settings import Settings, UnsafeSettings
from matinee.integrations.payments.manual import Manual
from matinee.integrations.payments.protocol import PaymentProvider
from matinee.integrations.payments.sandbox.provider import Sandbox
from matinee.integrations.payments.signatures import BadSecret
from matinee.integrations.payments.stripe.provider import Stripe


class Payments:
    """Who takes money here.

    New orders go to the default provider; older ones stay with theirs, so that the others stay
    reachable as long as their settings are kept.
    """

    def __init__(self, settings: Settings, database: Database) -> None:
        try:
            self._sandbox = _sandbox(settings, database)
            stripe = Stripe(settings) if settings.stripe_secret_key else None
        except BadSecret as error:
            raise UnsafeSettings(str(error)) from None
        everybody: list[Manual | Sandbox | Stripe | None] = [Manual(), self._sandbox, stripe]
        self._providers = {provider.name: provider for provider in everybody if provider}
        self.default: PaymentProvider = self._providers[settings.payment_provider]

    def named(self, name: str) -> PaymentProvider:
        """The provider of that name.

        Raises:
            NotFound: there is none, or it is not set up here.
        """
        if name not in self._providers:
            raise NotFound
        return self._providers[name]

    def __contains__(self, name: str) -> bool:
        """Whether there is a provider of that name."""
        return name in self._providers

    def __iter__(self) -> Iterator[PaymentProvider]:
        """All providers that are set up here."""
        return iter(self._providers.values())

    @property
    def sandbox(self) -> Sandbox:
        """The practice provider, with what only it can do.

        Raises:
            NotFound: it is not set up here.
        """
        if self._sandbox is None:
            raise NotFound
        return self._sandbox

    async def aclose(self) -> None:
        """Close all connections."""
        for provider in self._providers.values():
            await provider.aclose()


def _sandbox(settings: Settings, database: Database) -> Sandbox | None:
    if settings.payment_provider != "sandbox" and not settings.sandbox_webhook_secrets:
        return None
    return Sandbox(settings, database)
