"""Reading events of payment providers, for staff."""

from typing import Any

from matinee.core.database import ReadTx, Row
from matinee.core.errors import NotFound
from matinee.core.paging import decode_cursor, encode_cursor
from matinee.entitlements.webhooks.schemas import (
    EventFilter,
    PaymentEventDetail,
    PaymentEventOut,
    PaymentEvents,
)

_COLUMNS = """
    SELECT seq, provider, event_id, type, object_ref, user_id, subject, subject_id, state, attempts,
           CASE WHEN state = 'parked' THEN next_attempt_at END AS next_attempt_at, last_error,
           occurred_at, received_at, applied_at
"""
_PAGE = f"{_COLUMNS} FROM payment_events WHERE {{conditions}} ORDER BY seq DESC LIMIT :wanted"
_ONE = f"""
    {_COLUMNS}, facts, payload FROM payment_events
    WHERE provider = :provider AND event_id = :event_id
"""


async def list_events(tx: ReadTx, wish: EventFilter) -> PaymentEvents:
    """Matching events, newest first.

    Raises:
        BadCursor: it is not one of ours.
    """
    wanted = wish.model_dump(include={"state", "provider", "object_ref", "user_id"})
    values: dict[str, Any] = {name: value for name, value in wanted.items() if value is not None}
    # only what is asked for is said, so that each list has the plan of its index
    conditions = ["true", *(f"{name} = :{name}" for name in values)]
    if wish.cursor:
        (values["before"],) = decode_cursor(wish.cursor, (int,))
        conditions.append("seq < :before")
    statement = _PAGE.format(conditions=" AND ".join(conditions))
    rows = await tx.all(statement, **values, wanted=wish.page_size + 1)
    page = rows[: wish.page_size]
    return PaymentEvents(
        items=[PaymentEventOut.model_validate(dict(row)) for row in page],
        next_cursor=encode_cursor(page[-1]["seq"]) if len(rows) > len(page) else None,
    )


async def get_event(tx: ReadTx, provider: str, event_id: str) -> PaymentEventDetail:
    """One event with what it says.

    Raises:
        NotFound: there is none.
    """
    row: Row | None = await tx.one(_ONE, provider=provider, event_id=event_id)
    if row is None:
        raise NotFound()
    return PaymentEventDetail.model_validate(dict(row))
