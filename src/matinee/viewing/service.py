"""What a profile may say about titles, and the writing of it."""

from typing import Any
from uuid import UUID

from matinee.accounts.viewer import Viewer, deleted_profile, profile_tag
from matinee.core.database import ReadTx, WriteTx
from matinee.core.errors import Conflict, NotFound
from matinee.entitlements.visibility import VISIBLE, visibility_of
from matinee.viewing.taste import lock_profiles, refresh_signals

_VISIBLE = f"SELECT true FROM titles t WHERE t.id = :title_id AND {VISIBLE}"
_LIST = """
    INSERT INTO watchlist (user_id, profile_id, title_id)
    SELECT :user_id::uuid, :profile_id::uuid, :title_id::uuid
    WHERE :most > (
        SELECT count(*) FROM watchlist
        WHERE user_id = :user_id AND profile_id = :profile_id AND title_id <> :title_id
    )
    ON CONFLICT (user_id, profile_id, title_id) DO UPDATE SET added_at = watchlist.added_at
"""
_UNLIST = """
    DELETE FROM watchlist
    WHERE user_id = :user_id AND profile_id = :profile_id AND title_id = :title_id
"""
_RATE = """
    INSERT INTO ratings (user_id, profile_id, title_id, value)
    VALUES (:user_id, :profile_id, :title_id, :value)
    ON CONFLICT (user_id, profile_id, title_id) DO UPDATE
    SET value = excluded.value, rated_at = excluded.rated_at
"""
_UNRATE = """
    DELETE FROM ratings
    WHERE user_id = :user_id AND profile_id = :profile_id AND title_id = :title_id
"""
_SUPPRESS = """
    INSERT INTO profile_suppressions (user_id, profile_id, title_id)
    VALUES (:user_id, :profile_id, :title_id)
    ON CONFLICT DO NOTHING
"""
_UNSUPPRESS = """
    DELETE FROM profile_suppressions
    WHERE user_id = :user_id AND profile_id = :profile_id AND title_id = :title_id
"""
_IGNORE = """
    INSERT INTO profile_signals (user_id, profile_id, title_id, kind, at)
    VALUES (:user_id, :profile_id, :title_id, 'ignored', clock_timestamp())
    ON CONFLICT (user_id, profile_id, title_id) DO UPDATE SET kind = 'ignored'
"""
_HEED = """
    DELETE FROM profile_signals
    WHERE user_id = :user_id AND profile_id = :profile_id AND title_id = :title_id
      AND kind = 'ignored'
"""
_RESET = """
    UPDATE profiles SET taste_reset_at = clock_timestamp()
    WHERE user_id = :user_id AND id = :profile_id
"""
_FORGET = """
    DELETE FROM profile_signals
    WHERE user_id = :user_id AND profile_id = :profile_id AND kind <> 'ignored'
"""


class WatchlistFull(Conflict):
    """My List is full; take something off it first."""


async def list_title(tx: WriteTx, viewer: Viewer, title_id: UUID, most: int) -> None:
    """Put a title on "My List"; one that is there already keeps its place.

    Raises:
        NotFound: the viewer may not see the title.
        WatchlistFull: there are `most` others on it, also when two requests race.
    """
    await hold_profile(tx, viewer)
    await _require_visible(tx, viewer, title_id)
    if not await tx.execute(_LIST, most=most, **_own(viewer, title_id)):
        raise WatchlistFull(limit=most)
    await _refresh(tx, viewer, title_id)


async def unlist_title(tx: WriteTx, viewer: Viewer, title_id: UUID) -> None:
    """Take a title off "My List", whether it is there or not."""
    await hold_profile(tx, viewer)
    await tx.execute(_UNLIST, **_own(viewer, title_id))
    await _refresh(tx, viewer, title_id)


async def rate_title(tx: WriteTx, viewer: Viewer, title_id: UUID, value: int) -> None:
    """Remember the profile's opinion of a title; the latest one counts.

    Raises:
        NotFound: the viewer may not see the title.
    """
    await hold_profile(tx, viewer)
    await _require_visible(tx, viewer, title_id)
    await tx.execute(_RATE, value=value, **_own(viewer, title_id))
    await _refresh(tx, viewer, title_id)


async def unrate_title(tx: WriteTx, viewer: Viewer, title_id: UUID) -> None:
    """Forget the profile's opinion of a title."""
    await hold_profile(tx, viewer)
    await tx.execute(_UNRATE, **_own(viewer, title_id))
    await _refresh(tx, viewer, title_id)


async def suppress_title(tx: WriteTx, viewer: Viewer, title_id: UUID) -> None:
    """Never offer a title to the profile again (R-09); nothing is concluded for its taste.

    Raises:
        NotFound: the viewer may not see the title.
    """
    await hold_profile(tx, viewer)
    await _require_visible(tx, viewer, title_id)
    await tx.execute(_SUPPRESS, **_own(viewer, title_id))
    tx.invalidate(profile_tag(viewer.profile_id))


async def unsuppress_title(tx: WriteTx, viewer: Viewer, title_id: UUID) -> None:
    """Offer a title again."""
    await hold_profile(tx, viewer)
    await tx.execute(_UNSUPPRESS, **_own(viewer, title_id))
    tx.invalidate(profile_tag(viewer.profile_id))


async def ignore_title(tx: WriteTx, viewer: Viewer, title_id: UUID) -> None:
    """Conclude nothing from what the profile does with a title, now and later.

    Raises:
        NotFound: the viewer may not see the title.
    """
    await hold_profile(tx, viewer)
    await _require_visible(tx, viewer, title_id)
    await tx.execute(_IGNORE, **_own(viewer, title_id))
    tx.invalidate(profile_tag(viewer.profile_id))


async def heed_title(tx: WriteTx, viewer: Viewer, title_id: UUID) -> None:
    """Conclude from what the profile does with a title again, also from what it did."""
    await hold_profile(tx, viewer)
    await tx.execute(_HEED, **_own(viewer, title_id))
    await _refresh(tx, viewer, title_id)


async def reset_taste(tx: WriteTx, viewer: Viewer) -> None:
    """Begin anew with what the profile likes: what it did until now says nothing any more.

    Lists, ratings and history stay, as do stated preferences and titles that are ignored; what
    got a thumbs-down is still not offered.
    """
    await hold_profile(tx, viewer)
    mine = {"user_id": viewer.household, "profile_id": viewer.profile}
    await tx.execute(_RESET, **mine)
    await tx.execute(_FORGET, **mine)
    tx.invalidate(profile_tag(viewer.profile_id))


async def hold_profile(tx: WriteTx, viewer: Viewer) -> None:
    """Come before everybody else who writes about the profile; so no two wait for each other.

    Raises:
        NotAuthenticated: the profile was deleted a moment ago.
    """
    if not await lock_profiles(tx, [(viewer.household, viewer.profile)]):
        raise deleted_profile()


async def _require_visible(tx: ReadTx, viewer: Viewer, title_id: UUID) -> None:
    if not await tx.scalar(_VISIBLE, title_id=title_id, **visibility_of(viewer)):
        raise NotFound()


async def _refresh(tx: WriteTx, viewer: Viewer, title_id: UUID) -> None:
    await refresh_signals(tx, [(viewer.household, viewer.profile, title_id)])


def _own(viewer: Viewer, title_id: UUID) -> dict[str, Any]:
    """The key of the profile's row about a title."""
    return {"user_id": viewer.household, "profile_id": viewer.profile, "title_id": title_id}
