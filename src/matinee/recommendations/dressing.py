"""Turning drafts into rails: cards, headings and reasons in words."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID, uuid4

from matinee.accounts.viewer import Viewer
from matinee.catalog.cards import cards_for
from matinee.catalog.genres import Genre
from matinee.catalog.schemas import Card
from matinee.core.database import ReadTx
from matinee.core.paging import encode_cursor
from matinee.core.schema import made
from matinee.recommendations.layout import COLLECTION, HEADINGS
from matinee.recommendations.new_episodes import NewEpisodes
from matinee.recommendations.picks import Draft, Pick, Reason, ReasonCode
from matinee.recommendations.rails.collections import Published
from matinee.recommendations.reasons import wording
from matinee.recommendations.schemas import Rail, RailItem, ReasonOut
from matinee.recommendations.variants import variant_of

ON_A_LIST: Mapping[ReasonCode, str] = {
    "top_rated": "Loved by many",
    "continue_watching": "You have begun it",
    "on_my_list": "On your list",
    "new_episodes": "New episodes",
    "household": "Popular in your household",
    "featured": "Featured",
    "new": "New here",
    "leaving_soon": "Leaving soon",
    "recently_browsed": "You looked at it",
    "in_collection": "In this collection",
}


@dataclass(frozen=True)
class Wardrobe:
    """What drafts are dressed in: everything that they name."""

    viewer: Viewer
    cards: Mapping[UUID, Card]
    genres: Mapping[str, Genre]
    collections: Mapping[str, Published] = field(default_factory=dict)
    news: Mapping[UUID, NewEpisodes] = field(default_factory=dict)

    def genre(self, slug: str | None) -> str:
        """The shown name of a genre."""
        found = self.genres.get(slug or "")
        return found.shown(self.viewer.languages) if found else slug or ""

    def title(self, title_id: UUID | None) -> str:
        """The shown name of a title."""
        card = self.cards.get(title_id) if title_id else None
        return card.name if card else ""


async def cards_of(tx: ReadTx, viewer: Viewer, drafts: Iterable[Draft]) -> dict[UUID, Card]:
    """The cards of all titles that drafts show or name, in the statements of one list."""
    ids: dict[UUID, None] = {}
    for draft in drafts:
        named = (draft.title_id, *(pick.reason.title_id for pick in draft.picks))
        ids |= dict.fromkeys(draft.title_ids)
        ids |= dict.fromkeys(title_id for title_id in named if title_id)
    return {card.id: card for card in await cards_for(tx, viewer, list(ids))}


def dress(draft: Draft, wardrobe: Wardrobe, *, next_cursor: str | None = None) -> Rail:
    """A rail as it goes over the wire, with a recommendation id of its own."""
    return Rail.model_construct(
        id=draft.rail,
        code=draft.code,
        heading=_heading(draft, wardrobe),
        title_id=draft.title_id,
        recommendation_id=uuid4(),
        variant=variant_of(wardrobe.viewer.profile),
        items=dress_picks(draft.picks, wardrobe),
        live=[],
        next_cursor=next_cursor,
    )


def dress_picks(picks: Sequence[Pick], wardrobe: Wardrobe) -> list[RailItem]:
    """Cards with reasons; a title that has gone in the meantime is left out."""
    reasons = {reason: _reason(reason, wardrobe) for reason in {pick.reason for pick in picks}}
    return [
        _item(card, reasons[pick.reason], wardrobe)
        for pick in picks
        if (card := wardrobe.cards.get(pick.title_id))
    ]


def cursor_after(picks: Sequence[Pick], offset: int) -> str:
    """The cursor of a rail behind these picks, the first of which stands at `offset`."""
    return encode_cursor(offset + len(picks), picks[-1].title_id)


def _item(card: Card, reason: ReasonOut, wardrobe: Wardrobe) -> RailItem:
    news = wardrobe.news.get(card.id) if reason.code == "new_episodes" else None
    return made(
        RailItem,
        card=card,
        reason=reason,
        new_episodes=news.episodes if news else None,
        episode_id=news.episode_id if news else None,
    )


def _reason(reason: Reason, wardrobe: Wardrobe) -> ReasonOut:
    return made(
        ReasonOut,
        code=reason.code,
        text=_words(reason, wardrobe),
        title_id=reason.title_id,
        strength=round(reason.strength, 3),
    )


def _words(reason: Reason, wardrobe: Wardrobe) -> str:
    """A reason in words."""
    if reason.code in ON_A_LIST:
        return ON_A_LIST[reason.code]
    title, genre = wardrobe.title(reason.title_id), wardrobe.genre(reason.genre)
    return wording(reason, title=title, genre=genre)


def _heading(draft: Draft, wardrobe: Wardrobe) -> str:
    if draft.genre:
        return wardrobe.genre(draft.genre)
    if draft.code == "similar":
        return wording(Reason("similar"), title=wardrobe.title(draft.title_id))
    if draft.title_id and draft.picks:
        return _words(draft.picks[0].reason, wardrobe)
    if draft.rail.startswith(COLLECTION):
        return wardrobe.collections[draft.rail.removeprefix(COLLECTION)].name
    return HEADINGS[draft.rail]
