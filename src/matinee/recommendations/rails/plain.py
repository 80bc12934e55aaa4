"""Rails whose titles and order are what was read: the profile's own lists, the catalogue's."""

from collections.abc import Iterable
from uuid import UUID

from matinee.recommendations.picks import Draft, Pick, Reason, ReasonCode

REASONS: dict[str, ReasonCode] = {
    "hero": "featured",
    "continue-watching": "continue_watching",
    "my-list": "on_my_list",
    "new-episodes": "new_episodes",
    "trending": "trending",
    "top-rated": "top_rated",
    "household": "household",
    "new": "new",
    "leaving-soon": "leaving_soon",
    "recently-browsed": "recently_browsed",
    "collection": "in_collection",
}
"""By the kind of rail, why a title stands on it."""


def plain_draft(rail: str, title_ids: Iterable[UUID]) -> Draft:
    """A rail of titles in this order."""
    reason = Reason(REASONS[rail.partition(":")[0]], strength=1.0)
    return Draft(rail, tuple(Pick(title_id, 0.0, reason) for title_id in title_ids))
