"""What the practice provider tells: events, kept as they are made and posted by a job."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar
from uuid import uuid4

import orjson
from pydantic import TypeAdapter

from matinee.core.database import ReadTx, WriteTx
from matinee.integrations.payments.protocol import (
    BadSignature,
    Facts,
    InvoiceFacts,
    PaymentFacts,
    ProviderEvent,
    Reference,
    SubscriptionFacts,
)
from matinee.integrations.payments.sandbox import memory
from matinee.integrations.payments.sandbox.tokens import Delivery, Story

Answer = TypeVar("Answer", bound=Facts)

_FACTS: dict[str, TypeAdapter[Any]] = {
    "payment": TypeAdapter(PaymentFacts),
    "dispute": TypeAdapter(PaymentFacts),
    "subscription": TypeAdapter(SubscriptionFacts),
    "invoice": TypeAdapter(InvoiceFacts),
}
"""How facts are read, by the first word of an event's type."""

_FORGET = """
    DELETE FROM sandbox_objects
    WHERE kind = 'event' AND created_at < clock_timestamp() - interval '30 days'
"""


@dataclass(frozen=True, slots=True)
class News:
    """Something that happened: `type` is `payment.captured` and the like."""

    type: str
    facts: Facts
    reference: Reference


@dataclass(frozen=True, slots=True)
class Step(Generic[Answer]):
    """What a call led to: the direct answer, the story of who pays, and what there is to tell."""

    answer: Answer
    story: Story
    news: Sequence[News] = ()


async def remember(tx: WriteTx, news: Sequence[News]) -> list[str]:
    """Keep events for who asks later; returns their ids in the order of what happened."""
    at = await memory.clock(tx)
    ids = []
    for item in news:
        event_id = f"evt_{uuid4().hex}"
        await memory.add(tx, "event", event_id, None, _document(item, at))
        ids.append(event_id)
    return ids


def in_order_of(delivery: Delivery, ids: Sequence[str]) -> list[str]:
    """The events as they are posted: once each, never, three times each, or the last one first."""
    if delivery == "lost":
        return []
    if delivery == "thrice":
        return [event_id for event_id in ids for _ in range(3)]
    return list(reversed(ids)) if delivery == "reversed" else list(ids)


async def messages(tx: ReadTx, ids: Sequence[str]) -> list[tuple[str, bytes]]:
    """The ids and what is posted of each."""
    found = [await memory.by_ref(tx, "event", event_id) for event_id in ids]
    return [(event.ref, orjson.dumps(event.state)) for event in found if event]


async def forget(tx: WriteTx) -> None:
    """Forget what was told a month ago, as other providers do."""
    await tx.execute(_FORGET)


async def events_since(tx: ReadTx, moment: datetime) -> list[ProviderEvent]:
    """All events since a moment, oldest first, whether they were posted or not."""
    return [_event(kept.ref, kept.state) for kept in await memory.since(tx, "event", moment)]


def parsed(event_id: str, body: bytes) -> ProviderEvent:
    """The event in a body.

    Raises:
        BadSignature: it is not of the form that we post.
    """
    try:
        return _event(event_id, orjson.loads(body))
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError):
        raise BadSignature from None


def _document(news: News, at: datetime) -> dict[str, Any]:
    adapter = _FACTS[news.type.partition(".")[0]]
    return {
        "type": news.type,
        "timestamp": at.isoformat(),
        "data": {
            "object": adapter.dump_python(news.facts, mode="json"),
            "reference": str(news.reference),
        },
    }


def _event(event_id: str, document: Mapping[str, Any]) -> ProviderEvent:
    kind = str(document["type"])
    adapter = _FACTS.get(kind.partition(".")[0])
    data = document["data"]
    return ProviderEvent(
        id=event_id,
        type=kind,
        at=_moment(document["timestamp"]),
        payload=document,
        facts=adapter.validate_python(data["object"]) if adapter else None,
        reference=Reference.parse(data["reference"]),
    )


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("a moment without offset")
    return moment
