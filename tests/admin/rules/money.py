"""What violates the rules about money."""

from uuid import uuid4

from matinee.runtime import Runtime
from tests.admin.rules.sales import purchase, subscription
from tests.entitlements.makers import hold
from tests.makers import execute

BOOK = """
    INSERT INTO ledger_entries
        (user_id, movement, debit, credit, amount_cents, currency, purchase_id)
    VALUES ($1, 'invented', 'provider:sandbox', 'revenue:rent', 1, 'USD', $2)
"""


async def spoiled_purchase(runtime: Runtime, sql: str) -> str:
    """A purchase that was paid, and then something done to the tables."""
    made = await purchase(runtime)
    await execute(runtime, sql)
    return str(made.id)


async def nothing_booked(runtime: Runtime) -> str:
    return await spoiled_purchase(runtime, "DELETE FROM ledger_entries")


async def tax_not_booked(runtime: Runtime) -> str:
    return await spoiled_purchase(runtime, "DELETE FROM ledger_entries WHERE credit = 'tax'")


async def other_currency(runtime: Runtime) -> str:
    return await spoiled_purchase(runtime, "UPDATE ledger_entries SET currency = 'EUR'")


async def other_provider(runtime: Runtime) -> str:
    return await spoiled_purchase(runtime, "UPDATE ledger_entries SET debit = 'provider:stripe'")


async def refund_not_booked(runtime: Runtime) -> str:
    return await spoiled_purchase(runtime, "UPDATE purchases SET refunded_cents = 1")


async def booked_twice(runtime: Runtime) -> str:
    made = await purchase(runtime)
    await execute(runtime, BOOK, made.user_id, made.id)
    return str(made.id)


async def booked_for_nothing(runtime: Runtime) -> str:
    made, nothing = await purchase(runtime), uuid4()
    await execute(runtime, BOOK, made.user_id, nothing)
    return str(nothing)


async def payment_not_booked(runtime: Runtime) -> str:
    made = await subscription(runtime)
    await execute(runtime, "DELETE FROM ledger_entries WHERE movement LIKE 'invoice:%'")
    return str(made.id)


async def unknown_payment(runtime: Runtime) -> str:
    made = await subscription(runtime)
    await execute(runtime, "DELETE FROM subscription_payments")
    return str(made.id)


async def invoice_refund_not_booked(runtime: Runtime) -> str:
    made = await subscription(runtime)
    await execute(runtime, "UPDATE subscription_payments SET refunded_cents = 100")
    return str(made.id)


async def disputed_by_nobody(runtime: Runtime) -> str:
    return await spoiled_purchase(runtime, "UPDATE purchases SET status = 'disputed'")


async def refund_not_told(runtime: Runtime) -> str:
    made = await purchase(runtime, refunded_cents=399)
    await execute(runtime, "UPDATE purchases SET status = 'charged_back'")
    return str(made.id)


async def event_waits(runtime: Runtime) -> str:
    await execute(
        runtime,
        "INSERT INTO payment_events (provider, event_id, type, occurred_at, payload, received_at)"
        " VALUES ('sandbox', 'evt_1', 'payment.captured', clock_timestamp(), '{}',"
        " clock_timestamp() - interval '61 minutes')",
    )
    return "sandbox evt_1"


async def paid_in_part(runtime: Runtime) -> str:
    made = await purchase(runtime, captured_cents=1)
    await execute(runtime, "UPDATE purchases SET status = 'paid'")
    return str(made.id)


async def hold_without_dispute(runtime: Runtime) -> str:
    made = await purchase(runtime)
    return str(await hold(runtime, made.user_id, source_id=made.id))


async def hold_after_winning(runtime: Runtime) -> str:
    made = await purchase(runtime, dispute="won")
    return str(await hold(runtime, made.user_id, source_id=made.id))


VIOLATIONS = {
    "a purchase that is not booked": ("purchases_are_booked", nothing_booked),
    "tax that is not booked": ("purchases_are_booked", tax_not_booked),
    "a purchase booked in another currency": ("purchases_are_booked", other_currency),
    "a purchase booked for another provider": ("purchases_are_booked", other_provider),
    "a refund that is not booked": ("purchases_are_booked", refund_not_booked),
    "a purchase booked twice": ("purchases_are_booked", booked_twice),
    "an entry for no purchase": ("purchases_are_booked", booked_for_nothing),
    "a payment that is not booked": ("subscription_payments_are_booked", payment_not_booked),
    "an entry for no payment": ("subscription_payments_are_booked", unknown_payment),
    "a payment given back in secret": (
        "subscription_payments_are_booked",
        invoice_refund_not_booked,
    ),
    "a dispute that nobody began": ("purchase_status_follows_payment", disputed_by_nobody),
    "a part taken for all": ("purchase_status_follows_payment", paid_in_part),
    "a refund called a chargeback": ("purchase_status_follows_payment", refund_not_told),
    "an event that waits": ("payment_events_are_applied", event_waits),
    "a hold without a dispute": ("dispute_holds_have_a_dispute", hold_without_dispute),
    "a hold after the dispute was won": ("dispute_holds_have_a_dispute", hold_after_winning),
}
