"""Registering, signing in and out, and the household's own account."""

from uuid import UUID

from matinee.accounts import sessions
from matinee.accounts.households import give_identity_up, identity_of, open_household, take_identity
from matinee.accounts.mails import send_security_mail
from matinee.accounts.passwords import (
    InvalidCredentials,
    check_new_password,
    prove_password,
    spoil_links,
)
from matinee.accounts.schemas import Login, Me, Register, UpdateMe
from matinee.accounts.sessions import Started
from matinee.accounts.viewer import SessionRevoked, Viewer, user_tag
from matinee.core.client_address import subscriber_of
from matinee.core.context import current_request
from matinee.core.database import ReadTx, Row, WriteTx
from matinee.core.errors import Forbidden
from matinee.core.jobs import enqueue
from matinee.core.ratelimit import LOGIN_TRIES, REGISTRATIONS
from matinee.runtime import Runtime

_BY_IDENTITY = """
    SELECT u.user_id, u.password_hash, u.status
    FROM login_identities i JOIN users u ON u.user_id = i.user_id
    WHERE i.identity = :identity
"""
_LOCK = """
    SELECT email, password_hash, purchase_pin_hash, country, status, deletion_requested_at
    FROM users WHERE user_id = :user_id FOR NO KEY UPDATE
"""
_WITHDRAW_DELETION = """
    UPDATE users SET deletion_requested_at = NULL, updated_at = clock_timestamp()
    WHERE user_id = :user_id
"""
_STORE_HASH = "UPDATE users SET password_hash = :password_hash WHERE user_id = :user_id"
_ME = """
    SELECT u.user_id, u.email, u.country, s.role, u.created_at, u.deletion_requested_at,
           u.purchase_pin_hash IS NOT NULL AS has_purchase_pin, clock_timestamp() AS server_time,
           u.deletion_requested_at + :grace * interval '1 day' AS deletes_at
    FROM users u LEFT JOIN staff s ON s.user_id = u.user_id
    WHERE u.user_id = :user_id
"""
_UPDATE = """
    UPDATE users
    SET email = :email, country = :country, purchase_pin_hash = :purchase_pin_hash,
        updated_at = clock_timestamp()
    WHERE user_id = :user_id
"""


class AccountHeld(Forbidden):
    """This account is on hold; ask the operator."""


async def register(runtime: Runtime, wish: Register) -> Started:
    """Open a household with its first profile, and sign it in with that profile chosen.

    Raises:
        Forbidden: the operator admits nobody.
        Conflict: the address is taken, also when two ask for it at once.
        InvalidValue: the password is easily guessed.
        RateLimited: too many households from here.
    """
    if not runtime.settings.registration_open:
        raise Forbidden(message="Registration is closed.")
    check_new_password(wish.password, wish.email)
    if runtime.settings.rate_limits_enabled:
        await runtime.limiter.hit(REGISTRATIONS, _subscriber())
    password_hash = await runtime.passwords.hash(wish.password)
    async with runtime.database.write() as tx:
        user_id, profile_id = await open_household(
            tx,
            email=wish.email,
            password_hash=password_hash,
            country=wish.country,
            profile_name=wish.profile_name,
        )
        return await sessions.start(
            tx,
            runtime.tokens,
            user_id,
            kind=wish.client,
            device_name=wish.device_name,
            profile_id=profile_id,
        )


async def login(runtime: Runtime, wish: Login) -> Started:
    """Sign a device in; an account waiting for its deletion is kept.

    Failures are limited per account and per subscriber, so each try is counted before the password
    is looked at: parallel guesses cannot outrun the limit.

    Raises:
        InvalidCredentials: the same, at the same cost, whether the account exists or not.
        AccountHeld: the password was right, but the operator disabled the account.
        RateLimited: too many failures.
    """
    identity = identity_of(wish.email)
    subscriber, account = f"subscriber:{_subscriber()}", f"account:{identity}"
    await runtime.limiter.hit(LOGIN_TRIES, subscriber)
    await runtime.limiter.hit(LOGIN_TRIES, account)
    async with runtime.database.read() as tx:
        user = await tx.one(_BY_IDENTITY, identity=identity)
    stored: str | None = user["password_hash"] if user else None
    if not await runtime.passwords.verify(stored, wish.password) or user is None or stored is None:
        raise InvalidCredentials()
    await runtime.limiter.give_back(LOGIN_TRIES, subscriber)
    await runtime.limiter.clear(LOGIN_TRIES, account)
    renewed = None
    if runtime.passwords.is_outdated(stored):
        renewed = await runtime.passwords.hash(wish.password)
    async with runtime.database.write() as wtx:
        await admit(wtx, user["user_id"], password_hash=stored)
        if renewed is not None:
            await wtx.execute(_STORE_HASH, user_id=user["user_id"], password_hash=renewed)
        return await sessions.start(
            wtx,
            runtime.tokens,
            user["user_id"],
            kind=wish.client,
            device_name=wish.device_name,
        )


async def admit(tx: WriteTx, user_id: UUID, *, password_hash: str | None = None) -> None:
    """Hold the user's row, so that no disabling or change of password slips in before the session.

    Raises:
        AccountHeld: the account is disabled.
        InvalidCredentials: the password was changed since it was checked.
    """
    user = await tx.one(_LOCK, user_id=user_id)
    if user is None or user["status"] != "active":
        raise AccountHeld()
    if password_hash is not None and user["password_hash"] != password_hash:
        raise InvalidCredentials()
    if user["deletion_requested_at"] is not None:
        await tx.execute(_WITHDRAW_DELETION, user_id=user_id)
        await enqueue(tx, send_security_mail, user_id=str(user_id), event="deletion_withdrawn")


async def logout(tx: WriteTx, viewer: Viewer) -> None:
    """End the viewer's session; nobody signed in is signed out already."""
    if viewer.session_id is not None:
        await sessions.end(tx, viewer.household, viewer.session_id, reason="signed_out")


async def get_me(tx: ReadTx, viewer: Viewer, grace_days: int) -> Me:
    """The viewer's own account."""
    found = await tx.one(_ME, user_id=viewer.household, grace=float(grace_days))
    if found is None:
        raise SessionRevoked()
    return Me(**found)


async def update_me(runtime: Runtime, viewer: Viewer, wish: UpdateMe) -> Me:
    """Change what was given; a new address or purchase PIN needs the password.

    Raises:
        InvalidCredentials: the password is missing or wrong.
        Conflict: somebody else signs in with the new address.
    """
    proven = None
    if wish.email is not None or wish.purchase_pin is not None:
        proven = await prove_password(runtime, viewer.household, wish.password, "password")
    pin_hash = await runtime.passwords.hash(wish.purchase_pin) if wish.purchase_pin else None
    async with runtime.database.write() as tx:
        before = await tx.one(_LOCK, user_id=viewer.household)
        if before is None or (proven is not None and before["password_hash"] != proven):
            raise InvalidCredentials("password")
        email = wish.email or before["email"]
        await _move(tx, viewer.household, before, email)
        kept_pin = before["purchase_pin_hash"] if wish.purchase_pin is None else pin_hash
        await tx.execute(
            _UPDATE,
            user_id=viewer.household,
            email=email,
            country=wish.country or before["country"],
            purchase_pin_hash=kept_pin,
        )
        tx.invalidate(user_tag(viewer.user_id))
        return await get_me(tx, viewer, runtime.settings.deletion_grace_days)


async def _move(tx: WriteTx, user_id: UUID, before: Row, email: str) -> None:
    """Let the household sign in with another address, and tell the old one."""
    if identity_of(before["email"]) == identity_of(email):
        return
    await take_identity(tx, email, user_id)
    await give_identity_up(tx, before["email"], user_id)
    await spoil_links(tx, user_id)
    await enqueue(
        tx,
        send_security_mail,
        user_id=str(user_id),
        event="address_changed",
        _address=before["email"],
    )


def _subscriber() -> str:
    request = current_request()
    return subscriber_of(request.client_ip if request else None)
