"""The decision who may play what, case by case (A1 to A5)."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from matinee.entitlements.access import (
    Asking,
    Carriage,
    Decision,
    Facts,
    Grant,
    Offer,
    Package,
    Window,
    decide,
)

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
TICK = timedelta(microseconds=1)
DAY = timedelta(days=1)
ASKING = Asking("US", NOW)
TITLE = UUID(int=1)
FIRST, SECOND = UUID(int=11), UUID(int=12)
"""Seasons."""


def package(number: int = 1, **columns: Any) -> Package:
    return Package(UUID(int=100 + number), f"p{number}", "P", 999, "USD", **columns)


def carriage(carrier: Package | None = None, window: Window | None = None) -> Carriage:
    return Carriage(carrier or package(), window or Window())


def offer(number: int = 1, kind: Any = "rent", **columns: Any) -> Offer:
    defaults: dict[str, Any] = {
        "price_cents": 0 if kind == "free" else 399,
        "currency": "USD",
        "quality": "hd",
        "window": Window(),
    }
    return Offer(UUID(int=200 + number), kind, **(defaults | columns))


def grant(number: int = 1, kind: Any = "buy", **columns: Any) -> Grant:
    defaults: dict[str, Any] = {"starts_at": NOW - DAY}
    if kind == "rent":
        defaults["expires_at"] = NOW + DAY
    if kind == "package":
        defaults["package_id"] = package().id
    return Grant(UUID(int=300 + number), kind, **(defaults | columns))


def decided(season_id: UUID | None = None, asking: Asking = ASKING, **facts: Any) -> Decision:
    return decide(Facts(TITLE, **facts), asking, season_id)


CASES: list[tuple[str, dict[str, Any], str]] = [
    ("nothing to be had here", {}, "not_in_territory"),
    ("sold nowhere", {"sold": False}, "locked"),
    ("a package to be had", {"carriages": [carriage()]}, "locked"),
    ("an offer to be had", {"offers": [offer()]}, "locked"),
    ("bought", {"grants": [grant()]}, "buy"),
    ("subscribed", {"carriages": [carriage()], "grants": [grant(kind="package")]}, "svod"),
    ("another package", {"carriages": [carriage(package(2))], "grants": [grant(kind="package")]},
     "locked"),
    ("a package without the title", {"grants": [grant(kind="package")]}, "not_in_territory"),
    ("an archived package that is held",
     {"carriages": [carriage(package(active=False))], "grants": [grant(kind="package")]}, "svod"),
    ("an archived package that is not", {"carriages": [carriage(package(active=False))]},
     "not_in_territory"),
    ("free", {"offers": [offer(kind="free")]}, "free"),
    ("rented", {"grants": [grant(kind="rent")]}, "rent"),
    ("bought before subscribed",
     {"carriages": [carriage()], "grants": [grant(1, "package"), grant(2)]}, "buy"),
    ("subscribed before free",
     {"carriages": [carriage()], "grants": [grant(kind="package")], "offers": [offer(kind="free")]},
     "svod"),
    ("free before rented", {"offers": [offer(kind="free")], "grants": [grant(kind="rent")]},
     "free"),
    ("unavailable before all", {"shown": False, "suitable": False, "grants": [grant()]},
     "unavailable"),
    ("unsuitable", {"suitable": False, "grants": [grant()]}, "parental"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("facts", "via"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_rights_are_tried_in_order(facts: dict[str, Any], via: str) -> None:
    decision = decided(**facts)
    assert decision.via == via
    assert decision.playable is (via in ("buy", "svod", "free", "rent"))


def test_a_hold_comes_before_the_parents_and_after_the_title() -> None:
    held = replace(ASKING, held=True)
    assert decided(asking=held, suitable=False, grants=[grant()]).via == "account_held"
    assert decided(asking=held, shown=False).via == "unavailable"


@pytest.mark.parametrize(
    ("columns", "counts"),
    [
        ({"starts_at": NOW}, True),
        ({"starts_at": NOW + TICK}, False),
        ({"expires_at": NOW + TICK}, True),
        ({"expires_at": NOW}, False),
        ({"revoked_at": NOW + DAY}, False),
    ],
)
@pytest.mark.parametrize("kind", ["rent", "package"])
def test_a_grant_counts_from_its_start_until_before_its_end(
    kind: str, columns: dict[str, Any], counts: bool
) -> None:
    facts = {"grants": [grant(kind=kind, **columns)], "carriages": [carriage()]}
    assert decided(**facts).playable is counts


@pytest.mark.parametrize(
    ("window", "is_open"),
    [
        (Window("US"), True),
        (Window("DE"), False),
        (Window(available_from=NOW), True),
        (Window(available_from=NOW + TICK), False),
        (Window(available_until=NOW + TICK), True),
        (Window(available_until=NOW), False),
    ],
)
def test_windows_hold_here_and_until_before_their_end(window: Window, is_open: bool) -> None:
    subscribed = {"carriages": [carriage(window=window)], "grants": [grant(kind="package")]}
    assert decided(**subscribed).playable is is_open
    assert decided(offers=[offer(kind="free", window=window)]).playable is is_open


@pytest.mark.parametrize("kind", ["rent", "buy"])
def test_what_was_sold_outlasts_the_sale(kind: str) -> None:
    ended = Window(available_until=NOW - DAY)
    facts = {"offers": [offer(kind=kind, window=ended)], "grants": [grant(kind=kind)]}
    assert decided(**facts).via == kind


def test_a_subscription_lasts_as_long_as_both_grant_and_licence() -> None:
    licence = Window(available_until=NOW + 2 * DAY)
    held = grant(kind="package", expires_at=NOW + 3 * DAY)
    assert decided(carriages=[carriage(window=licence)], grants=[held]).until == NOW + 2 * DAY
    assert decided(carriages=[carriage()], grants=[held]).until == NOW + 3 * DAY


def test_the_package_that_lasts_longest_is_played_by_then_the_better_one() -> None:
    carriages = [carriage(package(1, max_quality="hd")), carriage(package(2, max_quality="uhd"))]
    short, long = NOW + DAY, NOW + 2 * DAY

    def grants(first: datetime, second: datetime) -> list[Grant]:
        ends = {1: first, 2: second}
        return [
            grant(n, "package", package_id=package(n).id, expires_at=end) for n, end in ends.items()
        ]

    assert decided(carriages=carriages, grants=grants(long, short)).quality == "hd"
    assert decided(carriages=carriages, grants=grants(long, long)).quality == "uhd"


def test_a_running_rental_is_played_before_one_whose_clock_would_start() -> None:
    running = grant(1, "rent", first_played_at=NOW - TICK, expires_at=NOW + TICK)
    waiting = grant(2, "rent", expires_at=NOW + DAY)
    decision = decided(grants=[running, waiting])
    assert (decision.grant_id, decision.starts_clock) == (running.id, False)
    decision = decided(grants=[waiting])
    assert (decision.grant_id, decision.starts_clock) == (waiting.id, True)


def test_no_other_right_starts_a_clock() -> None:
    waiting = grant(2, "rent")
    for facts in (
        {"grants": [grant(), waiting]},
        {"grants": [grant(kind="package"), waiting], "carriages": [carriage()]},
        {"grants": [waiting], "offers": [offer(kind="free")]},
    ):
        assert not decided(**facts).starts_clock


def test_what_nobody_sells_is_free_where_the_operator_says_so() -> None:
    generous = replace(ASKING, unsold_is_free=True)
    assert decided(asking=generous, sold=False).via == "free"
    assert decided(asking=generous, sold=True).via == "not_in_territory"


SEASONS: list[tuple[UUID | None, UUID | None, bool]] = [
    (None, None, True),
    (None, FIRST, True),
    (FIRST, None, True),
    (FIRST, FIRST, True),
    (FIRST, SECOND, False),
]


@pytest.mark.parametrize(("held", "asked", "plays"), SEASONS)
def test_a_right_to_a_season_lets_play_that_season(
    held: UUID | None, asked: UUID | None, plays: bool
) -> None:
    assert decided(asked, grants=[grant(season_id=held)]).playable is plays
    assert decided(asked, offers=[offer(kind="free", season_id=held)]).playable is plays
    assert bool(decided(asked, offers=[offer(season_id=held)]).options) is plays


def test_a_purchase_of_the_whole_series_goes_before_one_season() -> None:
    whole, part = grant(1), grant(2, season_id=FIRST)
    assert decided(FIRST, grants=[part, whole]).grant_id == whole.id


def test_options_are_packages_own_first_then_cheapest_then_offers_cheapest_first() -> None:
    cheap, dear, own = package(1, active=True), replace(package(2), price_cents=1999), package(3)
    own = replace(own, price_cents=2999)
    decision = decided(
        carriages=[carriage(dear), carriage(own), carriage(cheap), carriage(cheap)],
        offers=[offer(1, "buy", price_cents=999), offer(2, "rent"), offer(3, "free")],
        grants=[grant(kind="package", package_id=own.id)],
    )
    told = [one.package.slug if one.package else one.type for one in decision.options]
    assert told == ["p3", "p1", "p2", "free", "rent", "buy"]
    assert [one.state for one in decision.options] == ["active"] + ["available"] * 2 + [
        "active",
        "available",
        "available",
    ]


def test_of_offers_for_one_thing_the_one_for_this_very_territory_is_shown() -> None:
    here = offer(2, price_cents=499, window=Window("US"))
    decision = decided(offers=[offer(1), here, offer(3, quality="uhd")])
    assert [one.offer and one.offer.id for one in decision.options] == [
        offer(3).id,
        here.id,
    ]


def test_a_withdrawn_offer_is_none() -> None:
    assert decided(offers=[offer(kind="free", active=False)]).options == ()


def test_the_best_option_is_what_is_held_else_the_first() -> None:
    both = {"offers": [offer(1, "rent"), offer(2, "buy", price_cents=999)]}
    best = decided(**both).best_option
    assert best is not None
    assert best.type == "rent"
    best = decided(**both, grants=[grant()]).best_option
    assert best is not None
    assert (best.type, best.state) == ("buy", "active")
    assert decided().best_option is None


def test_a_rental_that_waits_tells_when_it_must_be_begun() -> None:
    [option] = decided(offers=[offer()], grants=[grant(kind="rent")]).options
    assert (option.state, option.start_by, option.expires_at) == ("active", NOW + DAY, NOW + DAY)
    begun = grant(kind="rent", first_played_at=NOW - DAY)
    [option] = decided(offers=[offer()], grants=[begun]).options
    assert (option.start_by, option.expires_at) == (None, NOW + DAY)


def test_who_sees_no_prices_is_decided_on_alike() -> None:
    facts = {"offers": [offer()], "carriages": [carriage()]}
    hidden = decided(asking=replace(ASKING, sees_prices=False), **facts)
    assert hidden == replace(decided(**facts), options=())


@pytest.mark.parametrize(
    "facts", [{"shown": False}, {"suitable": False}], ids=["unavailable", "parental"]
)
def test_no_options_where_none_would_help(facts: dict[str, Any]) -> None:
    assert decided(**facts, offers=[offer()]).options == ()
    assert decided(asking=replace(ASKING, held=True), offers=[offer()]).options == ()


def test_the_next_change_is_the_first_end_of_all_that_counted() -> None:
    ends = [NOW + n * DAY for n in (4, 3, 2, 1)]
    decision = decided(
        carriages=[carriage(window=Window(available_until=ends[0]))],
        offers=[
            offer(1, window=Window(available_until=ends[1])),
            offer(2, "buy", window=Window("DE", available_until=ends[3])),
        ],
        grants=[grant(kind="package", expires_at=ends[2])],
    )
    assert decision.changes_at == ends[2]
    assert decided().changes_at is None
