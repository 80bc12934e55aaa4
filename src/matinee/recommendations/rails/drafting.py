"""From facts to drafts: which titles stand in each rail, in which order and why. Pure."""

from collections.abc import Iterable
from datetime import date

from matinee.accounts.viewer import Viewer
from matinee.recommendations.hero import choose_hero
from matinee.recommendations.layout import BECAUSE, GENRE, ON_NOW
from matinee.recommendations.picks import Draft
from matinee.recommendations.rails.because import because_draft, seed_named, seeds_of_the_day
from matinee.recommendations.rails.facts import NEW_EPISODES, Facts
from matinee.recommendations.rails.for_you import for_you_draft
from matinee.recommendations.rails.genres import genre_draft, genre_drafts
from matinee.recommendations.rails.plain import plain_draft


def draft_rails(facts: Facts, viewer: Viewer, rails: Iterable[str], day: date) -> list[Draft]:
    """The drafts of rails in order; some names stand for several rails, or for none."""
    return [draft for rail in rails for draft in _drafts(facts, viewer, rail, day)]


def _drafts(facts: Facts, viewer: Viewer, rail: str, day: date) -> list[Draft]:
    if rail == ON_NOW:
        return [Draft(rail)]
    if rail == "hero":
        return [_hero(facts, viewer, day)]
    if rail == "for-you":
        return [for_you_draft(facts.candidates, facts.taste, viewer, day, facts.often)]
    if rail == "because":
        seeds = seeds_of_the_day(facts.taste, day)
        return [because_draft(seed, facts.alike.get(seed.number, ())) for seed in seeds]
    if rail == "genres":
        return genre_drafts(facts.taste, facts.candidates)
    if rail.startswith(GENRE):
        genre = rail.removeprefix(GENRE)
        return [genre_draft(facts.taste, genre, facts.of_genre.get(genre, ()))]
    if rail.startswith(BECAUSE):
        seed = seed_named(facts.taste, rail)
        return [because_draft(seed, facts.alike.get(seed.number, ()))] if seed else []
    return [_plain(facts, rail)]


def _plain(facts: Facts, rail: str) -> Draft:
    """A rail that shows what was read as it is."""
    if rail == NEW_EPISODES:
        return plain_draft(rail, facts.news)
    return plain_draft(rail, (listed.title_id for listed in facts.shelves.get(rail, ())))


def _hero(facts: Facts, viewer: Viewer, day: date) -> Draft:
    scores = {one.title_id: one.score for one in facts.candidates}
    featured = facts.shelves.get("hero", ())
    return plain_draft("hero", choose_hero(featured, scores, viewer.profile, day))
