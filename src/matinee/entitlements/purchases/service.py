"""Renting and buying: an order is kept, then the provider is asked, then its answer is applied."""

from datetime import timedelta
from uuid import UUID

import structlog

from matinee.accounts.viewer import Viewer
from matinee.core.database import Row
from matinee.core.errors import NotFound, ProviderError
from matinee.entitlements.purchases.grants import grant_of
from matinee.entitlements.purchases.orders import charge_of, place_order, reference_of
from matinee.entitlements.purchases.schemas import OPEN, NewPurchase, PurchaseOut, purchase_out
from matinee.entitlements.purchases.settling import Settled, settle
from matinee.entitlements.spending import PaymentDeclined, allow_spending
from matinee.integrations.payments.protocol import PaymentFacts, PaymentProvider
from matinee.runtime import Runtime

log = structlog.get_logger(__name__)

RECENTLY = timedelta(hours=1)


async def purchase(
    runtime: Runtime, viewer: Viewer, title_id: UUID, wish: NewPurchase, key: str
) -> PurchaseOut:
    """Rent or buy a title; a second click joins the first.

    `pending` in the answer: the provider has not decided yet, or could not be asked.

    Raises:
        RateLimited: too many purchases, or too many wrong PINs.
        PinRequired: none was given, or a wrong one.
        PaymentDeclined: `details.failure_code`.
    """
    await allow_spending(runtime, viewer, wish.purchase_pin)
    provider = runtime.payments.default.name
    async with runtime.database.write() as tx:
        order = await place_order(tx, viewer, title_id, wish, key, provider)
    paid = await _paid(runtime, order)
    if paid.purchase["status"] in ("failed", "canceled"):
        raise PaymentDeclined(
            purchase_id=str(order["id"]), failure_code=paid.purchase["failure_code"]
        )
    return purchase_out(*paid, runtime.settings.refund_hours)


async def _paid(runtime: Runtime, order: Row) -> Settled:
    """The purchase after asking for its money; as it was where the provider gives no answer."""
    if order["status"] not in OPEN:
        async with runtime.database.read() as tx:
            return Settled(order, await grant_of(tx, order))
    try:
        provider = runtime.payments.named(order["provider"])
        facts = await _facts_of(provider, order)
    except (NotFound, ProviderError) as error:
        log.warning("charge_unanswered", provider=order["provider"], error=error.text)
        return Settled(order, None)
    async with runtime.database.write() as wtx:
        settled = await settle(wtx, reference_of(order), provider.name, facts)
    return settled or Settled(order, None)


async def _facts_of(provider: PaymentProvider, order: Row) -> PaymentFacts:
    """How the order's payment stands, which is made where there is none.

    Providers forget keys after a day: what may have been made long ago is looked for first.
    """
    known = None
    if order["provider_ref"] is not None or order["server_time"] - order["created_at"] > RECENTLY:
        known = await provider.fetch_payment(order["provider_ref"], charge_of(order))
    return known or await provider.charge(charge_of(order))
