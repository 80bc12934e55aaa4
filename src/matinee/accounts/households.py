"""Opening a household, and who it is that signs in with an e-mail address."""

import re
import unicodedata
from uuid import UUID

from matinee.core.database import ReadTx, WriteTx
from matinee.core.errors import Conflict, NotFound

FIRST_AVATAR = "usherette"
"""The picture of a household's first profile; one of the gallery."""

_TAKE_IDENTITY = """
    INSERT INTO login_identities (identity, user_id)
    VALUES (:identity, coalesce(:user_id, uuidv7()))
    ON CONFLICT (identity) DO NOTHING RETURNING user_id
"""
_GIVE_IDENTITY_UP = """
    DELETE FROM login_identities WHERE identity = :identity AND user_id = :user_id
"""
_ADD_USER = """
    INSERT INTO users (user_id, email, password_hash, country)
    VALUES (:user_id, :email, :password_hash, :country)
"""
_EXISTS = """
    SELECT EXISTS (SELECT FROM users WHERE user_id = :user_id AND status <> 'deleted')
"""
_LOCK = "SELECT status FROM users WHERE user_id = :user_id FOR NO KEY UPDATE"
_ADD_PROFILE = """
    INSERT INTO profiles (user_id, name, avatar_id) VALUES (:user_id, :name, :avatar_id)
    RETURNING id
"""


def identity_of(email: str) -> str:
    """The address as it is compared: whatever case or Unicode form people type it in.

    >>> identity_of("Ana@Example.com") == identity_of("ana@example.com")
    True
    """
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", email).casefold())


async def require_household(tx: ReadTx, user_id: UUID) -> None:
    """Let only identifiers of households pass that there are.

    Raises:
        NotFound: there is none, or it was deleted.
    """
    if not await tx.scalar(_EXISTS, user_id=user_id):
        raise NotFound()


async def lock_household(tx: WriteTx, user_id: UUID) -> str | None:
    """Let changes of what a household holds queue up, until the transaction ends.

    Returns:
        Its status; None where there is none.
    """
    status: str | None = await tx.scalar(_LOCK, user_id=user_id)
    return status


async def lock_existing_household(tx: WriteTx, user_id: UUID) -> None:
    """The same for a household that there must be.

    Raises:
        NotFound: there is none, or it was deleted.
    """
    if await lock_household(tx, user_id) in (None, "deleted"):
        raise NotFound()


def name_from(email: str) -> str:
    """What to call somebody of whom we know only the address.

    >>> name_from("ana.lima@example.com"), name_from("1984@example.com")
    ('Ana', 'Me')
    """
    words = re.findall(r"[^\W\d_]+", email.partition("@")[0])
    return words[0].capitalize()[:40] if words else "Me"


async def open_household(
    tx: WriteTx, *, email: str, password_hash: str, country: str, profile_name: str | None = None
) -> tuple[UUID, UUID]:
    """Add a user with a first profile; returns the ids of both.

    Raises:
        Conflict: the address is taken, also when two ask for it at once.
    """
    user_id = await take_identity(tx, email)
    await tx.execute(
        _ADD_USER, user_id=user_id, email=email, password_hash=password_hash, country=country
    )
    profile_id: UUID = await tx.scalar(
        _ADD_PROFILE,
        user_id=user_id,
        name=profile_name or name_from(email),
        avatar_id=FIRST_AVATAR,
    )
    return user_id, profile_id


async def take_identity(tx: WriteTx, email: str, user_id: UUID | None = None) -> UUID:
    """Let a user (a new one without `user_id`) sign in with this address from now on.

    Raises:
        Conflict: the address is taken.
    """
    taken: UUID | None = await tx.scalar(
        _TAKE_IDENTITY, identity=identity_of(email), user_id=user_id
    )
    if taken is None:
        raise Conflict("email", message="There is an account with this address.")
    return taken


async def give_identity_up(tx: WriteTx, email: str, user_id: UUID) -> None:
    """Nobody signs in with this address any more."""
    await tx.execute(_GIVE_IDENTITY_UP, identity=identity_of(email), user_id=user_id)
