"""Why a title may be played or not: each row that has to do with it, and what it did (pure)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from matinee.entitlements.access import (
    EVERYWHERE,
    Asking,
    Carriage,
    Decision,
    Facts,
    Grant,
    Offer,
    Window,
    best_offers,
)

Reason = Literal[
    "decided",
    "overruled",
    "weaker_right",
    "for_sale",
    "not_held",
    "not_in_package",
    "other_season",
    "other_territory",
    "not_started",
    "expired",
    "window_closed",
    "archived",
    "revoked",
    "lifted",
    "purchases_only",
]
"""What a row did: `decided`, or why it did not."""


@dataclass(frozen=True, slots=True)
class Hold:
    """What keeps a household from playing, buying or both."""

    id: UUID
    reason: str
    blocks_playback: bool
    created_at: datetime
    lifted_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Case:
    """Everything that a decision could have been made from, whether it counted or not."""

    facts: Facts
    asking: Asking
    season_id: UUID | None
    decision: Decision

    @property
    def is_about_rights(self) -> bool:
        """Whether rights had a say; a title that is not shown has none to be weighed."""
        overruling = ("unavailable", "account_held", "parental", "blackout")
        return self.decision.via not in overruling

    def reason_of_hold(self, hold: Hold) -> Reason:
        """What a hold did."""
        if hold.lifted_at is not None:
            return "lifted"
        if not hold.blocks_playback:
            return "purchases_only"
        return "decided" if self.decision.via == "account_held" else "overruled"

    def reason_of_blackout(self, window: Window) -> Reason:
        """What a blackout did; who has no right hears of that first."""
        if (shut := self._reason_of_window(window)) is not None:
            return shut
        return "decided" if self.decision.via == "blackout" else "overruled"

    def reason_of_grant(self, grant: Grant) -> Reason:
        """What a grant did."""
        if grant.revoked_at is not None:
            return "revoked"
        if grant.starts_at > self.asking.now:
            return "not_started"
        if not grant.is_live(self.asking.now):
            return "expired"
        if _is_of_other_season(grant.season_id, self.season_id):
            return "other_season"
        if grant.package_id is not None and not self._carries_now(grant.package_id):
            return "not_in_package"
        if not self.is_about_rights:
            return "overruled"
        return "decided" if grant.id == self.decision.grant_id else "weaker_right"

    def reason_of_carriage(self, carriage: Carriage) -> Reason:
        """What the fact did that a package carries the title."""
        if (shut := self._reason_of_window(carriage.window)) is not None:
            return shut
        held = self._grants_of(carriage.package.id)
        if not held:
            return "not_held" if carriage.package.active else "archived"
        if not self.is_about_rights:
            return "overruled"
        if self.decision.via != "svod" or self.decision.grant_id not in held:
            return "weaker_right"
        ends = (carriage.window.available_until, held[self.decision.grant_id])
        until = min((end for end in ends if end is not None), default=None)
        return "decided" if until == self.decision.until else "weaker_right"

    def reason_of_offer(self, offer: Offer) -> Reason:
        """What an offer did; one with a price lets nobody play, only the grant bought by it."""
        if not offer.active:
            return "archived"
        if (shut := self._reason_of_window(offer.window)) is not None:
            return shut
        if _is_of_other_season(offer.season_id, self.season_id):
            return "other_season"
        if not self.is_about_rights:
            return "overruled"
        if offer not in best_offers(self.facts.offers, self.asking, self.season_id):
            return "weaker_right"
        if offer.type != "free":
            return "for_sale"
        decided = self.decision.via == "free"
        lasts = offer.window.available_until == self.decision.until
        return "decided" if decided and lasts else "weaker_right"

    def _carries_now(self, package_id: UUID) -> bool:
        return any(
            carriage.package.id == package_id and self._reason_of_window(carriage.window) is None
            for carriage in self.facts.carriages
        )

    def _grants_of(self, package_id: UUID) -> dict[UUID | None, datetime | None]:
        """The ends of the live grants of a package, by their ids."""
        return {
            grant.id: grant.expires_at
            for grant in self.facts.grants
            if grant.package_id == package_id and grant.is_live(self.asking.now)
        }

    def _reason_of_window(self, window: Window) -> Reason | None:
        """Why a window does not hold here and now; None where it does."""
        if window.territory not in (EVERYWHERE, self.asking.territory):
            return "other_territory"
        if window.available_from is not None and self.asking.now < window.available_from:
            return "not_started"
        return None if window.is_open(self.asking.territory, self.asking.now) else "window_closed"


def _is_of_other_season(season_id: UUID | None, asked: UUID | None) -> bool:
    return season_id is not None and asked is not None and season_id != asked
