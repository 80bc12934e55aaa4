""" "Just play something" (S-04): one title for a mood and an evening, or the nearest there is."""

import random
from collections.abc import Collection, Sequence
from typing import Any, NamedTuple
from uuid import UUID, uuid4

from matinee.accounts.viewer import Viewer
from matinee.catalog.cards import cards_for
from matinee.catalog.lists import list_languages
from matinee.catalog.marks import first_episode
from matinee.core.database import ReadTx, Row, WriteTx
from matinee.core.errors import InvalidValue, NotFound
from matinee.entitlements.visibility import VISIBLE, visibility_of
from matinee.recommendations.schemas import MoodAnswer, MoodWish, ReasonOut, Wish
from matinee.recommendations.scoring import candidates
from matinee.recommendations.trends import EVERYWHERE
from matinee.recommendations.variants import variant_of
from matinee.runtime import Runtime
from matinee.viewing.taste import NOT_UNWANTED, NOT_WATCHED, Taste, taste_of

REMEMBERED = 5
"""A title is not answered again before so many others were."""
KEPT = 20
BEST = 8
"""The answer is drawn from so many best ones, better ones more often."""
LOOKED_AT = 100

CONDITIONS: dict[Wish, str] = {
    "mood": "t.mood_tags @> ARRAY[:mood::text]",
    "duration_max": "coalesce(t.runtime_minutes <= :duration_max::int, false)",
    "language": "coalesce(t.language = :language::text, false)",
    "fresh": "t.id <> ALL (:answered::uuid[])",
    "unseen": NOT_WATCHED,
    "playable": """EXISTS (
        SELECT FROM media_assets m LEFT JOIN episodes e ON e.id = m.episode_id
        WHERE m.title_id = t.id AND m.kind = 'main'
          AND (m.episode_id IS NULL OR e.status = 'published')
    )""",
}
"""SQL over `titles t` of what can be wished for."""

EVERYBODY_S: frozenset[Wish] = frozenset({"fresh", "unseen", "playable"})
LADDER: tuple[frozenset[Wish], ...] = (
    frozenset(),
    frozenset({"fresh"}),
    frozenset({"fresh", "duration_max"}),
    frozenset({"fresh", "language"}),
    frozenset({"fresh", "duration_max", "language"}),
    frozenset({"fresh", "mood"}),
    frozenset({"fresh", "mood", "duration_max"}),
    frozenset({"fresh", "mood", "language"}),
    frozenset({"fresh", "mood", "duration_max", "language"}),
    frozenset({"fresh", "mood", "duration_max", "language", "unseen"}),
    frozenset(CONDITIONS),
)
"""What is given up, rung by rung, until something is found; the mood is kept longest."""

_ANSWERED = """
    SELECT title_id FROM mood_answers
    WHERE user_id = :user_id AND profile_id = :profile_id ORDER BY answered_at DESC LIMIT :most
"""
_REMEMBER = """
    INSERT INTO mood_answers (user_id, profile_id, title_id)
    VALUES (:user_id, :profile_id, :title_id)
    ON CONFLICT (user_id, profile_id, title_id) DO UPDATE SET answered_at = excluded.answered_at
"""
_FORGET = """
    DELETE FROM mood_answers
    WHERE user_id = :user_id AND profile_id = :profile_id AND title_id NOT IN (
        SELECT title_id FROM mood_answers
        WHERE user_id = :user_id AND profile_id = :profile_id
        ORDER BY answered_at DESC LIMIT :most
    )
"""


class NoMatch(NotFound):
    """There is nothing to watch at all."""


class Wishes(NamedTuple):
    """What is wished for by name, and the parameters of its conditions."""

    names: list[Wish]
    params: dict[str, Any]

    def sql(self, given_up: Collection[Wish] = ()) -> str:
        """The condition of what is not given up."""
        held = [CONDITIONS[name] for name in self.names if name not in given_up]
        return " AND ".join(held) or "true"


class Matches(NamedTuple):
    """Titles that are as near to the wishes as any, most popular first, and what they lack."""

    title_ids: list[UUID]
    lacks: list[Wish]


async def answer_mood(runtime: Runtime, viewer: Viewer, wish: MoodWish) -> MoodAnswer:
    """One title to play now; another one the next time.

    Raises:
        InvalidValue: nothing that the viewer may see is in that language.
        NoMatch: the viewer may see nothing at all.
    """
    await _require_language(runtime, viewer, wish)
    async with runtime.database.read() as tx:
        wishes = await _wishes(tx, viewer, wish)
        matches = await find_matches(tx, viewer, wishes)
        ranked = matches.title_ids
        if not matches.lacks:
            taste = await taste_of(tx, viewer, runtime.settings.signal_weights)
            ranked = await _best_first(tx, viewer, taste, wishes, ranked)
        title_id = draw(ranked, random.Random())
        [card] = await cards_for(tx, viewer, [title_id])
        episode = card.progress.episode if card.progress else await first_episode(tx, title_id)
    async with runtime.database.write() as wtx:
        await remember(wtx, viewer, title_id)
    return MoodAnswer.model_construct(
        card=card,
        reason=ReasonOut(code="top_pick", text="A top pick for you", strength=1.0),
        episode=episode,
        recommendation_id=uuid4(),
        variant=variant_of(viewer.profile),
        relaxed=matches.lacks,
    )


async def _require_language(runtime: Runtime, viewer: Viewer, wish: MoodWish) -> None:
    if wish.language is None:
        return
    known = await list_languages(runtime, viewer)
    if known and wish.language not in known:
        raise InvalidValue("language", allowed=known)


async def _wishes(tx: ReadTx, viewer: Viewer, wish: MoodWish) -> Wishes:
    mine = {"user_id": viewer.household, "profile_id": viewer.profile}
    answered = await tx.all(_ANSWERED, **mine, most=REMEMBERED)
    given = wish.model_dump(include={"mood", "duration_max", "language"}, exclude_none=True)
    names = [name for name in CONDITIONS if name in EVERYBODY_S or name in given]
    return Wishes(names, given | {"answered": [row["title_id"] for row in answered]})


async def find_matches(tx: ReadTx, viewer: Viewer, wishes: Wishes) -> Matches:
    """What suits the wishes, or is the nearest to them.

    Raises:
        NoMatch: the viewer may see nothing at all.
    """
    for given_up in dict.fromkeys(rung & set(wishes.names) for rung in LADDER):
        if rows := await _rows(tx, viewer, wishes, given_up):
            return _nearest(rows)
    raise NoMatch()


async def _rows(
    tx: ReadTx, viewer: Viewer, wishes: Wishes, given_up: Collection[Wish]
) -> list[Row]:
    """Titles that fulfil all wishes but those given up, nearest and most popular first."""
    lacking = [f"CASE WHEN NOT {CONDITIONS[name]} THEN '{name}' END" for name in sorted(given_up)]
    lacks = f"array_remove(ARRAY[{', '.join(lacking)}]::text[], NULL)"
    overrun = "t.runtime_minutes - :duration_max::int" if "duration_max" in given_up else "0"
    return await tx.all(
        f"""
        SELECT t.id, {lacks} AS lacks
        FROM titles t
        LEFT JOIN title_trends r
            ON r.title_id = t.id AND r.territory = '{EVERYWHERE}' AND r.audience = :audience
        WHERE {VISIBLE} AND {NOT_UNWANTED} AND {wishes.sql(given_up)}
        ORDER BY cardinality({lacks}), greatest(0, {overrun}),
                 array_position(:answered::uuid[], t.id) DESC NULLS FIRST,
                 r.prior DESC NULLS LAST, t.id
        LIMIT {LOOKED_AT}
        """,
        audience=viewer.kind,
        **wishes.params,
        **visibility_of(viewer),
    )


async def _best_first(
    tx: ReadTx, viewer: Viewer, taste: Taste, wishes: Wishes, title_ids: Sequence[UUID]
) -> list[UUID]:
    """What suits the profile's taste, then the others as they come."""
    found = await candidates(tx, viewer, taste, where=wishes.sql(), limit=BEST, **wishes.params)
    return list(dict.fromkeys([*(one.title_id for one in found), *title_ids]))


def _nearest(rows: Sequence[Row]) -> Matches:
    """Those that lack what the nearest one lacks.

    Of those that are too long the shortest few, of those that were answered the oldest answer.
    """
    lacks: list[Wish] = rows[0]["lacks"]
    ids = [row["id"] for row in rows if row["lacks"] == lacks]
    if "fresh" in lacks:
        return Matches(ids[:1], lacks)
    return Matches(ids[:3] if "duration_max" in lacks else ids, lacks)


def draw(ranked: Sequence[UUID], rng: random.Random) -> UUID:
    """One of the best, the better ones more often."""
    best = ranked[:BEST]
    [drawn] = rng.choices(best, weights=[1 / (place + 1) for place in range(len(best))])
    return drawn


async def remember(tx: WriteTx, viewer: Viewer, title_id: UUID) -> None:
    """Keep an answer, so that it is not given again soon."""
    mine = {"user_id": viewer.household, "profile_id": viewer.profile}
    await tx.execute(_REMEMBER, **mine, title_id=title_id)
    await tx.execute(_FORGET, **mine, most=KEPT)
