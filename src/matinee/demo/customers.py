"""Households of the demo in every state that paying can bring about, by the product's own means.

Each step can be done again, so that a start that was killed goes on at the next one. The last
household is put on hold in the end; with that, everything is done and never done again.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from uuid import UUID

from matinee.accounts.households import identity_of, open_household
from matinee.accounts.viewer import OPEN_CEILING, Viewer
from matinee.core.database import ReadTx
from matinee.demo.people import CUSTOMERS, GIFT_CODE, HOUSEHOLD, PASSWORD, STAFF
from matinee.demo.shop import stock
from matinee.entitlements import holds
from matinee.entitlements.holds import PlaceHold
from matinee.entitlements.purchases import refunds
from matinee.entitlements.purchases.schemas import NewPurchase, PurchaseKind
from matinee.entitlements.purchases.service import purchase
from matinee.entitlements.purchases.settling import apply_payment
from matinee.entitlements.subscriptions.redeeming import use_code
from matinee.entitlements.subscriptions.schemas import NewSubscription, RedeemCode
from matinee.entitlements.subscriptions.service import subscribe
from matinee.entitlements.subscriptions.settling import apply_subscription
from matinee.entitlements.subscriptions.steering import cancel_subscription
from matinee.integrations.payments.protocol import Reference
from matinee.runtime import Runtime

COUNTRY = "US"

_USER = "SELECT user_id FROM login_identities WHERE identity = :identity"
_PROFILE = "SELECT id FROM profiles WHERE user_id = :user_id ORDER BY id LIMIT 1"
_TITLE = "SELECT id FROM titles WHERE external_id = :external_id"
_STANDING = """
    SELECT provider_ref, status FROM subscriptions WHERE user_id = :user_id AND id = :id
"""
_PAYMENT = "SELECT provider_ref FROM purchases WHERE user_id = :user_id AND id = :id"
# What the first play of a rental writes.
_PLAY_FIRST = """
    UPDATE user_entitlements
    SET first_played_at = moment, expires_at = moment + make_interval(hours => rental_window_hours)
    FROM clock_timestamp() AS moment
    WHERE user_id = :user_id AND source_id = :purchase_id AND first_played_at IS NULL
"""
_HAS_REDEEMED = "SELECT EXISTS (SELECT FROM promo_redemptions WHERE user_id = :user_id)"
_HAS_HOLD = "SELECT EXISTS (SELECT FROM account_holds WHERE user_id = :user_id)"


@dataclass(frozen=True)
class Customer:
    """A household that spends money, and the service it spends it in."""

    runtime: Runtime
    viewer: Viewer

    @property
    def user_id(self) -> UUID:
        """The household."""
        return self.viewer.household

    async def subscribe(self, package: str, token: str = "tok_ok") -> UUID:
        """Have a package; returns the subscription's id."""
        card = f"{token}:card-of-{self.user_id}"
        wish = NewSubscription(package=package, payment_method=card)
        return (await subscribe(self.runtime, self.viewer, wish, key=f"demo-{package}")).id

    async def order(self, kind: PurchaseKind, name: str) -> UUID:
        """Rent or buy a title; returns the purchase's id."""
        async with self.runtime.database.read() as tx:
            title_id = await tx.scalar(_TITLE, external_id=f"demo:{name}")
        wish = NewPurchase(offer_type=kind, payment_method="tok_ok")
        return (await purchase(self.runtime, self.viewer, title_id, wish, key=f"demo-{name}")).id

    async def reach_the_end(self, subscription_id: UUID) -> None:
        """Let the paid period be over, unless it is already."""
        async with self.runtime.database.read() as tx:
            standing = await tx.one(_STANDING, user_id=self.user_id, id=subscription_id)
        if standing is None or standing["status"] != "active":
            return
        facts = await self.runtime.payments.sandbox.advance(standing["provider_ref"])
        reference = Reference("subscription", self.user_id, subscription_id)
        async with self.runtime.database.write() as wtx:
            await apply_subscription(wtx, reference, "sandbox", facts)


async def _ana(customer: Customer) -> None:
    await customer.subscribe("premium")
    await customer.order("rent", "sintel-2010")
    await customer.order("buy", "sita-sings-the-blues-2008")


async def _trial(customer: Customer) -> None:
    await customer.subscribe("basic")


async def _active(customer: Customer) -> None:
    await customer.subscribe("premium")
    await customer.subscribe("sports")


async def _grace(customer: Customer) -> None:
    """The card is refused at the first renewal."""
    await customer.reach_the_end(await customer.subscribe("premium", "tok_fail_later"))


async def _canceled(customer: Customer) -> None:
    subscription_id = await customer.subscribe("premium")
    await cancel_subscription(customer.runtime, customer.viewer, subscription_id)


async def _expired(customer: Customer) -> None:
    subscription_id = await customer.subscribe("premium")
    await cancel_subscription(customer.runtime, customer.viewer, subscription_id)
    await customer.reach_the_end(subscription_id)


async def _rented(customer: Customer) -> None:
    await customer.order("rent", "metropolis-1927")


async def _started(customer: Customer) -> None:
    purchase_id = await customer.order("rent", "charade-1963")
    async with customer.runtime.database.write() as tx:
        await tx.execute(_PLAY_FIRST, user_id=customer.user_id, purchase_id=purchase_id)


async def _owned(customer: Customer) -> None:
    await customer.order("buy", "metropolis-1927")


async def _refunded(customer: Customer) -> None:
    purchase_id = await customer.order("buy", "decay-2012")
    await refunds.request_refund(customer.runtime, customer.viewer, purchase_id, "demo-refund")


async def _disputed(customer: Customer) -> None:
    purchase_id = await customer.order("buy", "night-of-the-living-dead-1968")
    async with customer.runtime.database.read() as tx:
        ref = await tx.scalar(_PAYMENT, user_id=customer.user_id, id=purchase_id)
    facts = await customer.runtime.payments.sandbox.dispute(ref, "open")
    reference = Reference("purchase", customer.user_id, purchase_id)
    async with customer.runtime.database.write() as wtx:
        await apply_payment(wtx, reference, "sandbox", facts)


async def _gift(customer: Customer) -> None:
    async with customer.runtime.database.write() as tx:
        if not await tx.scalar(_HAS_REDEEMED, user_id=customer.user_id):
            await use_code(tx, customer.user_id, RedeemCode(code=GIFT_CODE))


async def _held(customer: Customer) -> None:
    await customer.subscribe("premium")
    support = next(member for member in STAFF if member.role == "support")
    async with customer.runtime.database.write() as tx:
        staff = Viewer(COUNTRY, OPEN_CEILING, await _user(tx, support.email), role=support.role)
        wish = PlaceHold(blocks_playback=True, blocks_purchase=True, reason="Shared with a street")
        await holds.place_hold(tx, staff, customer.user_id, wish)


LIVES: dict[str, Callable[[Customer], Awaitable[None]]] = {
    "trial": _trial,
    "active": _active,
    "grace": _grace,
    "canceled": _canceled,
    "expired": _expired,
    "rented": _rented,
    "started": _started,
    "owned": _owned,
    "refunded": _refunded,
    "disputed": _disputed,
    "gift": _gift,
    "held": _held,
}
"""What the households do, by the beginnings of their addresses; the one on hold comes last."""


async def open_shop(runtime: Runtime) -> None:
    """Sell, and let the demo's people buy; nothing where they have done so.

    Only where the practice provider takes the money: nobody else is asked for any.
    """
    if await _is_done(runtime):
        return
    async with runtime.database.write() as tx:
        await stock(tx)
    if runtime.payments.default.name != "sandbox":
        return
    await _ana(await _customer(runtime, HOUSEHOLD.email, ""))
    password_hash = await runtime.passwords.hash(PASSWORD)
    for account in CUSTOMERS:
        live = LIVES[account.email.partition("@")[0]]
        await live(await _customer(runtime, account.email, password_hash))


async def _is_done(runtime: Runtime) -> bool:
    async with runtime.database.read() as tx:
        last = await _user(tx, CUSTOMERS[-1].email)
        return bool(last and await tx.scalar(_HAS_HOLD, user_id=last))


async def _customer(runtime: Runtime, email: str, password_hash: str) -> Customer:
    """The household of that address, opened where there is none."""
    async with runtime.database.write() as tx:
        user_id = await _user(tx, email)
        if user_id is None:
            user_id, _ = await open_household(
                tx, email=email, password_hash=password_hash, country=COUNTRY
            )
        profile_id = await tx.scalar(_PROFILE, user_id=user_id)
    return Customer(runtime, Viewer(COUNTRY, OPEN_CEILING, user_id, profile_id=profile_id))


async def _user(tx: ReadTx, email: str) -> UUID | None:
    found: UUID | None = await tx.scalar(_USER, identity=identity_of(email))
    return found
