"""What to offer when something ends (R-04): the next episode, the next part, then what is alike."""

from uuid import UUID, uuid4

from matinee.accounts.viewer import Viewer
from matinee.catalog.genres import known_genres
from matinee.core.database import ReadTx, Row
from matinee.core.errors import NotFound
from matinee.core.text import like_pattern
from matinee.entitlements.visibility import VISIBLE, visibility_of
from matinee.recommendations.dressing import Wardrobe, cards_of, dress_picks
from matinee.recommendations.franchises import franchise_of
from matinee.recommendations.picks import Draft, Pick, Reason
from matinee.recommendations.schemas import PostPlay
from matinee.recommendations.similar import similar
from matinee.recommendations.statements import OFFERED
from matinee.recommendations.variants import variant_of
from matinee.runtime import Runtime
from matinee.viewing.progress.next_episode import next_episode

SHOWN = 12
PARTS = 3

_ENDED = f"""
    SELECT t.id, t.name, t.year, t.external_ids
    FROM titles t WHERE t.id = :title_id AND {VISIBLE}
"""
# The index of trigrams finds names that begin alike; which of them are parts is decided in Python.
_PARTS = f"""
    SELECT t.id, t.name, t.external_ids, t.genres FROM titles t
    WHERE (t.folded_name LIKE :stem || '%' OR t.external_ids ->> 'collection' = :collection)
      AND t.id <> :title_id AND {OFFERED}
      AND (t.year, t.sort_name) > (:year::int, (SELECT sort_name FROM titles WHERE id = :title_id))
    ORDER BY t.year, t.sort_name, t.id LIMIT 50
"""


async def post_play(
    runtime: Runtime, viewer: Viewer, title_id: UUID, episode_id: UUID | None
) -> PostPlay:
    """What follows a title, or an episode of it.

    Raises:
        NotFound: the viewer may not see the title, or it has no such episode.
    """
    async with runtime.database.read() as tx:
        following = await next_episode(tx, viewer, title_id, episode_id)
        draft = await _others(tx, viewer, title_id)
        cards = await cards_of(tx, viewer, [draft])
    wardrobe = Wardrobe(viewer, cards, await known_genres(runtime))
    return PostPlay.model_construct(
        kind=following.kind,
        episode=following.episode,
        resume_seconds=following.resume_seconds,
        next_airs_at=following.next_airs_at,
        recommendation_id=uuid4(),
        variant=variant_of(viewer.profile),
        items=dress_picks(draft.picks, wardrobe),
    )


async def _others(tx: ReadTx, viewer: Viewer, title_id: UUID) -> Draft:
    """Later parts of the franchise, then what is similar."""
    ended = await tx.one(_ENDED, title_id=title_id, **visibility_of(viewer))
    if ended is None:
        raise NotFound()
    picks = {pick.title_id: pick for pick in await _parts(tx, viewer, ended)}
    for pick in (await similar(tx, viewer, title_id)).picks:
        picks.setdefault(pick.title_id, pick)
    return Draft("post-play", tuple(picks.values())[:SHOWN], title_id=title_id)


async def _parts(tx: ReadTx, viewer: Viewer, ended: Row) -> list[Pick]:
    """The next titles of the same franchise, in order of their years."""
    franchise = franchise_of(ended["name"], ended["external_ids"])
    collection = ended["external_ids"].get("collection")
    rows = await tx.all(
        _PARTS,
        stem=like_pattern(franchise),
        collection=collection,
        title_id=ended["id"],
        year=ended["year"] or 0,
        **visibility_of(viewer),
    )
    reason = Reason("next_after", ended["id"], 1.0)
    return [
        Pick(row["id"], 0.0, reason, tuple(row["genres"]))
        for row in rows
        if franchise_of(row["name"], row["external_ids"]) == franchise
    ][:PARTS]
