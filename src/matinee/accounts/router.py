"""The endpoints of accounts: registering, signing in and out, televisions, one's own account."""

from fastapi import Response
from starlette.responses import StreamingResponse

from matinee.accounts import (
    deletion,
    devices,
    passwords,
    personal_data,
    service,
    sessions,
    staffing,
)
from matinee.accounts.cookies import hand_over, take_back
from matinee.accounts.credentials import TokenInvalid
from matinee.accounts.csrf import CsrfFailed
from matinee.accounts.devices import (
    AccessDenied,
    AuthorizationPending,
    DeviceCodeExpired,
    SlowDown,
)
from matinee.accounts.passwords import InvalidCredentials
from matinee.accounts.schemas import (
    ApprovedDevice,
    ApproveDevice,
    ChangePassword,
    DeleteMe,
    Deletion,
    DeviceCodeOut,
    DeviceCodeRequest,
    DeviceTokenRequest,
    ForgotPassword,
    Login,
    Me,
    Refresh,
    Register,
    ResetPassword,
    Sessions,
    SetUp,
    SignedIn,
    UpdateMe,
)
from matinee.accounts.service import AccountHeld
from matinee.accounts.staffing import LastAdmin
from matinee.accounts.viewer import (
    CHANGING,
    SIGNED_IN,
    CurrentUser,
    Householder,
    LeavingUser,
    SessionRevoked,
)
from matinee.core.errors import (
    BadCursor,
    Conflict,
    Forbidden,
    InvalidValue,
    NotFound,
    UnsupportedMediaType,
    problems,
)
from matinee.core.routing import api_router
from matinee.core.schema import Acknowledged, Cursor, PageSize, PathId
from matinee.runtime import Read, RuntimeDep, Write

router = api_router("/auth", tag="accounts")
me_router = api_router("/me", tag="accounts")


@router.post(
    "/register",
    summary="Open a household",
    status_code=201,
    responses=problems(Forbidden, Conflict, InvalidValue),
)
async def register(runtime: RuntimeDep, response: Response, wish: Register) -> SignedIn:
    """A user with a first profile, signed in with that profile chosen.

    The profile is called `profile_name`, or after the e-mail address; it has no limits and no PIN.
    It counts among the profiles a household may have.
    """
    return hand_over(response, runtime.settings, await service.register(runtime, wish))


@router.post("/login", summary="Sign in", responses=problems(InvalidCredentials, AccountHeld))
async def login(runtime: RuntimeDep, response: Response, wish: Login) -> SignedIn:
    """A new session of this device, no profile chosen yet.

    An unknown address and a wrong password get the same answer. Signing in keeps an account that
    was to be deleted. After ten failures in five minutes, per account or per subscriber, even the
    right password has to wait.
    """
    return hand_over(response, runtime.settings, await service.login(runtime, wish))


@router.post("/refresh", summary="Renew tokens", responses=problems(TokenInvalid, SessionRevoked))
async def refresh_tokens(runtime: RuntimeDep, wish: Refresh) -> SignedIn:
    """A new access token and the next refresh token.

    Repeating the call within ten seconds gives the same successor (a lost answer, two tabs); a
    token older than that was copied, so its session ends.
    """
    return await sessions.refresh(runtime, wish.refresh_token)


@router.post(
    "/logout",
    summary="Sign out",
    status_code=204,
    responses=problems(CsrfFailed, UnsupportedMediaType),
)
async def logout(viewer: LeavingUser, runtime: RuntimeDep, response: Response, tx: Write) -> None:
    """Ends this session at once and takes the cookie back; signing out twice is no error."""
    await service.logout(tx, viewer)
    take_back(response, runtime.settings)


@router.get("/sessions", summary="Signed-in devices", responses=problems(*SIGNED_IN, BadCursor))
async def list_sessions(
    viewer: CurrentUser, tx: Read, cursor: Cursor = None, page_size: PageSize = 50
) -> Sessions:
    """Newest first, with where and when each was last seen."""
    return await sessions.list_sessions(tx, viewer, cursor, page_size)


@router.delete(
    "/sessions/{session_id}",
    summary="Sign a device out",
    status_code=204,
    responses=problems(*CHANGING, Forbidden, NotFound),
)
async def end_session(viewer: Householder, tx: Write, session_id: PathId) -> None:
    """Takes effect at once; a kids profile may not do it."""
    await sessions.end(tx, viewer.household, session_id, reason="signed_out_elsewhere")


@router.post(
    "/password/change",
    summary="Change the password",
    responses=problems(*CHANGING, Forbidden, InvalidCredentials, InvalidValue),
)
async def change_password(
    viewer: Householder, runtime: RuntimeDep, response: Response, wish: ChangePassword
) -> SignedIn:
    """Signs out everywhere; this device goes on with the new session of the answer."""
    started = await passwords.change_password(runtime, viewer, wish)
    return hand_over(response, runtime.settings, started)


@router.post("/password/forgot", summary="Ask for a reset link", status_code=202)
async def forgot_password(runtime: RuntimeDep, wish: ForgotPassword) -> Acknowledged:
    """Sends a link to the address if an account has it; the answer is the same if none has."""
    return await passwords.request_reset(runtime, wish)


@router.post(
    "/password/reset",
    summary="Choose a new password",
    status_code=204,
    responses=problems(TokenInvalid, InvalidValue),
)
async def reset_password(runtime: RuntimeDep, wish: ResetPassword) -> None:
    """With the token of the link: good for half an hour, used once; signs out everywhere."""
    await passwords.reset_password(runtime, wish)


@router.post("/device/code", summary="Start signing a television in")
async def request_device_code(runtime: RuntimeDep, wish: DeviceCodeRequest) -> DeviceCodeOut:
    """A code for the screen and a secret to ask with (RFC 8628); good for ten minutes."""
    return await devices.request_code(runtime, wish)


@router.post(
    "/device/token",
    summary="Ask whether the television was approved",
    responses=problems(
        AuthorizationPending, AccessDenied, AccountHeld, DeviceCodeExpired, SlowDown
    ),
)
async def poll_device_token(runtime: RuntimeDep, wish: DeviceTokenRequest) -> SignedIn:
    """The tokens, once; `authorization_pending` until then. Each `slow_down` adds 5 seconds."""
    return await devices.poll(runtime, wish)


@router.post(
    "/device/approve",
    summary="Answer the code on a television",
    responses=problems(*CHANGING, Forbidden, NotFound),
)
async def approve_device(
    viewer: Householder, runtime: RuntimeDep, wish: ApproveDevice
) -> ApprovedDevice:
    """Signs the television in to this household, or refuses it; five wrong codes in ten minutes.

    Small letters, spaces and hyphens make no difference. A kids profile may not do it.
    """
    return await devices.answer(runtime, viewer, wish)


@router.post(
    "/setup",
    summary="Make the first administrator",
    status_code=201,
    responses=problems(TokenInvalid, Conflict, InvalidValue),
)
async def set_up(runtime: RuntimeDep, response: Response, wish: SetUp) -> SignedIn:
    """With the one-time token printed when the service first starts; never where one exists."""
    return hand_over(response, runtime.settings, await staffing.set_up(runtime, wish))


@me_router.get("", summary="My account", responses=problems(*SIGNED_IN))
async def get_me(viewer: CurrentUser, runtime: RuntimeDep, tx: Read) -> Me:
    """The household that is signed in."""
    return await service.get_me(tx, viewer, runtime.settings.deletion_grace_days)


@me_router.patch(
    "",
    summary="Change my account",
    responses=problems(*CHANGING, Forbidden, InvalidCredentials, Conflict),
)
async def update_me(viewer: Householder, runtime: RuntimeDep, wish: UpdateMe) -> Me:
    """Only what is given changes; a new address or purchase PIN needs the password."""
    return await service.update_me(runtime, viewer, wish)


@me_router.delete(
    "",
    summary="Delete my account",
    status_code=202,
    responses=problems(*CHANGING, Forbidden, InvalidCredentials, LastAdmin),
)
async def delete_me(
    viewer: Householder, runtime: RuntimeDep, response: Response, wish: DeleteMe
) -> Deletion:
    """Signs out everywhere; after a grace of days all personal data goes.

    Signing in within the grace keeps the account. What the books need stays without a name.
    """
    take_back(response, runtime.settings)
    return await deletion.request_deletion(runtime, viewer, wish)


@me_router.get(
    "/export",
    summary="Everything held about me",
    response_class=StreamingResponse,
    responses={
        200: {"content": {"application/json": {"schema": {"type": "object"}}}},
        **problems(*SIGNED_IN, Forbidden),
    },
)
async def export_me(viewer: Householder, runtime: RuntimeDep) -> StreamingResponse:
    """One JSON object with a list per kind of thing; secrets are left out."""
    return StreamingResponse(
        await personal_data.export(runtime, viewer),
        media_type="application/json",
        headers={
            "Cache-Control": "private, no-store",
            "Content-Disposition": 'attachment; filename="matinee-export.json"',
        },
    )
