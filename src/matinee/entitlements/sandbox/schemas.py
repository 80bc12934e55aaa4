"""What the practice provider is told, and says."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from matinee.core.schema import Input, Output
from matinee.integrations.payments.protocol import Dispute, PaymentFacts, SubscriptionFacts


class PracticePayment(Input):
    """What whoever pays does on the provider's page."""

    outcome: Literal["ok", "declined"] = Field(examples=["ok"])


class PracticeDispute(Input):
    """What the payer's bank says."""

    outcome: Literal["open", "won", "lost"] = Field(
        examples=["lost"], description="`won` by us: the money stays."
    )


class PracticePaymentOut(Output):
    """How a payment at the practice provider stands."""

    ref: str = Field(examples=["pay_0197f3a2b4c57d10a8e2c0ffee123456"])
    state: str = Field(
        examples=["captured"], description="Of a subscription's first payment: its status."
    )
    failure_code: str | None = Field(examples=["card_declined"])
    dispute: Dispute | None = None

    @classmethod
    def of(cls, facts: PaymentFacts | SubscriptionFacts) -> "PracticePaymentOut":
        """What is shown of facts."""
        if isinstance(facts, SubscriptionFacts):
            return cls(ref=facts.ref, state=facts.status, failure_code=facts.failure_code)
        return cls.model_validate(facts)


class PracticeSubscriptionOut(Output):
    """How a subscription at the practice provider stands."""

    ref: str = Field(examples=["sub_0197f3a2b4c57d10a8e2c0ffee123456"])
    status: str = Field(examples=["active"])
    plan: str | None = Field(examples=["basic"])
    period_start: datetime | None
    period_end: datetime | None
    past_due_since: datetime | None
    cancel_at_period_end: bool
