"""What every request that spends money must bring: a key, a grown-up, the PIN, no hold."""

import hashlib
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Header, Request
from pydantic import Field, StringConstraints

from matinee.accounts.purchase_pin import PinRequired, check_purchase_pin
from matinee.accounts.service import AccountHeld
from matinee.accounts.viewer import CHANGING, FreshUser, Viewer
from matinee.core.database import ReadTx
from matinee.core.errors import (
    Conflict,
    Forbidden,
    IdempotencyKeyRequired,
    IdempotencyKeyReused,
    InvalidValue,
    Problem,
)
from matinee.core.ratelimit import PURCHASES
from matinee.runtime import Runtime

_HELD = """
    SELECT EXISTS (SELECT FROM account_holds
                   WHERE user_id = :user_id AND lifted_at IS NULL AND blocks_purchase)
"""


class PaymentDeclined(Problem):
    """The payment was declined; nothing was taken."""

    status = 402


class PurchaseNotAllowed(Forbidden):
    """This profile may not spend money, nor see prices."""


class PriceChanged(Conflict):
    """The price is another one now; look at it, and ask again."""


SPENDING = (*CHANGING, IdempotencyKeyRequired, IdempotencyKeyReused, PurchaseNotAllowed,
            PinRequired, AccountHeld, PaymentDeclined)  # fmt: skip
"""What any request that spends money can answer."""

KeyHeader = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        pattern=r"^[\x21-\x7e]{1,200}$",
        description="Needed. The same key with the same body gives the first outcome again.",
    ),
]
PaymentMethod = Annotated[str, StringConstraints(pattern=r"^[\x21-\x7e]{1,200}$")]
"""A provider's token for a card or an account; never the number of a card."""

PurchasePin = Annotated[
    Annotated[str, StringConstraints(pattern=r"^[0-9]{4,6}$")] | None,
    Field(description="Needed where the household has one.", examples=["4711"]),
]


async def _required_key(request: Request, key: KeyHeader = None) -> str:
    if key is None:
        raise IdempotencyKeyRequired("Idempotency-Key")
    if len(request.headers.getlist("Idempotency-Key")) > 1:
        raise InvalidValue("Idempotency-Key")
    return key


async def _buyer(viewer: FreshUser) -> Viewer:
    if viewer.is_kids:
        raise PurchaseNotAllowed()
    return viewer


IdempotencyKey = Annotated[str, Depends(_required_key)]
"""The key of a request that spends money."""

Buyer = Annotated[Viewer, Depends(_buyer)]
"""A signed-in household, looked up now, not from a kids profile: prices and money."""


async def allow_spending(runtime: Runtime, viewer: Viewer, pin: str | None) -> None:
    """Count the request, and ask for the purchase PIN.

    Raises:
        RateLimited: too many requests that spend money, or too many wrong PINs.
        PinRequired: none was given, or a wrong one.
    """
    await runtime.limiter.hit(PURCHASES, viewer.household)
    await check_purchase_pin(runtime, viewer.household, pin)


async def refuse_held(tx: ReadTx, user_id: UUID) -> None:
    """Let only households pass that may buy.

    Raises:
        AccountHeld: the household is on hold.
    """
    if await tx.scalar(_HELD, user_id=user_id):
        raise AccountHeld()


def request_hash(*values: object) -> bytes:
    """What tells one request from another that comes with the same key."""
    return hashlib.sha256(repr(values).encode()).digest()


def refuse_other_request(first: bytes, now: bytes) -> None:
    """Let a key be used again only for the same request.

    Raises:
        IdempotencyKeyReused: it is another one.
    """
    if first != now:
        raise IdempotencyKeyReused("Idempotency-Key")
