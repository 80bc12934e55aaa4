"""What crosses the wire about events of payment providers."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field

from matinee.core.schema import Input, Output, Page, Reason, text

EventState = Literal["applied", "ignored", "parked", "dead"]

Name = Annotated[str, *text(max_length=255)]


class EventTaken(Output):
    """What became of a webhook; all of it is stored."""

    state: EventState = Field(description="Parked: kept, to be applied as soon as that is possible")
    repeated: bool = Field(description="We had it already, and did nothing.")


class PaymentEventOut(Output):
    """Something a payment provider told us, and what became of it."""

    provider: str = Field(examples=["stripe"])
    event_id: str = Field(examples=["evt_1Qx7"])
    type: str = Field(examples=["payment_intent.succeeded"], description="The provider's word.")
    object_ref: str | None = Field(description="What it is about, by the provider's name.")
    user_id: UUID | None = Field(description="The household, as far as that is known.")
    subject: Literal["purchase", "subscription"] | None
    subject_id: UUID | None
    state: EventState
    attempts: int
    next_attempt_at: datetime | None = Field(description="Null unless it is parked.")
    last_error: str | None = Field(description="Why it is not applied.")
    occurred_at: datetime
    received_at: datetime
    applied_at: datetime | None


class PaymentEventDetail(PaymentEventOut):
    """The same with what it says."""

    facts: dict[str, Any] | None = Field(
        examples=[{"payment": {"ref": "pi_1Qx7", "currency": "USD", "captured_cents": 399}}],
        description="What we read in it; null where it is of a kind that we do not follow.",
    )
    payload: dict[str, Any] = Field(
        examples=[{"type": "payment_intent.succeeded"}],
        description="What was sent, less what names people and cards.",
    )


class PaymentEvents(Page[PaymentEventOut]):
    """One page of events, newest first."""


class EventFilter(Input):
    """Which events."""

    state: EventState | None = None
    provider: Name | None = None
    object_ref: Name | None = Field(None, examples=["pi_1Qx7"])
    user_id: UUID | None = None
    cursor: Annotated[str, Field(max_length=500)] | None = None
    page_size: Annotated[int, Field(ge=1, le=100)] = 50


class DecideOnEvent(Input):
    """Why a member of staff has an event applied again, or lets it be."""

    reason: Reason = Field(examples=["The purchase was restored from the backup"])


class AskForReconciliation(Input):
    """Why the providers are asked before the hour is over."""

    reason: Reason = Field(examples=["Webhooks did not arrive during the night"])
