"""What may be done with the profiles of a household, and its writing."""

from typing import Any
from uuid import UUID

from matinee.accounts.viewer import Viewer, profile_tag, user_tag
from matinee.core.database import ReadTx, Row, WriteTx
from matinee.core.errors import (
    Conflict,
    NotFound,
    VersionConflict,
)
from matinee.entitlements.packages.limits import profile_limit
from matinee.profiles.gallery import avatar_url, choose_avatar, is_suitable
from matinee.profiles.proof import require_household_proof
from matinee.profiles.schemas import (
    CreateProfile,
    ProfileOut,
    Profiles,
    UpdateProfile,
)
from matinee.runtime import Runtime

KIDS_MATURITY = 9
OPEN_MATURITY = 21
PLAIN_FIELDS = (
    "name",
    "allow_list_only",
    "blocked_tags",
    "ui_language",
    "audio_languages",
    "subtitle_languages",
    "preferred_language",
    "autoplay",
    "time_zone",
)
CLEARABLE = ("preferred_language", "share_taste")
"""Fields that null empties; elsewhere it leaves what is there."""

_COLUMNS = """
    id, name, avatar_id, kind, max_maturity, allow_list_only, block_unrated, blocked_tags,
    ui_language, audio_languages, subtitle_languages, preferred_language, autoplay, time_zone,
    pin_hash IS NOT NULL AS has_pin,
    CASE WHEN pin_locked_until > clock_timestamp() THEN pin_locked_until END AS pin_locked_until,
    share_taste, taste_reset_at,
    version, created_at, clock_timestamp() AS server_time
"""
_ALL = f"SELECT {_COLUMNS} FROM profiles WHERE user_id = :user_id ORDER BY created_at, id"
_ONE = f"SELECT {_COLUMNS} FROM profiles WHERE user_id = :user_id AND id = :profile_id"
_LOCK_USER = "SELECT user_id FROM users WHERE user_id = :user_id FOR UPDATE"
_LOCK = """
    SELECT id FROM profiles WHERE user_id = :user_id AND id = :profile_id FOR NO KEY UPDATE
"""
_INSERT = f"""
    INSERT INTO profiles
        (user_id, name, avatar_id, kind, max_maturity, allow_list_only, block_unrated, blocked_tags,
         ui_language, audio_languages, subtitle_languages, preferred_language, autoplay, time_zone,
         pin_hash)
    VALUES
        (:user_id, :name, :avatar_id, :kind, :max_maturity, :allow_list_only, :block_unrated,
         :blocked_tags, :ui_language, :audio_languages, :subtitle_languages, :preferred_language,
         :autoplay, :time_zone, :pin_hash)
    RETURNING {_COLUMNS}
"""
_UPDATE = f"""
    UPDATE profiles
    SET name = :name, avatar_id = :avatar_id, kind = :kind, max_maturity = :max_maturity,
        allow_list_only = :allow_list_only, block_unrated = :block_unrated,
        blocked_tags = :blocked_tags, ui_language = :ui_language,
        audio_languages = :audio_languages, subtitle_languages = :subtitle_languages,
        preferred_language = :preferred_language, autoplay = :autoplay, time_zone = :time_zone,
        share_taste = :share_taste, version = version + 1, updated_at = clock_timestamp()
    WHERE user_id = :user_id AND id = :profile_id AND version = :version
    RETURNING {_COLUMNS}
"""
_DELETE = "DELETE FROM profiles WHERE user_id = :user_id AND id = :profile_id"
# A child's tablet must not find itself among the profiles of the grown-ups.
_END_OTHERS = """
    UPDATE auth_sessions SET revoked_at = clock_timestamp(), revoke_reason = 'profile_deleted'
    WHERE user_id = :user_id AND profile_id = :profile_id AND revoked_at IS NULL
      AND id <> :session_id
"""
_SET_PIN = """
    UPDATE profiles
    SET pin_hash = :pin_hash, pin_failures = 0, pin_failed_at = NULL, pin_locked_until = NULL,
        version = version + 1, updated_at = clock_timestamp()
    WHERE user_id = :user_id AND id = :profile_id
"""


class ProfileLimitReached(Conflict):
    """There are as many profiles as the household may have."""


async def list_profiles(tx: ReadTx, viewer: Viewer, default_limit: int) -> Profiles:
    """All profiles of the household, oldest first; its packages may allow it others than usual."""
    rows = await tx.all(_ALL, user_id=viewer.household)
    limit = await profile_limit(tx, viewer.household, default_limit)
    return Profiles(items=[_out(row) for row in rows], limit=limit)


async def get_profile(tx: ReadTx, viewer: Viewer, profile_id: UUID) -> ProfileOut:
    """One profile of the viewer's own household.

    Raises:
        NotFound: there is none of that id there.
    """
    return _out(await load(tx, viewer, profile_id))


async def load(tx: ReadTx, viewer: Viewer, profile_id: UUID) -> Row:
    """The row of a profile of the viewer's own household; the only way to reach one (C5).

    Raises:
        NotFound: there is none of that id there.
    """
    row = await tx.one(_ONE, user_id=viewer.household, profile_id=profile_id)
    if row is None:
        raise NotFound()
    return row


async def hold(tx: WriteTx, viewer: Viewer, profile_id: UUID) -> None:
    """Let nobody else change the profile until the transaction ends.

    Raises:
        NotFound: the household has none of that id.
    """
    if await tx.scalar(_LOCK, user_id=viewer.household, profile_id=profile_id) is None:
        raise NotFound()


def _out(row: Row) -> ProfileOut:
    return ProfileOut(**row, avatar_url=avatar_url(row["avatar_id"]))


async def create_profile(runtime: Runtime, viewer: Viewer, wish: CreateProfile) -> ProfileOut:
    """Add a person; a household with a PIN asks for a proof.

    Raises:
        ProfileLimitReached: P-04, also when two requests race.
        PinRequired: the proof is missing or wrong.
        InvalidValue: unknown avatar.
    """
    await require_household_proof(runtime, viewer, wish.proof)
    pin_hash = await runtime.passwords.hash(wish.pin) if wish.pin else None
    kids = wish.kind == "kids"
    async with runtime.database.write() as tx:
        await tx.execute(_LOCK_USER, user_id=viewer.household)
        others = await tx.all(_ALL, user_id=viewer.household)
        limit = await profile_limit(tx, viewer.household, runtime.settings.max_profiles)
        if len(others) >= limit:
            raise ProfileLimitReached(limit=limit)
        taken = {row["avatar_id"] for row in others}
        row = await tx.one(
            _INSERT,
            user_id=viewer.household,
            avatar_id=choose_avatar(wish.avatar_id, kids=kids, taken=taken),
            kind=wish.kind,
            max_maturity=_or(wish.max_maturity, KIDS_MATURITY if kids else OPEN_MATURITY),
            block_unrated=_or(wish.block_unrated, kids),
            pin_hash=pin_hash,
            **{name: getattr(wish, name) for name in PLAIN_FIELDS},
        )
        tx.invalidate(user_tag(viewer.user_id))
    assert row is not None
    return _out(row)


def _or(value: Any, default: Any) -> Any:
    return default if value is None else value


async def update_profile(
    runtime: Runtime, viewer: Viewer, profile_id: UUID, wish: UpdateProfile, version: int | None
) -> ProfileOut:
    """Change what was given; loosening a restriction needs a proof where the household has a PIN.

    A kids profile needs the proof for any change where there is a PIN, and for loosening always.

    Raises:
        PinRequired: the proof is missing or wrong.
        InvalidValue: unknown avatar, or one that is not for children.
        VersionConflict: somebody changed the profile since it was read.
    """
    async with runtime.database.read() as tx:
        before = await load(tx, viewer, profile_id)
    if version not in (None, before["version"]):
        raise VersionConflict()
    after = _merged(before, wish)
    loosens = _loosens(before, after)
    if viewer.is_kids or loosens:
        always = viewer.is_kids and loosens
        await require_household_proof(runtime, viewer, wish.proof, always=always)
    async with runtime.database.write() as wtx:
        row = await wtx.one(
            _UPDATE,
            user_id=viewer.household,
            profile_id=profile_id,
            version=before["version"],
            **after,
        )
        wtx.invalidate(user_tag(viewer.user_id), profile_tag(profile_id))
    if row is None:
        raise VersionConflict()
    return _out(row)


def _merged(before: Row, wish: UpdateProfile) -> dict[str, Any]:
    given = {
        name: getattr(wish, name)
        for name in wish.model_fields_set
        if name != "proof" and (getattr(wish, name) is not None or name in CLEARABLE)
    }
    kids = given.get("kind", before["kind"]) == "kids"
    if kids and before["kind"] != "kids":
        ceiling = min(before["max_maturity"], KIDS_MATURITY)
        given = {"max_maturity": ceiling, "block_unrated": True} | given
    names = (*PLAIN_FIELDS, "avatar_id", "kind", "max_maturity", "block_unrated", "share_taste")
    after = {name: given.get(name, before[name]) for name in names}
    if "avatar_id" in given or not is_suitable(before["avatar_id"], kids=kids):
        after["avatar_id"] = choose_avatar(given.get("avatar_id"), kids=kids, taken=set())
    return after


def _loosens(before: Row, after: dict[str, Any]) -> bool:
    """Whether somebody could see more after the change, or see more of the profile."""
    return (
        after["max_maturity"] > before["max_maturity"]
        or (before["kind"] == "kids" and after["kind"] != "kids")
        or (before["allow_list_only"] and not after["allow_list_only"])
        or (before["block_unrated"] and not after["block_unrated"])
        or bool(set(before["blocked_tags"]) - set(after["blocked_tags"]))
        or (before["has_pin"] and bool(after["share_taste"]) and not before["share_taste"])
    )


async def delete_profile(
    runtime: Runtime, viewer: Viewer, profile_id: UUID, proof: str | None
) -> None:
    """Remove a person and all that belongs to it; the last profile stays.

    Devices that watched with it are refused until they choose another; those of a child are signed
    out.

    Raises:
        NotFound: the household has none of that id.
        Conflict: it is the only one.
        PinRequired: the proof is missing or wrong.
    """
    await require_household_proof(runtime, viewer, proof, always=viewer.is_kids)
    async with runtime.database.write() as tx:
        await tx.execute(_LOCK_USER, user_id=viewer.household)
        profiles = await tx.all(_ALL, user_id=viewer.household)
        kinds = {row["id"]: row["kind"] for row in profiles}
        if profile_id not in kinds:
            raise NotFound()
        if len(profiles) == 1:
            raise Conflict("profile_id", message="The last profile cannot be deleted.")
        mine = {"user_id": viewer.household, "profile_id": profile_id}
        await tx.execute(_DELETE, **mine)
        if kinds[profile_id] == "kids":
            await tx.execute(_END_OTHERS, **mine, session_id=viewer.session_id)
        tx.invalidate(user_tag(viewer.user_id), profile_tag(profile_id))


async def set_pin(tx: WriteTx, viewer: Viewer, profile_id: UUID, pin_hash: str | None) -> None:
    """Store a PIN's hash, or none; the caller has checked the proof.

    Raises:
        NotFound: the household has no such profile.
    """
    if not await tx.execute(
        _SET_PIN, user_id=viewer.household, profile_id=profile_id, pin_hash=pin_hash
    ):
        raise NotFound()
    tx.invalidate(user_tag(viewer.user_id), profile_tag(profile_id))
