"""Passwords of households: what a good one is, proving, changing and replacing one."""

from datetime import timedelta
from functools import cache
from pathlib import Path
from uuid import UUID

from matinee.accounts import sessions
from matinee.accounts.credentials import TokenInvalid
from matinee.accounts.households import identity_of
from matinee.accounts.mails import send_mail, send_security_mail
from matinee.accounts.schemas import ChangePassword, ForgotPassword, ResetPassword
from matinee.accounts.sessions import Started
from matinee.accounts.viewer import Viewer
from matinee.core.client_address import subscriber_of
from matinee.core.context import current_request
from matinee.core.database import WriteTx
from matinee.core.errors import InvalidValue, NotAuthenticated
from matinee.core.jobs import JobRun, enqueue, job
from matinee.core.ratelimit import LOGIN_TRIES, PASSWORD_RESETS
from matinee.core.schema import Acknowledged
from matinee.core.security import new_token, token_hash
from matinee.runtime import Runtime

RESET_LIFETIME = timedelta(minutes=30)
SHORTEST_NAME = 3
"""Local parts shorter than this occur in good passwords by chance."""

_COMMON = Path(__file__).with_name("common_passwords.txt")

_ACCOUNT = "SELECT email, password_hash FROM users WHERE user_id = :user_id"
_REPLACE = """
    UPDATE users SET password_hash = :new, updated_at = clock_timestamp()
    WHERE user_id = :user_id AND password_hash IS NOT DISTINCT FROM :old AND status <> 'deleted'
"""
_WHOSE = "SELECT user_id FROM login_identities WHERE identity = :identity"
_SPOIL_LINKS = """
    UPDATE password_resets SET used_at = clock_timestamp()
    WHERE user_id = :user_id AND used_at IS NULL
"""
_ADD_LINK = """
    INSERT INTO password_resets (token_hash, user_id, expires_at)
    VALUES (:token_hash, :user_id, clock_timestamp() + :lifetime)
"""
_LINK = """
    SELECT user_id FROM password_resets
    WHERE token_hash = :token_hash AND used_at IS NULL AND expires_at > clock_timestamp()
"""
_USE_LINK = """
    UPDATE password_resets SET used_at = clock_timestamp()
    WHERE token_hash = :token_hash AND used_at IS NULL AND expires_at > clock_timestamp()
    RETURNING user_id
"""


class InvalidCredentials(NotAuthenticated):
    """The e-mail address or the password is wrong."""


@cache
def common_passwords() -> frozenset[str]:
    """Passwords that everybody tries first, in lower case."""
    return frozenset(_COMMON.read_text(encoding="utf-8").split())


def check_new_password(password: str, email: str, field: str = "password") -> None:
    """Refuse what is easily guessed; its length has been checked at the door.

    Raises:
        InvalidValue: a common password, or one that contains the name in the address.
    """
    folded = password.casefold()
    if folded in common_passwords():
        raise InvalidValue(field, message="This is one of the most common passwords.")
    name = email.partition("@")[0].partition("+")[0].casefold()
    if len(name) >= SHORTEST_NAME and name in folded:
        raise InvalidValue(field, message="The password must not contain your e-mail address.")


async def prove_password(runtime: Runtime, user_id: UUID, password: str | None, field: str) -> str:
    """Let only whoever knows the account's password pass; returns the hash it was checked against.

    Raises:
        InvalidCredentials: it is missing or wrong.
        RateLimited: too many wrong ones.
    """
    if password is None:
        raise InvalidCredentials(field, message="The account password is needed for this.")
    await runtime.limiter.hit(LOGIN_TRIES, f"proof:{user_id}")
    async with runtime.database.read() as tx:
        account = await tx.one(_ACCOUNT, user_id=user_id)
    stored: str | None = account["password_hash"] if account else None
    if not await runtime.passwords.verify(stored, password) or stored is None:
        raise InvalidCredentials(field, message="The password is wrong.")
    await runtime.limiter.clear(LOGIN_TRIES, f"proof:{user_id}")
    return stored


async def change_password(runtime: Runtime, viewer: Viewer, wish: ChangePassword) -> Started:
    """Replace the password and sign out everywhere; this device gets a new session.

    Raises:
        InvalidCredentials: the current password is wrong, or was just changed elsewhere.
        InvalidValue: the new one is easily guessed.
    """
    old = await prove_password(runtime, viewer.household, wish.current_password, "current_password")
    async with runtime.database.read() as tx:
        account = await tx.one(_ACCOUNT, user_id=viewer.household)
    check_new_password(wish.new_password, account["email"] if account else "", "new_password")
    new = await runtime.passwords.hash(wish.new_password)
    async with runtime.database.write() as wtx:
        await _replace(wtx, viewer.household, old=old, new=new)
        return await sessions.restart(wtx, runtime.tokens, viewer)


async def _replace(tx: WriteTx, user_id: UUID, *, old: str | None, new: str) -> None:
    if not await tx.execute(_REPLACE, user_id=user_id, old=old, new=new):
        raise InvalidCredentials()
    await spoil_links(tx, user_id)
    await sessions.end_all(tx, user_id, reason="password_changed")
    await enqueue(tx, send_security_mail, user_id=str(user_id), event="password_changed")


async def spoil_links(tx: WriteTx, user_id: UUID) -> None:
    """Links that were sent and not used yet are worth nothing any more."""
    await tx.execute(_SPOIL_LINKS, user_id=user_id)


async def request_reset(runtime: Runtime, wish: ForgotPassword) -> Acknowledged:
    """Have a link sent; the answer and its cost are the same where nobody has this address.

    Raises:
        RateLimited: too many links for this address, or asked from here.
    """
    identity = identity_of(wish.email)
    request = current_request()
    subscriber = subscriber_of(request.client_ip if request else None)
    await runtime.limiter.hit(LOGIN_TRIES, f"forgot:{subscriber}")
    await runtime.limiter.hit(PASSWORD_RESETS, identity)
    async with runtime.database.write() as tx:
        user_id = await tx.scalar(_WHOSE, identity=identity)
        await enqueue(tx, send_reset_link, user_id=str(user_id) if user_id else None)
    return Acknowledged()


async def reset_password(runtime: Runtime, wish: ResetPassword) -> None:
    """Replace a forgotten password with the token of a link, once, and sign out everywhere.

    Raises:
        TokenInvalid: not one of ours, used already, or older than half an hour.
        InvalidValue: the new password is easily guessed; the token stays good.
    """
    link = token_hash(wish.token)
    async with runtime.database.read() as tx:
        user_id = await tx.scalar(_LINK, token_hash=link)
        account = await tx.one(_ACCOUNT, user_id=user_id) if user_id else None
    if account is None:
        raise TokenInvalid("token")
    check_new_password(wish.new_password, account["email"], "new_password")
    new = await runtime.passwords.hash(wish.new_password)
    async with runtime.database.write() as wtx:
        if await wtx.scalar(_USE_LINK, token_hash=link) is None:
            raise TokenInvalid("token")
        await _replace(wtx, user_id, old=account["password_hash"], new=new)
    await runtime.limiter.clear(LOGIN_TRIES, f"account:{identity_of(account['email'])}")


@job("accounts.send_reset_link")
async def send_reset_link(runtime: Runtime, _run: JobRun, *, user_id: str | None) -> None:
    """Send the link with which a forgotten password is replaced; it alone knows the token."""
    if user_id is None:
        return
    token = new_token()
    async with runtime.database.write() as tx:
        await spoil_links(tx, UUID(user_id))
        await tx.execute(
            _ADD_LINK, token_hash=token_hash(token), user_id=UUID(user_id), lifetime=RESET_LIFETIME
        )
    link = f"{runtime.settings.public_url}/reset?token={token}"
    text = f"Choose a new password within 30 minutes: {link}\nIgnore this if you did not ask."
    await send_mail(runtime, UUID(user_id), "Choose a new password", text)
