"""Answering a query: what is found, made into hits, and what is remembered of having been asked."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple
from uuid import UUID

from matinee.accounts.viewer import Viewer
from matinee.catalog import lists
from matinee.catalog.cards import cards_for
from matinee.catalog.schemas import Card, CollectionCard
from matinee.catalog.search import history, statistics
from matinee.catalog.search.documents import dictionary_of
from matinee.catalog.search.live import find_channels, find_programmes
from matinee.catalog.search.matching import likeness_of, match_in
from matinee.catalog.search.meaning import meaning_of, vector_of
from matinee.catalog.search.pins import pinned_titles
from matinee.catalog.search.question import Question, folded_query, understand
from matinee.catalog.search.ranking import Found, rank
from matinee.catalog.search.schemas import (
    AnyHit,
    ChannelHit,
    CollectionHit,
    Match,
    PersonHit,
    PersonRef,
    ProgrammeHit,
    Search,
    SearchResults,
    Span,
    TitleHit,
)
from matinee.core.client_address import subscriber_of
from matinee.core.context import current_request
from matinee.core.database import ReadTx
from matinee.core.ratelimit import SEARCHES, Limit
from matinee.core.text import fold, searchable
from matinee.entitlements.visibility import VISIBLE, visibility_of
from matinee.runtime import Runtime

ALL_TYPES = ("title", "person", "collection", "channel", "programme")

COLLECTION_SCORE = 3.0
LEAST_LIKE = 0.5
"""Likeness by trigrams from which on a collection's name counts as misspelt."""

_ROLES = f"""
    SELECT c.person_id, array_agg(DISTINCT c.role ORDER BY c.role) AS roles
    FROM title_people c JOIN titles t ON t.id = c.title_id
    WHERE c.person_id = ANY (:person_ids::uuid[]) AND {VISIBLE}
    GROUP BY c.person_id
"""


class Answer(NamedTuple):
    """What was found in the database."""

    question: Question
    pinned: list[UUID]
    found: list[Found]
    cards: dict[UUID, Card]
    roles: dict[UUID, list[str]]
    live: Sequence[tuple[float, AnyHit]]
    by_meaning: bool


async def search(runtime: Runtime, viewer: Viewer, wish: Search) -> SearchResults:
    """One ranking over titles, people, collections, channels and what they broadcast.

    Raises:
        RateLimited: too many searches in a minute.
    """
    await limit(runtime, viewer, SEARCHES)
    types = wish.type or ALL_TYPES
    hits = await _collections(runtime, viewer, wish.q) if "collection" in types else []
    answer = await _ask(runtime, viewer, wish, types)
    hits += [(hit.score, _hit(answer, hit)) for hit in answer.found if hit.id not in answer.pinned]
    hits += answer.live
    hits.sort(key=lambda scored: -scored[0])
    items = [*_pinned_hits(answer), *(hit for _, hit in hits)][: wish.page_size]
    statistics.count(runtime, answer.question.folded, found=bool(items))
    if wish.remember and viewer.profile_id is not None:
        await history.remember(runtime, viewer, wish.q)
    return SearchResults(
        items=items,
        did_you_mean=_correction(answer.question, items),
        by_meaning=answer.by_meaning,
    )


async def limit(runtime: Runtime, viewer: Viewer, most: Limit) -> None:
    """Count one search of a household, or of an address where nobody signed in.

    Raises:
        RateLimited: there were too many.
    """
    if runtime.settings.rate_limits_enabled:
        request = current_request()
        asker = viewer.user_id or subscriber_of(request.client_ip if request else None)
        await runtime.limiter.hit(most, asker)


async def _ask(runtime: Runtime, viewer: Viewer, wish: Search, types: Sequence[str]) -> Answer:
    settings = runtime.settings
    vector = await vector_of(runtime, wish.q, settings.search_embedding_wait_ms / 1000)
    async with runtime.database.read() as tx:
        meaning = await meaning_of(tx, runtime, viewer, vector)
        question = await understand(tx, wish.q, dictionary_of(settings.catalog_language))
        pinned = await pinned_titles(tx, viewer, question.folded) if "title" in types else []
        found = await rank(tx, viewer, question, wish.page_size, meaning=meaning, types=types)
        title_ids = [*pinned, *(hit.id for hit in found if hit.type == "title")]
        cards = await cards_for(tx, viewer, list(dict.fromkeys(title_ids)))
        roles = await _roles(tx, viewer, [hit.id for hit in found if hit.type == "person"])
        live: list[tuple[float, AnyHit]] = []
        if "channel" in types:
            live += await find_channels(tx, viewer, question)
        if "programme" in types:
            live += await find_programmes(tx, viewer, question)
    by_id = {card.id: card for card in cards}
    return Answer(question, pinned, found, by_id, roles, live, meaning is not None)


async def _roles(tx: ReadTx, viewer: Viewer, person_ids: list[UUID]) -> dict[UUID, list[str]]:
    if not person_ids:
        return {}
    rows = await tx.all(_ROLES, person_ids=person_ids, **visibility_of(viewer))
    return {row["person_id"]: row["roles"] for row in rows}


def _hit(answer: Answer, found: Found) -> AnyHit:
    question = answer.question
    if found.type == "person":
        name = found.called or ""
        match, span = _by_name(name, question)
        person = PersonRef(id=found.id, name=name, roles=answer.roles.get(found.id, []))
        return PersonHit(match=match, span=span, person=person)
    card = answer.cards[found.id]
    if found.name > 0 and found.name >= max(found.people, found.words, found.meaning):
        match, span = _by_name(found.called or card.name, question)
        if found.called == card.name:
            return TitleHit(match=match, span=span, title=card)
        _, span = _by_name(card.name, question)
        return TitleHit(match=match, span=span, matched_name=found.called, title=card)
    if found.people >= found.words and found.person:
        return TitleHit(match="text", matched_name=found.person, title=card)
    match = "text" if found.words > 0 or found.name > 0 else "semantic"
    return TitleHit(match=match, title=card)


def _pinned_hits(answer: Answer) -> Iterable[TitleHit]:
    for title_id in answer.pinned:
        card = answer.cards[title_id]
        found = match_in(card.name, answer.question.folded)
        match: Match = found[0] if found else "text"
        yield TitleHit(match=match, span=_span(found), pinned=True, title=card)


def _by_name(name: str, question: Question) -> tuple[Match, Span | None]:
    """How a name that is like the question matches; letters may differ beyond recognition."""
    found = match_in(name, question.folded)
    if found is None:
        meant = match_in(name, question.meant)
        return "fuzzy", _span(meant)
    return found[0], _span(found)


def _span(found: tuple[str, tuple[int, int]] | None) -> Span | None:
    return Span(start=found[1][0], end=found[1][1]) if found else None


async def _collections(runtime: Runtime, viewer: Viewer, query: str) -> list[tuple[float, AnyHit]]:
    """Collections whose name is like the query; those that are shown are few and remembered."""
    folded = folded_query(query)
    hits: list[tuple[float, AnyHit]] = []
    for card in (await lists.list_collections(runtime, viewer)).items:
        if (found := match_in(card.name, folded)) is not None:
            likeness = _likeness(card, folded, found[0])
            if likeness >= LEAST_LIKE:
                hit = CollectionHit(match=found[0], span=_span(found), collection=card)
                hits.append((COLLECTION_SCORE * likeness, hit))
    return hits


def _likeness(card: CollectionCard, folded: str, match: str) -> float:
    if match in ("exact", "prefix"):
        return 1.0 if match == "exact" else 0.9
    return 0.9 * likeness_of(searchable(card.name), folded)


def _correction(question: Question, items: Sequence[AnyHit]) -> str | None:
    """What was meant, where a hit has those words; a hidden title must not lend its own."""
    if question.meant == question.folded or any(hit.match == "exact" for hit in items[:1]):
        return None
    words = {word for hit in items for word in _names_of(hit).split()}
    return question.meant if words.issuperset((question.corrected or {}).values()) else None


def _names_of(hit: AnyHit) -> str:
    """The folded names that a hit shows."""
    match hit:
        case TitleHit():
            name = hit.title.name
        case PersonHit():
            name = hit.person.name
        case CollectionHit():
            name = hit.collection.name
        case ChannelHit():
            name = hit.channel.name
        case ProgrammeHit():
            name = hit.airing.title
    return fold(f"{name} {hit.matched_name or ''}")
