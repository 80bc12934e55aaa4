"""The label of a household says which base package it has, and nothing is decided by it."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from matinee.entitlements.subscriptions.tier import refresh_tiers
from matinee.runtime import Runtime
from tests.entitlements.makers import grant_package
from tests.entitlements.subscriptions.conftest import Packages, run_job
from tests.makers import execute, make_user, scalar

AGO = datetime.now(UTC) - timedelta(minutes=1)
SOON = datetime.now(UTC) + timedelta(days=1)


@pytest.fixture
async def user_id(runtime: Runtime) -> UUID:
    return await make_user(runtime)


async def label(runtime: Runtime, user_id: UUID) -> str | None:
    await run_job(runtime, refresh_tiers)
    tier: str | None = await scalar(
        runtime, "SELECT subscription_tier FROM users WHERE user_id = $1", user_id
    )
    return tier


async def test_the_best_live_base_package_counts(
    runtime: Runtime, packages: Packages, user_id: UUID
) -> None:
    for package_id in (packages.basic, packages.premium, packages.sports):
        await grant_package(runtime, user_id, package_id)
    assert await label(runtime, user_id) == "premium"


async def test_an_add_on_is_no_tier(runtime: Runtime, packages: Packages, user_id: UUID) -> None:
    await grant_package(runtime, user_id, packages.sports)
    assert await label(runtime, user_id) is None


async def test_what_ended_by_itself_is_noticed_within_the_hour(
    runtime: Runtime, packages: Packages, user_id: UUID
) -> None:
    await grant_package(runtime, user_id, packages.premium, expires_at=AGO)
    await grant_package(runtime, user_id, packages.basic, expires_at=SOON)
    await execute(runtime, "UPDATE users SET subscription_tier = 'premium'")
    assert await label(runtime, user_id) == "basic"


async def test_a_household_without_packages_has_no_label(
    runtime: Runtime, packages: Packages, user_id: UUID
) -> None:
    await grant_package(runtime, user_id, packages.premium, starts_at=SOON)
    await execute(runtime, "UPDATE users SET subscription_tier = 'premium'")
    assert await label(runtime, user_id) is None


async def test_what_staff_gave_is_the_label_while_it_lasts(
    runtime: Runtime, packages: Packages, user_id: UUID
) -> None:
    await grant_package(runtime, user_id, packages.premium)
    await grant_package(runtime, user_id, packages.basic, source_type="admin", expires_at=SOON)
    assert await label(runtime, user_id) == "basic"
    await execute(
        runtime, "UPDATE user_entitlements SET expires_at = now() WHERE source_type = 'admin'"
    )
    assert await label(runtime, user_id) == "premium"
