"""What violates the rules about what households may play."""

from datetime import timedelta
from uuid import UUID

from matinee.runtime import Runtime
from tests.admin.rules.sales import NOW, order, ordered_subscription, purchase, subscription
from tests.entitlements.makers import grant_package, grant_title, make_package
from tests.epg.makers import at, black_out, make_channel
from tests.makers import execute, insert, make_profile, make_title, make_user, scalar

REDEEM = "INSERT INTO promo_redemptions (user_id, promo_id, grant_id) VALUES ($1, $2, uuidv7())"


async def spoiled_rental(runtime: Runtime, sql: str) -> str:
    """A rental that was paid, and then something done to the tables."""
    made = await purchase(runtime)
    await execute(runtime, sql)
    return str(made.id)


async def spoiled_subscription(runtime: Runtime, sql: str) -> str:
    """A subscription that runs, and then something done to the tables."""
    made = await subscription(runtime)
    await execute(runtime, sql)
    return str(made.id)


async def paid_for_nothing(runtime: Runtime) -> str:
    return await spoiled_rental(runtime, "DELETE FROM user_entitlements")


async def paid_and_revoked(runtime: Runtime) -> str:
    return await spoiled_rental(
        runtime,
        "UPDATE user_entitlements SET revoked_at = clock_timestamp(), revoke_reason = 'because'",
    )


async def paid_for_something_else(runtime: Runtime) -> str:
    return await spoiled_rental(runtime, "UPDATE user_entitlements SET title_id = uuidv7()")


async def refunded_and_kept(runtime: Runtime) -> str:
    made = await purchase(runtime, refunded_cents=399)
    await execute(runtime, "UPDATE user_entitlements SET revoked_at = NULL, revoke_reason = NULL")
    return str(made.id)


async def charged_back_and_kept(runtime: Runtime) -> str:
    made = await purchase(runtime, dispute="lost")
    await execute(runtime, "UPDATE user_entitlements SET revoked_at = NULL, revoke_reason = NULL")
    return str(made.id)


async def not_paid_and_granted(runtime: Runtime) -> str:
    made = await order(runtime, "buy")
    title_id: UUID = await scalar(runtime, "SELECT title_id FROM purchases")
    await grant_title(runtime, made.user_id, title_id, "buy", source_id=made.id)
    return str(made.id)


async def granted_twice(runtime: Runtime) -> str:
    made = await purchase(runtime, "buy")
    await execute(runtime, "DROP INDEX user_entitlements_one_per_source")
    await execute(runtime, "DROP INDEX user_entitlements_one_live_buy")
    title_id: UUID = await scalar(runtime, "SELECT title_id FROM purchases")
    await grant_title(runtime, made.user_id, title_id, "buy", source_id=made.id)
    return str(made.id)


async def grant_without_purchase(runtime: Runtime) -> str:
    return str(await grant_title(runtime, await make_user(runtime), await make_title(runtime)))


async def grant_without_subscription(runtime: Runtime) -> str:
    return str(await grant_package(runtime, await make_user(runtime), await make_package(runtime)))


async def rental_runs_too_long(runtime: Runtime) -> str:
    await purchase(runtime)
    await execute(runtime, "UPDATE user_entitlements SET first_played_at = clock_timestamp()")
    return str(await scalar(runtime, "SELECT id FROM user_entitlements"))


async def rental_waits_too_long(runtime: Runtime) -> str:
    await purchase(runtime)
    await execute(runtime, "UPDATE user_entitlements SET expires_at = expires_at + interval '1 s'")
    return str(await scalar(runtime, "SELECT id FROM user_entitlements"))


async def two_base_packages(runtime: Runtime) -> str:
    made = await subscription(runtime)
    await execute(runtime, "DROP INDEX subscriptions_one_live_base")
    premium = await make_package(runtime, "premium")
    await ordered_subscription(
        runtime, made.user_id, premium, status="paused", idempotency_key="second"
    )
    return str(made.user_id)


async def grant_ends_too_late(runtime: Runtime) -> str:
    return await spoiled_subscription(
        runtime, "UPDATE user_entitlements SET expires_at = expires_at + interval '1 s'"
    )


async def subscribed_for_nothing(runtime: Runtime) -> str:
    return await spoiled_subscription(runtime, "DELETE FROM user_entitlements")


async def grant_of_another_package(runtime: Runtime) -> str:
    await make_package(runtime, "premium")
    return await spoiled_subscription(
        runtime,
        "UPDATE user_entitlements"
        " SET package_id = (SELECT id FROM content_packages WHERE slug = 'premium')",
    )


async def grace_too_long(runtime: Runtime) -> str:
    made = await subscription(
        runtime,
        status="past_due",
        period_end=NOW - timedelta(days=1),
        past_due_since=NOW - timedelta(days=1),
    )
    await execute(runtime, "UPDATE user_entitlements SET expires_at = expires_at + interval '30 d'")
    return str(made.id)


async def never_began_and_granted(runtime: Runtime) -> str:
    made = await subscription(runtime)
    await execute(runtime, "UPDATE subscriptions SET status = 'incomplete'")
    return str(made.id)


async def stream_without_slot(runtime: Runtime) -> str:
    user_id = await make_user(runtime)
    session_id = await insert(
        runtime,
        "viewing_sessions",
        user_id=user_id,
        profile_id=await make_profile(runtime, user_id),
        title_id=await make_title(runtime),
        device_id="tv",
        device_name="TV",
        territory="US",
        access_via="free",
        lease_until=NOW + timedelta(days=1),
    )
    return str(session_id)


async def redeemed_too_often(runtime: Runtime) -> str:
    code = await insert(
        runtime,
        "promo_codes",
        code_hash=b"",
        label="Gift",
        kind="gift",
        title_id=await make_title(runtime),
        max_redemptions=1,
    )
    await execute(runtime, REDEEM, await make_user(runtime), code)
    return str(code)


async def blacked_out_and_watched(runtime: Runtime) -> str:
    user_id = await make_user(runtime)
    channel_id = await make_channel(runtime)
    session_id = await insert(
        runtime,
        "viewing_sessions",
        user_id=user_id,
        profile_id=await make_profile(runtime, user_id),
        channel_id=channel_id,
        device_id="tv",
        device_name="TV",
        territory="US",
        lease_until=at(1),
    )
    await black_out(runtime, channel_id, created_at=at(-1))
    return str(session_id)


VIOLATIONS = {
    "paid for nothing": ("paid_purchases_have_one_grant", paid_for_nothing),
    "paid and revoked": ("paid_purchases_have_one_grant", paid_and_revoked),
    "paid for something else": ("paid_purchases_have_one_grant", paid_for_something_else),
    "refunded and kept": ("paid_purchases_have_one_grant", refunded_and_kept),
    "charged back and kept": ("paid_purchases_have_one_grant", charged_back_and_kept),
    "not paid and granted": ("paid_purchases_have_one_grant", not_paid_and_granted),
    "granted twice": ("paid_purchases_have_one_grant", granted_twice),
    "a grant without a purchase": ("grants_have_a_cause", grant_without_purchase),
    "a grant without a subscription": ("grants_have_a_cause", grant_without_subscription),
    "a rental that runs too long": ("rentals_end_on_time", rental_runs_too_long),
    "a rental that waits too long": ("rentals_end_on_time", rental_waits_too_long),
    "two base packages": ("one_live_base_subscription", two_base_packages),
    "a grant that ends too late": ("subscription_grants_follow_facts", grant_ends_too_late),
    "subscribed for nothing": ("subscription_grants_follow_facts", subscribed_for_nothing),
    "a grant of another package": ("subscription_grants_follow_facts", grant_of_another_package),
    "grace for too long": ("subscription_grants_follow_facts", grace_too_long),
    "never began and granted": ("subscription_grants_follow_facts", never_began_and_granted),
    "a stream without a slot": ("streams_hold_slots", stream_without_slot),
    "a blackout that stops nobody": ("blackouts_end_streams", blacked_out_and_watched),
    "a code redeemed too often": ("codes_are_counted", redeemed_too_often),
}
