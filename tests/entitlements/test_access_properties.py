"""What holds for the decision who may play what, whatever the facts are."""

from dataclasses import replace
from datetime import timedelta
from random import Random
from typing import Any
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from matinee.entitlements.access import (
    Asking,
    Carriage,
    Facts,
    Grant,
    Offer,
    Package,
    Window,
    decide,
)
from tests.entitlements.test_access import FIRST, NOW, SECOND, TITLE

IDS = st.integers(1, 10_000).map(lambda number: UUID(int=number))
MOMENTS = st.sampled_from([-(10**9), -1, 0, 1, 10**9]).map(
    lambda distance: NOW + timedelta(microseconds=distance)
)
ENDS = st.none() | MOMENTS
PLACES = st.sampled_from(["**", "US", "DE"])
SEASONS = st.sampled_from([None, None, FIRST, SECOND])
QUALITIES = st.sampled_from(["hd", "uhd"])
PACKAGES = [
    Package(UUID(int=20_000 + n), f"p{n}", "P", 499 + n, "USD", active=n != 2) for n in range(3)
]
WINDOWS = st.builds(Window, PLACES, ENDS, ENDS)
CARRIAGES = st.builds(Carriage, st.sampled_from(PACKAGES), WINDOWS)


@st.composite
def offers(draw: st.DrawFn) -> Offer:
    kind = draw(st.sampled_from(["rent", "buy", "free"]))
    price = 0 if kind == "free" else draw(st.sampled_from([299, 399]))
    return Offer(
        draw(IDS), kind, price, "USD", draw(QUALITIES), draw(WINDOWS), season_id=draw(SEASONS),
        active=draw(st.booleans()),
    )  # fmt: skip


@st.composite
def grants(draw: st.DrawFn, **fixed: Any) -> Grant:
    kind = draw(st.sampled_from(["package", "rent", "buy"]))
    of_package = kind == "package"
    made = Grant(
        draw(IDS),
        kind,
        draw(MOMENTS),
        expires_at={"buy": None, "rent": draw(MOMENTS)}.get(kind, draw(ENDS)),
        package_id=draw(st.sampled_from(PACKAGES)).id if of_package else None,
        season_id=None if of_package else draw(SEASONS),
        quality=None if of_package else draw(QUALITIES),
        first_played_at=draw(ENDS) if kind == "rent" else None,
        revoked_at=draw(ENDS),
    )
    return replace(made, **fixed)


def unlike(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[list[Any]]:
    return st.lists(strategy, max_size=5, unique_by=lambda one: one.id)


FACTS = st.builds(
    Facts,
    st.just(TITLE),
    shown=st.just(True),
    suitable=st.just(True),
    sold=st.booleans(),
    carriages=st.lists(CARRIAGES, max_size=5),
    offers=unlike(offers()),
    grants=unlike(grants()),
)
ASKINGS = st.builds(
    Asking, st.sampled_from(["US", "DE", "FR"]), st.just(NOW), unsold_is_free=st.booleans()
)


def with_grant(facts: Facts, grant: Grant) -> Facts:
    others = [one for one in facts.grants if one.id != grant.id]
    return replace(facts, grants=[*others, grant])


def without_grant(facts: Facts, grant: Grant) -> Facts:
    return replace(facts, grants=[one for one in facts.grants if one.id != grant.id])


@given(FACTS, ASKINGS, SEASONS, grants(revoked_at=NOW))
def test_a_revoked_grant_never_counts(
    facts: Facts, asking: Asking, season_id: UUID | None, grant: Grant
) -> None:
    with_it, without = with_grant(facts, grant), without_grant(facts, grant)
    assert decide(with_it, asking, season_id) == decide(without, asking, season_id)


@given(FACTS, ASKINGS, SEASONS, grants(expires_at=NOW))
def test_ends_are_exclusive(
    facts: Facts, asking: Asking, season_id: UUID | None, grant: Grant
) -> None:
    with_it, without = with_grant(facts, grant), without_grant(facts, grant)
    assert decide(with_it, asking, season_id) == decide(without, asking, season_id)


@given(FACTS, ASKINGS, SEASONS, grants())
def test_another_grant_never_takes_anything_away(
    facts: Facts, asking: Asking, season_id: UUID | None, grant: Grant
) -> None:
    before = decide(without_grant(facts, grant), asking, season_id)
    after = decide(with_grant(facts, grant), asking, season_id)
    assert after.playable or not before.playable
    if before.playable and not before.starts_clock:
        assert not after.starts_clock


@given(FACTS, ASKINGS, SEASONS, st.integers(0, 1000))
def test_the_order_of_facts_does_not_matter(
    facts: Facts, asking: Asking, season_id: UUID | None, seed: int
) -> None:
    shuffle = Random(seed)
    shuffled = replace(
        facts,
        carriages=shuffle.sample(facts.carriages, len(facts.carriages)),
        offers=shuffle.sample(facts.offers, len(facts.offers)),
        grants=shuffle.sample(facts.grants, len(facts.grants)),
    )
    assert decide(shuffled, asking, season_id) == decide(facts, asking, season_id)


@given(FACTS, ASKINGS, SEASONS)
def test_a_right_ends_after_now_and_not_before_what_may_change_it(
    facts: Facts, asking: Asking, season_id: UUID | None
) -> None:
    decision = decide(facts, asking, season_id)
    assert decision.until is None or decision.until > NOW
    if decision.until is not None:
        assert decision.changes_at is not None
        assert decision.changes_at <= decision.until


@given(FACTS, ASKINGS, SEASONS)
def test_nothing_changes_before_the_next_change(
    facts: Facts, asking: Asking, season_id: UUID | None
) -> None:
    """What is announced to begin later is left out: no read of facts looks ahead."""
    now = replace(facts, grants=[one for one in facts.grants if one.starts_at <= NOW])
    now = replace(
        now,
        carriages=[one for one in facts.carriages if one.window.is_open(asking.territory, NOW)],
        offers=[one for one in facts.offers if one.window.is_open(asking.territory, NOW)],
    )
    decision = decide(now, asking, season_id)
    if decision.changes_at is not None:
        just_before = replace(asking, now=decision.changes_at - timedelta(microseconds=1))
        assert decide(now, just_before, season_id) == decision


@given(FACTS, ASKINGS)
def test_a_season_that_may_be_played_opens_its_series(facts: Facts, asking: Asking) -> None:
    if any(decide(facts, asking, season).playable for season in (FIRST, SECOND)):
        assert decide(facts, asking).playable
