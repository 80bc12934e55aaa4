"""Small makers of packages, offers and grants."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from matinee.runtime import Runtime
from tests.makers import execute, insert

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
ONE_DAY = timedelta(days=1)


async def make_package(runtime: Runtime, slug: str = "basic", **columns: Any) -> UUID:
    """A package that costs 9.99 a month, with any columns of `content_packages`."""
    defaults = {"name": slug.title(), "tier": slug, "price_cents": 999, "currency": "USD"}
    return await insert(runtime, "content_packages", slug=slug, **(defaults | columns))


async def carry(runtime: Runtime, package_id: UUID, title_id: UUID, **columns: Any) -> UUID:
    """Let a package carry a title."""
    return await insert(
        runtime, "package_contents", package_id=package_id, title_id=title_id, **columns
    )


async def make_rule(runtime: Runtime, package_id: UUID, **columns: Any) -> UUID:
    """Let a package carry whatever fulfils the conditions."""
    return await insert(runtime, "package_rules", package_id=package_id, **columns)


async def make_offer(
    runtime: Runtime, title_id: UUID, offer_type: str = "rent", **columns: Any
) -> UUID:
    """Offer a title: for rent at 3.99, for sale at 9.99, or free."""
    defaults: dict[str, Any] = {
        "price_cents": {"rent": 399, "buy": 999, "free": 0}[offer_type],
        "currency": "USD",
        "rental_window_hours": 48 if offer_type == "rent" else None,
    }
    return await insert(
        runtime, "title_offers", title_id=title_id, offer_type=offer_type, **(defaults | columns)
    )


async def grant_package(runtime: Runtime, user_id: UUID, package_id: UUID, **columns: Any) -> UUID:
    """Let a household have a package since long ago."""
    defaults = {"source_type": "svod", "kind": "package", "starts_at": LONG_AGO}
    return await insert(
        runtime,
        "user_entitlements",
        user_id=user_id,
        package_id=package_id,
        **(defaults | columns),
    )


async def grant_title(
    runtime: Runtime, user_id: UUID, title_id: UUID, kind: str = "buy", **columns: Any
) -> UUID:
    """Let a household have a title since long ago: for good, or a rental that waits a day."""
    defaults: dict[str, Any] = {
        "source_type": "tvod",
        "kind": kind,
        "starts_at": LONG_AGO,
        "quality": "hd",
    }
    if kind == "rent":
        defaults |= {"rental_window_hours": 48, "expires_at": datetime.now(UTC) + ONE_DAY}
    return await insert(
        runtime, "user_entitlements", user_id=user_id, title_id=title_id, **(defaults | columns)
    )


async def hold(runtime: Runtime, user_id: UUID, **columns: Any) -> UUID:
    """Put a household on hold."""
    defaults = {"blocks_playback": True, "blocks_purchase": True, "reason": "dispute"}
    return await insert(runtime, "account_holds", user_id=user_id, **(defaults | columns))


async def make_subscription(
    runtime: Runtime, user_id: UUID, package_id: UUID, **columns: Any
) -> UUID:
    """An order of a base package that the provider has not confirmed."""
    defaults = {
        "is_base": True,
        "price_cents": 999,
        "currency": "USD",
        "provider": "sandbox",
        "payment_method": "tok_ok",
        "trial_days": 0,
        "idempotency_key": "made",
        "request_hash": b"",
    }
    return await insert(
        runtime,
        "subscriptions",
        user_id=user_id,
        package_id=package_id,
        **(defaults | columns),
    )


async def make_purchase(
    runtime: Runtime, user_id: UUID, title_id: UUID, kind: str = "rent", **columns: Any
) -> UUID:
    """An order whose provider has not said anything yet, with any columns of `purchases`."""
    terms = {"rental_window_hours": 48, "start_within_hours": 720} if kind == "rent" else {}
    defaults = {
        "offer_id": await make_offer(runtime, title_id, kind, price_cents=1000, active=False),
        "quality": "hd",
        "amount_cents": 1000,
        "currency": "USD",
        "territory": "US",
        "provider": "sandbox",
        "payment_method": "tok_ok",
        "idempotency_key": uuid4().hex,
        "request_hash": b"",
    }
    return await insert(
        runtime,
        "purchases",
        user_id=user_id,
        title_id=title_id,
        kind=kind,
        **(defaults | terms | columns),
    )


_PAYMENT_EVENT = """
    INSERT INTO payment_events (provider, event_id, type, object_ref, occurred_at, facts, payload)
    VALUES ('sandbox', $1, 'payment.captured', 'pay_lost', clock_timestamp(), $2, '{}')
"""


async def make_payment_event(runtime: Runtime, event_id: str = "evt_lost") -> str:
    """An event about a payment of which nobody here knows."""
    facts = {"payment": {"ref": "pay_lost", "currency": "USD", "captured_cents": 399}}
    await execute(runtime, _PAYMENT_EVENT, event_id, facts)
    return event_id
