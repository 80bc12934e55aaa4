"""The decision who may play what: pure functions over facts, without clock or database."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal, NamedTuple
from uuid import UUID

EVERYWHERE = "**"
_NEVER = datetime.max.replace(tzinfo=UTC)

Via = Literal[
    "unavailable",
    "account_held",
    "parental",
    "buy",
    "svod",
    "free",
    "rent",
    "locked",
    "not_in_territory",
    "blackout",
]
"""By which right something is played, or why it is not; in the order in which they are tried."""

OptionType = Literal["svod", "rent", "buy", "free"]
Quality = Literal["sd", "hd", "uhd"]
QUALITIES: tuple[Quality, ...] = ("sd", "hd", "uhd")
BillingPeriod = Literal["month", "year"]


@dataclass(frozen=True, slots=True)
class Window:
    """Where and when a licence or an offer holds; None is without end on that side."""

    territory: str = EVERYWHERE
    available_from: datetime | None = None
    available_until: datetime | None = None

    def is_open(self, territory: str, now: datetime) -> bool:
        """Whether it holds there and then; its end is exclusive."""
        return (
            self.territory in (EVERYWHERE, territory)
            and (self.available_from is None or self.available_from <= now)
            and (self.available_until is None or now < self.available_until)
        )


@dataclass(frozen=True, slots=True)
class Package:
    """What a household can subscribe to; one that is not active is kept, but not sold anew."""

    id: UUID
    slug: str
    name: str
    price_cents: int
    currency: str
    billing_period: BillingPeriod = "month"
    max_quality: Quality = "hd"
    active: bool = True


@dataclass(frozen=True, slots=True)
class Carriage:
    """A package carries the title, because it is listed or by a rule."""

    package: Package
    window: Window


@dataclass(frozen=True, slots=True)
class Offer:
    """The title, or one season of it, at a price."""

    id: UUID
    type: OptionType
    price_cents: int
    currency: str
    quality: Quality
    window: Window
    season_id: UUID | None = None
    rental_window_hours: int | None = None
    start_within_hours: int = 720
    active: bool = True


@dataclass(frozen=True, slots=True)
class Grant:
    """Something the household holds: a package, or this title or a season of it."""

    id: UUID
    kind: Literal["package", "rent", "buy"]
    starts_at: datetime
    expires_at: datetime | None = None
    package_id: UUID | None = None
    season_id: UUID | None = None
    quality: Quality | None = None
    first_played_at: datetime | None = None
    revoked_at: datetime | None = None

    def is_live(self, now: datetime) -> bool:
        """Whether it counts at a moment (A1); its end is exclusive."""
        return (
            self.revoked_at is None
            and self.starts_at <= now
            and (self.expires_at is None or now < self.expires_at)
        )


@dataclass(frozen=True, slots=True)
class Asking:
    """Who asks, where and when."""

    territory: str
    now: datetime
    held: bool = False
    sees_prices: bool = True
    unsold_is_free: bool = False
    """Whether what is in no package and has no offer at all may be played by everybody."""


class Blackout(NamedTuple):
    """A time in which a channel must not be played here, whatever the household has a right to."""

    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Facts:
    """All that is known about one title or channel for one household.

    `shown`: published, and inside its rights window here. `suitable`: the profile's settings let it
    see the title. `sold`: somebody, somewhere, at some time can or could get it from us; what
    nobody can get is `locked` without options, and not a question of territory. `blackouts`: of
    this territory, those that are not over.
    """

    id: UUID
    shown: bool = True
    suitable: bool = True
    sold: bool = True
    carriages: Sequence[Carriage] = ()
    offers: Sequence[Offer] = ()
    grants: Sequence[Grant] = ()
    blackouts: Sequence[Blackout] = ()


@dataclass(frozen=True, slots=True)
class Option:
    """One way to be allowed to play: held already (`active`), or to be had (`available`).

    `start_by` is when a rental must be begun at the latest; None where it runs already.
    """

    type: OptionType
    price_cents: int
    currency: str
    state: Literal["active", "available"]
    package: Package | None = None
    offer: Offer | None = None
    expires_at: datetime | None = None
    start_by: datetime | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether a title may be played, by which right, until when, and what would allow it.

    `grant_id` is the grant that it would be played by, where it is one; `starts_clock` says that
    playing begins a rental's time. `until` None: no end is known. `changes_at` is when the first
    of all that was looked at ends; before that only a write changes what is decided.
    """

    playable: bool
    via: Via
    until: datetime | None = None
    grant_id: UUID | None = None
    starts_clock: bool = False
    quality: Quality | None = None
    options: tuple[Option, ...] = ()
    changes_at: datetime | None = None

    @property
    def best_option(self) -> Option | None:
        """What is held already, else what comes first; None where nothing is to be had."""
        active = (option for option in self.options if option.state == "active")
        return next(active, self.options[0] if self.options else None)


def decide(facts: Facts, asking: Asking, season_id: UUID | None = None) -> Decision:
    """Decide on a title, on one season of a series, or on a channel (A9).

    Without a season, a right to any of its seasons counts: something of the series can be played.
    What costs the household nothing comes first; a rental's clock is never started where another
    right lets it play (A2). A blackout stops whoever has a right; others hear how to get one.
    """
    if not facts.shown:
        return Decision(False, "unavailable")
    if asking.held:
        return Decision(False, "account_held")
    if not facts.suitable:
        return Decision(False, "parental")
    grants = [g for g in facts.grants if g.is_live(asking.now) and _covers(g.season_id, season_id)]
    carriages = [c for c in facts.carriages if c.window.is_open(asking.territory, asking.now)]
    offers = best_offers(facts.offers, asking, season_id)
    options = _options(carriages, offers, grants)
    shown = options if asking.sees_prices else ()
    changes_at = _earlier(
        _first_end(carriages, offers, grants), _next_turn(facts.blackouts, asking.now)
    )
    right = (
        _owned(grants)
        or _subscribed(carriages, grants)
        or _free(offers, asking, sold=facts.sold)
        or _rented(grants)
    )
    if right is None:
        via: Via = "locked" if options or not facts.sold else "not_in_territory"
        return Decision(False, via, options=shown, changes_at=changes_at)
    if (blackout := _running(facts.blackouts, asking.now)) is not None:
        return Decision(False, "blackout", blackout.ends_at, options=shown, changes_at=changes_at)
    until = _earlier(right.until, _first_begin(facts.blackouts))
    return Decision(True, *right._replace(until=until), options=shown, changes_at=changes_at)


def best_offers(
    offers: Iterable[Offer], asking: Asking, season_id: UUID | None = None
) -> list[Offer]:
    """The offers that hold here and now, cheapest first, one per season, type and quality.

    Of two, one for this very territory wins.
    """
    here_and_now = [
        offer
        for offer in offers
        if offer.active
        and _covers(offer.season_id, season_id)
        and offer.window.is_open(asking.territory, asking.now)
    ]
    best: dict[tuple[UUID | None, str, str], Offer] = {}
    for offer in sorted(here_and_now, key=lambda o: (o.window.territory != asking.territory, o.id)):
        best.setdefault((offer.season_id, offer.type, offer.quality), offer)
    return sorted(best.values(), key=lambda o: (o.price_cents, o.id))


def _covers(season_id: UUID | None, asked: UUID | None) -> bool:
    """Whether something for a season (None: for the whole title) helps with what is asked."""
    return season_id is None or asked is None or season_id == asked


class _Right(NamedTuple):
    """The first fields of a decision in favour."""

    via: Via
    until: datetime | None = None
    grant_id: UUID | None = None
    starts_clock: bool = False
    quality: Quality | None = None


def _owned(grants: Sequence[Grant]) -> _Right | None:
    bought = [grant for grant in grants if grant.kind == "buy"]
    if not bought:
        return None
    best = max(bought, key=lambda g: (g.season_id is None, _worth(g.quality), g.id))
    return _Right("buy", None, best.id, quality=best.quality)


def _subscribed(carriages: Sequence[Carriage], grants: Sequence[Grant]) -> _Right | None:
    """The package that lets play longest: as long as both the grant and the licence last."""
    rights = [
        _Right(
            "svod",
            _earlier(grant.expires_at, carriage.window.available_until),
            grant.id,
            quality=carriage.package.max_quality,
        )
        for carriage in carriages
        for grant in grants
        if grant.kind == "package" and grant.package_id == carriage.package.id
    ]
    return max(
        rights, key=lambda r: (_lasting(r.until), _worth(r.quality), r.grant_id), default=None
    )


def _free(offers: Sequence[Offer], asking: Asking, *, sold: bool) -> _Right | None:
    free = [
        _Right("free", offer.window.available_until, quality=offer.quality)
        for offer in offers
        if offer.type == "free"
    ]
    if not free and asking.unsold_is_free and not sold:
        return _Right("free")
    return max(free, key=lambda r: (_lasting(r.until), _worth(r.quality)), default=None)


def _rented(grants: Sequence[Grant]) -> _Right | None:
    """A rental that runs already, before one whose clock would start; then the longer one."""
    rentals = [grant for grant in grants if grant.kind == "rent" and grant.expires_at is not None]
    if not rentals:
        return None
    chosen = max(rentals, key=lambda g: (g.first_played_at is not None, g.expires_at, g.id))
    unstarted = chosen.first_played_at is None
    return _Right("rent", chosen.expires_at, chosen.id, unstarted, chosen.quality)


def _options(
    carriages: Sequence[Carriage], offers: Sequence[Offer], grants: Sequence[Grant]
) -> tuple[Option, ...]:
    """Packages, the household's own first, then cheapest first; then offers (A3)."""
    return (*_package_options(carriages, grants), *(_offer_option(o, grants) for o in offers))


def _package_options(carriages: Sequence[Carriage], grants: Sequence[Grant]) -> list[Option]:
    packages = {carriage.package.id: carriage.package for carriage in carriages}
    held: dict[UUID, datetime | None] = {}
    for grant in grants:
        if grant.package_id is not None:
            known = held.get(grant.package_id, grant.expires_at)
            held[grant.package_id] = max(known, grant.expires_at, key=_lasting)
    to_show = [one for one in packages.values() if one.active or one.id in held]
    to_show.sort(key=lambda one: (one.id not in held, one.price_cents, one.id))
    return [_package_option(one, held) for one in to_show]


def _package_option(package: Package, held: Mapping[UUID, datetime | None]) -> Option:
    return Option(
        "svod",
        package.price_cents,
        package.currency,
        "active" if package.id in held else "available",
        package=package,
        expires_at=held.get(package.id),
    )


def _offer_option(offer: Offer, grants: Sequence[Grant]) -> Option:
    held = [g for g in grants if g.kind == offer.type and g.season_id in (None, offer.season_id)]
    grant = max(held, key=lambda g: (g.first_played_at is not None, g.id), default=None)
    is_active = offer.type == "free" or grant is not None
    return Option(
        offer.type,
        offer.price_cents,
        offer.currency,
        "active" if is_active else "available",
        offer=offer,
        expires_at=grant.expires_at if grant else None,
        start_by=grant.expires_at if grant and grant.first_played_at is None else None,
    )


def _first_end(
    carriages: Iterable[Carriage], offers: Iterable[Offer], grants: Iterable[Grant]
) -> datetime | None:
    ends = [carriage.window.available_until for carriage in carriages]
    ends += [offer.window.available_until for offer in offers]
    ends += [grant.expires_at for grant in grants]
    return min((end for end in ends if end is not None), default=None)


def _running(blackouts: Iterable[Blackout], now: datetime) -> Blackout | None:
    """The blackout that holds at a moment, of several the one that lasts longest."""
    running = [one for one in blackouts if one.starts_at <= now < one.ends_at]
    return max(running, key=lambda one: one.ends_at, default=None)


def _first_begin(blackouts: Iterable[Blackout]) -> datetime | None:
    return min((one.starts_at for one in blackouts), default=None)


def _next_turn(blackouts: Iterable[Blackout], now: datetime) -> datetime | None:
    """When the next blackout begins or ends."""
    turns = [turn for blackout in blackouts for turn in blackout if turn > now]
    return min(turns, default=None)


def _earlier(one: datetime | None, other: datetime | None) -> datetime | None:
    """The earlier of two ends; None never comes."""
    return min((end for end in (one, other) if end is not None), default=None)


def _lasting(end: datetime | None) -> datetime:
    """A key by which what ends later comes later; None never comes."""
    return _NEVER if end is None else end


def _worth(quality: Quality | None) -> int:
    """A key by which the better quality comes later."""
    return QUALITIES.index(quality) if quality else -1
