"""The rail "for you": the best candidates, mixed, with a reason each. Pure."""

from collections.abc import Collection, Sequence
from datetime import date
from uuid import UUID

from matinee.accounts.viewer import Viewer
from matinee.recommendations.genre_shares import genre_shares
from matinee.recommendations.picks import Draft, Pick
from matinee.recommendations.ranking import RULES, rank, with_surprises
from matinee.recommendations.reasons import choose_reasons
from matinee.recommendations.scoring import Candidate
from matinee.recommendations.variants import variant_of
from matinee.viewing.taste import Taste


def for_you_draft(
    candidates: Sequence[Candidate],
    taste: Taste,
    viewer: Viewer,
    day: date,
    shown_often: Collection[UUID] = (),
) -> Draft:
    """All candidates in the order of this profile's variant; the same all day for equal input."""
    rules = RULES[variant_of(viewer.profile)]
    shares = genre_shares(taste)
    ranked = rank(candidates, shares, shown_often=shown_often, rules=rules)
    ranked = with_surprises(ranked, viewer.profile, day, rules)
    reasons = choose_reasons(ranked, taste, shares, day)
    picks = (
        Pick(one.title_id, one.score, reason, one.genres)
        for one, reason in zip(ranked, reasons, strict=True)
    )
    return Draft("for-you", tuple(picks))
