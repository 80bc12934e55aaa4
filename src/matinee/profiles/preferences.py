"""What a profile likes and dislikes (P-01), and the allow-list of a kids profile."""

from uuid import UUID

from matinee.accounts.viewer import Viewer, profile_tag, user_tag
from matinee.catalog.vocabulary import MOODS, THEMES
from matinee.core.database import ReadTx, WriteTx
from matinee.core.errors import Forbidden, InvalidValue
from matinee.entitlements.visibility import VISIBLE, visibility_of
from matinee.profiles.proof import require_household_proof
from matinee.profiles.schemas import AllowedTitles, Preferences
from matinee.profiles.service import hold, load
from matinee.runtime import Runtime

_PREFERENCES = """
    SELECT kind, label, liked FROM profile_preferences
    WHERE user_id = :user_id AND profile_id = :profile_id ORDER BY kind, label
"""
_CLEAR_PREFERENCES = """
    DELETE FROM profile_preferences WHERE user_id = :user_id AND profile_id = :profile_id
"""
_ADD_PREFERENCES = """
    INSERT INTO profile_preferences (user_id, profile_id, kind, label, liked)
    SELECT :user_id, :profile_id, kind, label, liked
    FROM unnest(:kinds::text[], :labels::text[], :likes::bool[]) AS new(kind, label, liked)
"""
_GENRES = "SELECT slug FROM genres ORDER BY slug"
_ALLOWED = f"""
    SELECT listed.title_id
    FROM profile_allowed_titles listed JOIN titles t ON t.id = listed.title_id
    WHERE listed.user_id = :user_id AND listed.profile_id = :listed_for AND {VISIBLE}
    ORDER BY listed.added_at, listed.title_id
"""
_VISIBLE_AMONG = f"""
    SELECT t.id FROM titles t WHERE t.id = ANY (:title_ids::uuid[]) AND {VISIBLE}
"""
_DISALLOW_OTHERS = """
    DELETE FROM profile_allowed_titles
    WHERE user_id = :user_id AND profile_id = :profile_id AND title_id <> ALL (:title_ids::uuid[])
"""
_ALLOW = """
    INSERT INTO profile_allowed_titles (user_id, profile_id, title_id)
    SELECT :user_id, :profile_id, unnest(:title_ids::uuid[])
    ON CONFLICT DO NOTHING
"""


async def get_preferences(tx: ReadTx, viewer: Viewer, profile_id: UUID) -> Preferences:
    """What the profile likes and dislikes."""
    await load(tx, viewer, profile_id)
    lists: dict[str, list[str]] = {name: [] for name in Preferences.model_fields}
    for row in await tx.all(_PREFERENCES, user_id=viewer.household, profile_id=profile_id):
        lists[f"{'liked' if row['liked'] else 'disliked'}_{row['kind']}s"].append(row["label"])
    return Preferences(**lists)


async def put_preferences(
    tx: WriteTx, viewer: Viewer, profile_id: UUID, wish: Preferences
) -> Preferences:
    """Replace what the profile likes and dislikes.

    Raises:
        InvalidValue: an unknown label, or one both liked and disliked.
    """
    await hold(tx, viewer, profile_id)
    chosen = await _checked_preferences(tx, wish)
    await tx.execute(_CLEAR_PREFERENCES, user_id=viewer.household, profile_id=profile_id)
    await tx.execute(
        _ADD_PREFERENCES,
        user_id=viewer.household,
        profile_id=profile_id,
        kinds=[kind for kind, _ in chosen],
        labels=[label for _, label in chosen],
        likes=list(chosen.values()),
    )
    tx.invalidate(profile_tag(profile_id))
    return await get_preferences(tx, viewer, profile_id)


async def _checked_preferences(tx: ReadTx, wish: Preferences) -> dict[tuple[str, str], bool]:
    genres = {row["slug"] for row in await tx.all(_GENRES)}
    vocabularies = {"genre": genres, "mood": MOODS.keys(), "theme": THEMES.keys()}
    chosen: dict[tuple[str, str], bool] = {}
    for kind, vocabulary in vocabularies.items():
        for liked in (True, False):
            field = f"{'liked' if liked else 'disliked'}_{kind}s"
            for label in getattr(wish, field):
                if label not in vocabulary:
                    raise InvalidValue(field, allowed=sorted(vocabulary))
                if chosen.setdefault((kind, label), liked) is not liked:
                    raise InvalidValue(field, message="Liked and disliked at once.")
    return chosen


async def get_allowed_titles(tx: ReadTx, viewer: Viewer, profile_id: UUID) -> AllowedTitles:
    """The allow-list of a profile, as far as the viewer may see its titles (C1)."""
    await load(tx, viewer, profile_id)
    rows = await tx.all(_ALLOWED, listed_for=profile_id, **visibility_of(viewer))
    return AllowedTitles(title_ids=[row["title_id"] for row in rows])


async def put_allowed_titles(
    runtime: Runtime, viewer: Viewer, profile_id: UUID, wish: AllowedTitles, proof: str | None
) -> AllowedTitles:
    """Replace the allow-list of a profile; a kids profile may not do that for itself.

    Raises:
        Forbidden: a kids profile asks.
        InvalidValue: a title that does not exist, or that the viewer may not see.
        PinRequired: the proof is missing or wrong.
    """
    if viewer.is_kids:
        raise Forbidden()
    await require_household_proof(runtime, viewer, proof)
    async with runtime.database.write() as tx:
        await hold(tx, viewer, profile_id)
        await _refuse_unknown_titles(tx, viewer, wish.title_ids)
        mine = {"user_id": viewer.household, "profile_id": profile_id, "title_ids": wish.title_ids}
        await tx.execute(_DISALLOW_OTHERS, **mine)
        await tx.execute(_ALLOW, **mine)
        tx.invalidate(user_tag(viewer.user_id), profile_tag(profile_id))
        return await get_allowed_titles(tx, viewer, profile_id)


async def _refuse_unknown_titles(tx: ReadTx, viewer: Viewer, title_ids: list[UUID]) -> None:
    visible = await tx.all(_VISIBLE_AMONG, title_ids=title_ids, **visibility_of(viewer))
    if unknown := set(title_ids) - {row["id"] for row in visible}:
        raise InvalidValue("title_ids", unknown=sorted(map(str, unknown))[:20])
