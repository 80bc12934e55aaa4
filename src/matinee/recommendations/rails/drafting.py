"""From facts to drafts: which titles stand in each rail, in which order and why. Pure."""

from collections.abc import Iterable
from datetime import date

from matinee.accounts.viewer import Viewer
from matinee.recommendations.hero import choose_hero
from matinee.recommendations.picks import Draft
from matinee.recommendations.rails.facts import NEW_EPISODES, Facts
from matinee.recommendations.rails.plain import plain_draft


def draft_rails(facts: Facts, viewer: Viewer, rails: Iterable[str], day: date) -> list[Draft]:
    """The drafts of rails in order; some names stand for several rails, or for none."""
    return [draft for rail in rails for draft in _drafts(facts, viewer, rail, day)]


def _drafts(facts: Facts, viewer: Viewer, rail: str, day: date) -> list[Draft]:
    if rail == "hero":
        return [plain_draft(rail, choose_hero(facts.shelves["hero"], {}, viewer.profile, day))]
    if rail == NEW_EPISODES:
        return [plain_draft(rail, facts.news)]
    if rail == "trending":
        return [plain_draft(rail, facts.trending)]
    if rail == "top-rated":
        return [plain_draft(rail, facts.top_rated)]
    if rail in facts.shelves:
        return [plain_draft(rail, (listed.title_id for listed in facts.shelves[rail]))]
    return []
