"""Invoices at the practice provider: paid ones only, each remembered as an object of its own."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from uuid import uuid4

from pydantic import TypeAdapter

from matinee.core.database import WriteTx
from matinee.core.errors import NotFound
from matinee.integrations.payments.protocol import InvoiceFacts, Money, PaymentFacts, Reference
from matinee.integrations.payments.sandbox import memory
from matinee.integrations.payments.sandbox.telling import News, Step
from matinee.integrations.payments.sandbox.tokens import story_of

PREFIX = "inv_"


@dataclass(frozen=True, slots=True)
class Invoice:
    """An invoice as it is remembered; `refunds` are the cents given back, by key."""

    facts: InvoiceFacts
    payment_method: str
    reference: Reference
    refunds: Mapping[str, int] = field(default_factory=dict)

    @property
    def as_payment(self) -> PaymentFacts:
        """The same as facts of a payment."""
        facts = self.facts
        return PaymentFacts(
            facts.ref,
            facts.amount.currency,
            captured_cents=facts.amount.cents,
            refunded_cents=facts.refunded_cents,
            state="captured",
        )


_STATE: TypeAdapter[Invoice] = TypeAdapter(Invoice)


def new_ref() -> str:
    """The name of an invoice that is to be made."""
    return f"{PREFIX}{uuid4().hex}"


async def paid(tx: WriteTx, invoice: Invoice) -> list[News]:
    """Remember and tell that an invoice was paid; those over nothing are not written."""
    if not invoice.facts.amount.cents:
        return []
    state = _STATE.dump_python(invoice, mode="json")
    await memory.add(tx, "invoice", invoice.facts.ref, None, state)
    return [News("invoice.paid", invoice.facts, invoice.reference)]


async def refund(tx: WriteTx, ref: str, amount: Money, key: str) -> Step[PaymentFacts]:
    """Give money of an invoice back, once by key."""
    kept = await memory.locked(tx, "invoice", ref)
    if kept is None:
        raise NotFound
    invoice = _STATE.validate_python(kept.state)
    story = story_of(invoice.payment_method)
    if key in invoice.refunds:
        return Step(invoice.as_payment, story)
    facts = invoice.facts
    left = facts.amount.cents - facts.refunded_cents
    if amount.currency != facts.amount.currency or not 0 < amount.cents <= left:
        refused = replace(invoice.as_payment, failure_code="amount_not_refundable")
        return Step(refused, story)
    facts = replace(facts, refunded_cents=facts.refunded_cents + amount.cents)
    refunds = {**invoice.refunds, key: amount.cents}
    invoice = replace(invoice, facts=facts, refunds=refunds)
    await memory.keep(tx, ref, _STATE.dump_python(invoice, mode="json"))
    news = News("invoice.refunded", facts, invoice.reference)
    return Step(invoice.as_payment, story, [news])
