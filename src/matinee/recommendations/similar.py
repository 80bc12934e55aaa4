"""What goes with a title: learned from who watches what, else from what it is about."""

from uuid import UUID

from matinee.accounts.viewer import Viewer
from matinee.catalog.genres import known_genres
from matinee.catalog.vectors import nearest
from matinee.core.database import ReadTx, Row
from matinee.core.errors import NotFound
from matinee.entitlements.visibility import VISIBLE, visibility_of
from matinee.recommendations.dressing import Wardrobe, cards_of, dress
from matinee.recommendations.pages import page_of
from matinee.recommendations.picks import Draft, Pick, Reason
from matinee.recommendations.rails.because import read_alike
from matinee.recommendations.schemas import Rail
from matinee.recommendations.scoring import candidates
from matinee.recommendations.statements import OFFERED
from matinee.runtime import Runtime
from matinee.viewing.taste import Taste

DEPTH = 100
"""A list goes no further."""
LEAST = 20
"""With fewer learned titles those that are about the same help out, then those of its genres."""

_TITLE = f"SELECT t.id, t.number, t.genres FROM titles t WHERE t.id = :title_id AND {VISIBLE}"
_EMBEDDING = """
    SELECT embedding::float4[] AS vector, model FROM content_embeddings
    WHERE title_id = :title_id AND purpose = 'search'
"""
_ANOTHER = f"t.id <> :title_id AND {OFFERED}"
_OF_ITS_GENRES = "t.genres && :genres::text[] AND t.id <> :title_id"


async def similar_page(
    runtime: Runtime, viewer: Viewer, title_id: UUID, *, cursor: str | None, page_size: int
) -> Rail:
    """One page of what is similar to a title.

    Raises:
        NotFound: the viewer may not see the title.
        BadCursor: the cursor is none of ours.
    """
    async with runtime.database.read() as tx:
        draft = await similar(tx, viewer, title_id)
        page, next_cursor = page_of(draft, cursor, page_size)
        cards = await cards_of(tx, viewer, [page])
    wardrobe = Wardrobe(viewer, cards, await known_genres(runtime))
    return dress(page, wardrobe, next_cursor=next_cursor)


async def similar(tx: ReadTx, viewer: Viewer, title_id: UUID) -> Draft:
    """What is similar to a title, best first, never the title itself.

    Raises:
        NotFound: the viewer may not see the title.
    """
    title = await tx.one(_TITLE, title_id=title_id, **visibility_of(viewer))
    if title is None:
        raise NotFound()
    picks = {pick.title_id: pick for pick in await _learned(tx, viewer, title)}
    for find in (_about_the_same, _of_its_genres):
        if len(picks) < LEAST:
            for pick in await find(tx, viewer, title):
                picks.setdefault(pick.title_id, pick)
    return Draft(f"similar:{title_id}", tuple(picks.values())[:DEPTH], title_id=title_id)


async def _learned(tx: ReadTx, viewer: Viewer, title: Row) -> list[Pick]:
    found = (await read_alike(tx, viewer, [title["number"]], DEPTH))[title["number"]]
    best = max((one.value for one in found), default=1.0)
    return [
        Pick(one.title_id, one.value, Reason("similar", title["id"], one.value / best), one.genres)
        for one in found
        if one.title_id != title["id"]
    ]


async def _about_the_same(tx: ReadTx, viewer: Viewer, title: Row) -> list[Pick]:
    embedding = await tx.one(_EMBEDDING, title_id=title["id"])
    if embedding is None:
        return []
    near = await nearest(
        tx,
        embedding["vector"],
        _ANOTHER,
        LEAST,
        model=embedding["model"],
        title_id=title["id"],
        **visibility_of(viewer),
    )
    return [
        Pick(one.title_id, 0.0, Reason("similar", title["id"], max(0.0, 1 - one.distance)))
        for one in near
    ]


async def _of_its_genres(tx: ReadTx, viewer: Viewer, title: Row) -> list[Pick]:
    """The most watched titles of its genres."""
    genres = list(title["genres"])
    if not genres:
        return []
    found = await candidates(
        tx,
        viewer,
        Taste(),
        where=_OF_ITS_GENRES,
        limit=LEAST,
        genres=genres,
        title_id=title["id"],
    )
    return [
        Pick(one.title_id, 0.0, Reason("more_genre", genre=genres[0]), one.genres) for one in found
    ]
