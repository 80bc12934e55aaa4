"""Who works for the operator: the first administrator, appointing, dismissing."""

from uuid import UUID

from pydantic import ValidationError

from matinee.accounts import audit, sessions
from matinee.accounts.audit import Actor
from matinee.accounts.credentials import TokenInvalid
from matinee.accounts.households import open_household
from matinee.accounts.passwords import check_new_password
from matinee.accounts.schemas import (
    AppointStaff,
    NewStaff,
    SetUp,
    StaffMember,
    StaffMembers,
    StaffRole,
)
from matinee.accounts.sessions import Started
from matinee.accounts.viewer import Viewer, user_tag
from matinee.core.database import ReadTx, WriteTx
from matinee.core.errors import Conflict, InvalidValue, NotFound
from matinee.core.security import new_token, token_hash
from matinee.runtime import Runtime

SETUP_HOURS = 24

_ADMIN_EXISTS = """
    SELECT EXISTS (SELECT 1 FROM staff JOIN users ON users.user_id = staff.user_id
                   WHERE staff.role = 'admin' AND users.status = 'active')
"""
_ADD_SETUP_TOKEN = """
    INSERT INTO setup_tokens (token_hash, expires_at)
    VALUES (:token_hash, clock_timestamp() + :hours * interval '1 hour')
"""
_SETUP_TOKEN = """
    SELECT 1 FROM setup_tokens WHERE token_hash = :token_hash AND expires_at > clock_timestamp()
"""
# All of them at once: whoever comes second finds his gone.
_USE_SETUP_TOKEN = """
    WITH used AS (DELETE FROM setup_tokens RETURNING token_hash, expires_at)
    SELECT 1 FROM used WHERE token_hash = :token_hash AND expires_at > clock_timestamp()
"""
_LOCK_ADMINS = "SELECT user_id FROM staff WHERE role = 'admin' ORDER BY user_id FOR UPDATE"
_OTHER_ADMINS = """
    SELECT count(*) FROM staff JOIN users ON users.user_id = staff.user_id
    WHERE staff.role = 'admin' AND users.status = 'active'
      AND users.deletion_requested_at IS NULL AND staff.user_id <> :user_id
"""
_MEMBERS = """
    SELECT s.user_id, u.email, s.role, s.created_at
    FROM staff s JOIN users u ON u.user_id = s.user_id ORDER BY u.email
"""
_MEMBER = """
    SELECT s.user_id, u.email, s.role, s.created_at
    FROM staff s JOIN users u ON u.user_id = s.user_id WHERE s.user_id = :user_id
"""
_ROLE = "SELECT role FROM staff WHERE user_id = :user_id"
_LOCK_USER = """
    SELECT user_id FROM users WHERE user_id = :user_id AND status = 'active' FOR NO KEY UPDATE
"""
_APPOINT = """
    INSERT INTO staff (user_id, role) VALUES (:user_id, :role)
    ON CONFLICT (user_id) DO UPDATE SET role = excluded.role
"""
_DISMISS = "DELETE FROM staff WHERE user_id = :user_id"


class LastAdmin(Conflict):
    """Nobody else could run the service; appoint another administrator first."""


async def create_staff(
    runtime: Runtime, *, email: str, password: str, role: StaffRole, country: str
) -> UUID:
    """Open a household for a member of staff, from the command line; returns its id.

    Raises:
        InvalidValue: a value is not of the expected form, or the password is easily guessed.
        Conflict: the address is taken.
    """
    wish = _checked(email=email, password=password, role=role, country=country)
    check_new_password(wish.password, wish.email)
    password_hash = await runtime.passwords.hash(wish.password)
    async with runtime.database.write() as tx:
        user_id, _ = await open_household(
            tx, email=wish.email, password_hash=password_hash, country=wish.country
        )
        await _hire(tx, audit.COMMAND_LINE, user_id, wish.role)
    return user_id


def _checked(**values: str) -> NewStaff:
    try:
        return NewStaff.model_validate(values)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise InvalidValue(str(first["loc"][0]), message=first["msg"]) from None


async def _hire(tx: WriteTx, actor: Actor, user_id: UUID, role: StaffRole) -> None:
    await tx.execute(_APPOINT, user_id=user_id, role=role)
    await audit.record(tx, actor, "staff.appoint", targets={"user": user_id}, after={"role": role})


async def issue_setup_token(runtime: Runtime) -> str | None:
    """A token for `POST /auth/setup`, good for a day; None where there is an administrator."""
    token = new_token()
    async with runtime.database.write() as tx:
        if await tx.scalar(_ADMIN_EXISTS):
            return None
        await tx.execute(_ADD_SETUP_TOKEN, token_hash=token_hash(token), hours=float(SETUP_HOURS))
    return token


async def set_up(runtime: Runtime, wish: SetUp) -> Started:
    """Make whoever holds the set-up token the first administrator, once.

    Raises:
        TokenInvalid: not one of ours, too old, or there is an administrator already.
        InvalidValue: the password is easily guessed.
        Conflict: the address is taken.
    """
    token = token_hash(wish.token)
    async with runtime.database.read() as tx:
        if not await tx.scalar(_SETUP_TOKEN, token_hash=token):
            raise TokenInvalid("token")
    check_new_password(wish.password, wish.email)
    password_hash = await runtime.passwords.hash(wish.password)
    async with runtime.database.write() as wtx:
        usable = await wtx.scalar(_USE_SETUP_TOKEN, token_hash=token)
        if not usable or await wtx.scalar(_ADMIN_EXISTS):
            raise TokenInvalid("token")
        user_id, profile_id = await open_household(
            wtx, email=wish.email, password_hash=password_hash, country=wish.country
        )
        await _hire(wtx, Actor("user", str(user_id), "admin"), user_id, "admin")
        return await sessions.start(
            wtx,
            runtime.tokens,
            user_id,
            kind=wish.client,
            device_name=None,
            profile_id=profile_id,
        )


async def list_staff(tx: ReadTx) -> StaffMembers:
    """All who work for the operator."""
    return StaffMembers(items=[StaffMember(**row) for row in await tx.all(_MEMBERS)])


async def appoint(tx: WriteTx, viewer: Viewer, user_id: UUID, wish: AppointStaff) -> StaffMember:
    """Give an active household a role, or another one.

    Raises:
        NotFound: there is no such household.
        LastAdmin: the last administrator would get a lesser role.
    """
    if wish.role != "admin":
        await require_another_admin(tx, user_id)
    if await tx.scalar(_LOCK_USER, user_id=user_id) is None:
        raise NotFound()
    before = await tx.scalar(_ROLE, user_id=user_id)
    await tx.execute(_APPOINT, user_id=user_id, role=wish.role)
    await audit.record(
        tx,
        Actor.of(viewer),
        "staff.appoint",
        targets={"user": user_id},
        before={"role": before},
        after={"role": wish.role},
        reason=wish.reason,
    )
    tx.invalidate(user_tag(user_id))
    member = await tx.one(_MEMBER, user_id=user_id)
    assert member is not None
    return StaffMember(**member)


async def dismiss(tx: WriteTx, viewer: Viewer, user_id: UUID, reason: str | None) -> None:
    """Take somebody's role away; the household stays. Doing it twice is no error.

    Raises:
        LastAdmin: nobody else could run the service.
    """
    before = await tx.scalar(_ROLE, user_id=user_id)
    if before is None:
        return
    await require_another_admin(tx, user_id)
    await tx.execute(_DISMISS, user_id=user_id)
    await audit.record(
        tx,
        Actor.of(viewer),
        "staff.dismiss",
        targets={"user": user_id},
        before={"role": before},
        reason=reason,
    )
    tx.invalidate(user_tag(user_id))


async def require_another_admin(tx: WriteTx, user_id: UUID) -> None:
    """Let an administrator go only while there is another active one.

    All administrators are locked first: two who remove each other come one after the other.

    Raises:
        LastAdmin: there is none.
    """
    admins = {row["user_id"] for row in await tx.all(_LOCK_ADMINS)}
    if user_id in admins and not await tx.scalar(_OTHER_ADMINS, user_id=user_id):
        raise LastAdmin()
