"""The endpoints of profiles: the people of a household, their PINs, preferences and avatars."""

from typing import Annotated

from fastapi import Depends, Header, Query
from starlette.responses import Response

from matinee.accounts.purchase_pin import PinRequired
from matinee.accounts.schemas import SignedIn
from matinee.accounts.viewer import CHANGING, SIGNED_IN, CurrentUser, FreshUser, Householder
from matinee.core.caching import revalidated
from matinee.core.errors import (
    Conflict,
    Forbidden,
    InvalidValue,
    NotFound,
    VersionConflict,
    problems,
)
from matinee.core.routing import api_router
from matinee.core.schema import IfMatch, PathId, version_of
from matinee.profiles import access, preferences, service
from matinee.profiles.gallery import drawing, gallery
from matinee.profiles.pins import PinLocked
from matinee.profiles.schemas import (
    AllowedTitles,
    Avatars,
    CreateProfile,
    Preferences,
    ProfileOut,
    Profiles,
    RemovePin,
    SelectProfile,
    SetPin,
    UpdateProfile,
)
from matinee.profiles.service import ProfileLimitReached
from matinee.profiles.viewing_limits import (
    SetViewingLimits,
    ViewingLimits,
    get_viewing_limits,
    put_viewing_limits,
)
from matinee.runtime import Read, RuntimeDep, Write

router = api_router("", tag="profiles")

CHANGES = (*CHANGING, NotFound)

Proof = Annotated[
    str | None,
    Header(
        alias="X-Household-Proof",
        max_length=256,
        description="Account password or a grown-up's PIN, where the household has any PIN.",
    ),
]


@router.get("/profiles", summary="Who's watching", responses=problems(*SIGNED_IN))
async def list_profiles(viewer: CurrentUser, runtime: RuntimeDep, tx: Read) -> Profiles:
    """All profiles of the household, oldest first."""
    return await service.list_profiles(tx, viewer, runtime.settings.max_profiles)


@router.post(
    "/profiles",
    summary="Add a profile",
    status_code=201,
    responses=problems(*CHANGING, ProfileLimitReached, PinRequired, InvalidValue),
)
async def create_profile(viewer: FreshUser, runtime: RuntimeDep, wish: CreateProfile) -> ProfileOut:
    """Up to five (P-04); a household with a PIN asks for a proof."""
    return await service.create_profile(runtime, viewer, wish)


@router.get("/profiles/{profile_id}", summary="A profile", responses=problems(*SIGNED_IN, NotFound))
async def get_profile(viewer: CurrentUser, tx: Read, profile_id: PathId) -> ProfileOut:
    """One profile of your own household."""
    return await service.get_profile(tx, viewer, profile_id)


@router.patch(
    "/profiles/{profile_id}",
    summary="Change a profile",
    responses=problems(*CHANGES, PinRequired, VersionConflict, InvalidValue),
)
async def update_profile(
    viewer: FreshUser,
    runtime: RuntimeDep,
    profile_id: PathId,
    wish: UpdateProfile,
    if_match: IfMatch = None,
) -> ProfileOut:
    """Only what is given changes; loosening a restriction needs a proof where a PIN is set."""
    version = version_of(if_match)
    return await service.update_profile(runtime, viewer, profile_id, wish, version)


@router.delete(
    "/profiles/{profile_id}",
    summary="Delete a profile",
    status_code=204,
    responses=problems(*CHANGES, Conflict, PinRequired),
)
async def delete_profile(
    viewer: FreshUser, runtime: RuntimeDep, profile_id: PathId, proof: Proof = None
) -> None:
    """With everything that belongs to it; the last one stays."""
    await service.delete_profile(runtime, viewer, profile_id, proof)


@router.post(
    "/profiles/{profile_id}/select",
    summary="Choose a profile",
    responses=problems(*CHANGES, PinRequired, PinLocked),
)
async def select_profile(
    viewer: FreshUser, runtime: RuntimeDep, profile_id: PathId, wish: SelectProfile
) -> SignedIn:
    """Binds this session to the profile; asks for its PIN, and for a proof to leave a kids one."""
    return await access.select_profile(runtime, viewer, profile_id, wish)


@router.put(
    "/profiles/{profile_id}/pin",
    summary="Set a PIN",
    status_code=204,
    responses=problems(*CHANGES, PinRequired, PinLocked),
)
async def set_profile_pin(
    viewer: FreshUser, runtime: RuntimeDep, profile_id: PathId, wish: SetPin
) -> None:
    """A profile that has one needs it, or the account password."""
    await access.set_pin(runtime, viewer, profile_id, wish)


@router.delete(
    "/profiles/{profile_id}/pin",
    summary="Remove a PIN",
    status_code=204,
    responses=problems(*CHANGES, PinRequired, PinLocked),
)
async def delete_profile_pin(
    viewer: FreshUser, runtime: RuntimeDep, profile_id: PathId, wish: RemovePin
) -> None:
    """Needs the PIN, or the account password."""
    await access.remove_pin(runtime, viewer, profile_id, wish)


@router.get(
    "/profiles/{profile_id}/preferences",
    summary="Likes and dislikes",
    responses=problems(*SIGNED_IN, NotFound),
)
async def get_preferences(viewer: CurrentUser, tx: Read, profile_id: PathId) -> Preferences:
    """What the profile says it likes; fades as its history grows (P-01)."""
    return await preferences.get_preferences(tx, viewer, profile_id)


@router.put(
    "/profiles/{profile_id}/preferences",
    summary="Replace likes and dislikes",
    responses=problems(*CHANGES, InvalidValue),
)
async def put_preferences(
    viewer: CurrentUser, tx: Write, profile_id: PathId, wish: Preferences
) -> Preferences:
    """Genres, moods and themes; unknown ones are refused with the allowed list."""
    return await preferences.put_preferences(tx, viewer, profile_id, wish)


@router.get(
    "/profiles/{profile_id}/allowed-titles",
    summary="Allow-list of a profile",
    responses=problems(*SIGNED_IN, NotFound),
)
async def get_allowed_titles(viewer: CurrentUser, tx: Read, profile_id: PathId) -> AllowedTitles:
    """What a profile with `allow_list_only` may see."""
    return await preferences.get_allowed_titles(tx, viewer, profile_id)


@router.put(
    "/profiles/{profile_id}/allowed-titles",
    summary="Replace the allow-list of a profile",
    responses=problems(*CHANGES, PinRequired, Forbidden, InvalidValue),
)
async def put_allowed_titles(
    viewer: FreshUser,
    runtime: RuntimeDep,
    profile_id: PathId,
    wish: AllowedTitles,
    proof: Proof = None,
) -> AllowedTitles:
    """Not from a kids profile; needs a proof where the household has a PIN."""
    return await preferences.put_allowed_titles(runtime, viewer, profile_id, wish, proof)


@router.get(
    "/profiles/{profile_id}/limits",
    summary="Viewing limits",
    responses=problems(*SIGNED_IN, NotFound),
)
async def get_limits(viewer: CurrentUser, tx: Read, profile_id: PathId) -> ViewingLimits:
    """At which hours, and for how long a day, the profile may watch; and what is left of today."""
    return await get_viewing_limits(tx, viewer, profile_id)


@router.put(
    "/profiles/{profile_id}/limits",
    summary="Replace viewing limits",
    responses=problems(*CHANGES, PinRequired, Forbidden),
)
async def put_limits(
    viewer: Householder,
    runtime: RuntimeDep,
    profile_id: PathId,
    wish: SetViewingLimits,
    proof: Proof = None,
) -> ViewingLimits:
    """Not from a kids profile; needs a proof where the household has a PIN."""
    return await put_viewing_limits(runtime, viewer, profile_id, wish, proof)


@router.get("/catalog/avatars", summary="Avatars", dependencies=[Depends(revalidated)])
async def list_avatars(
    kids: Annotated[bool | None, Query(description="Only those for children.")] = None,
) -> Avatars:
    """The platform's gallery (P-05), with an ETag; an id never changes its picture."""
    return gallery(kids)


@router.get(
    "/catalog/avatars/{avatar_id}.svg",
    summary="An avatar's picture",
    response_class=Response,
    responses=problems(NotFound)
    | {200: {"content": {"image/svg+xml": {"schema": {"type": "string"}}}}},
)
async def get_avatar(avatar_id: str) -> Response:
    """SVG, cacheable for a year."""
    return Response(
        drawing(avatar_id),
        media_type="image/svg+xml",
        headers={"Cache-Control": "public, max-age=31536000, immutable"},
    )
