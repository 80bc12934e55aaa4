"""Single payments at the practice provider: each function is one step in one transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal
from uuid import uuid4

from pydantic import TypeAdapter

from matinee.core.database import ReadTx, WriteTx
from matinee.core.errors import NotFound, ProviderError
from matinee.integrations.payments.protocol import Charge, Money, PaymentFacts, Reference
from matinee.integrations.payments.sandbox import memory
from matinee.integrations.payments.sandbox.telling import News, Step
from matinee.integrations.payments.sandbox.tokens import Story, story_of

OPEN = ("pending", "requires_action")

_FORGOTTEN = """
    SELECT ref FROM sandbox_objects
    WHERE kind = 'charge' AND state #>> '{facts,state}' = 'requires_action'
      AND created_at <= clock_timestamp() - interval '23 hours'
    ORDER BY created_at, ref
"""


@dataclass(frozen=True, slots=True)
class Payment:
    """A payment as it is remembered; `refunds` are the cents given back, by key."""

    facts: PaymentFacts
    amount: Money
    payment_method: str
    reference: Reference
    refunds: Mapping[str, int] = field(default_factory=dict)

    @property
    def story(self) -> Story:
        """How paying with its token goes."""
        return story_of(self.payment_method)

    def news(self, kind: str) -> News:
        """An event that tells how it is now."""
        return News(kind, self.facts, self.reference)


_STATE: TypeAdapter[Payment] = TypeAdapter(Payment)


async def charge(tx: WriteTx, order: Charge, page: str) -> Step[PaymentFacts]:
    """Take money once by key; `page` is where open payments are confirmed, a prefix of its ref."""
    story = story_of(order.payment_method)
    ref = f"pay_{uuid4().hex}"
    first = Payment(_first_facts(ref, order.amount, story, page), order.amount,
                    order.payment_method, order.reference)  # fmt: skip
    pays_by_itself = story.first == "pending" and not story.slow
    payment = _captured(first) if pays_by_itself else first
    if not await memory.add(tx, "charge", ref, order.key, _dumped(payment)):
        return await _again(tx, order)
    news = [first.news(f"payment.{first.facts.state}")]
    if pays_by_itself:
        news.append(payment.news("payment.captured"))
    return Step(first.facts, story, news)


async def _again(tx: WriteTx, order: Charge) -> Step[PaymentFacts]:
    """The same key for the second time: how its payment stands."""
    kept = await memory.by_key(tx, "charge", order.key)
    payment = _loaded(kept.state) if kept else None
    if payment is None or payment.amount != order.amount:
        raise ProviderError(message="This key was used for another payment.")
    return Step(payment.facts, payment.story)


async def refund(tx: WriteTx, ref: str, amount: Money, key: str) -> Step[PaymentFacts]:
    """Give money back, once by key."""
    payment = await _locked(tx, ref)
    if key in payment.refunds:
        return Step(payment.facts, payment.story)
    facts = payment.facts
    left = facts.captured_cents - facts.refunded_cents
    if amount.currency != facts.currency or not 0 < amount.cents <= left:
        return Step(replace(facts, failure_code="amount_not_refundable"), payment.story)
    facts = replace(facts, refunded_cents=facts.refunded_cents + amount.cents)
    refunds = {**payment.refunds, key: amount.cents}
    return await _kept(tx, replace(payment, facts=facts, refunds=refunds), "payment.refunded")


async def confirm(tx: WriteTx, ref: str, outcome: Literal["ok", "declined"]) -> Step[PaymentFacts]:
    """End an open payment as whoever pays wants it; later clicks change nothing."""
    payment = await _locked(tx, ref)
    if payment.facts.state not in OPEN:
        return Step(payment.facts, payment.story)
    if outcome == "ok":
        return await _kept(tx, _captured(payment), "payment.captured")
    facts = replace(payment.facts, state="failed", failure_code="card_declined", action_url=None)
    return await _kept(tx, replace(payment, facts=facts), "payment.failed")


async def forgotten(tx: ReadTx) -> Sequence[str]:
    """The payments that nobody confirmed for a day."""
    return [row["ref"] for row in await tx.all(_FORGOTTEN)]


async def expire(tx: WriteTx, ref: str) -> Step[PaymentFacts]:
    """Give up a payment that nobody confirmed."""
    payment = await _locked(tx, ref)
    if payment.facts.state not in OPEN:
        return Step(payment.facts, payment.story)
    facts = replace(payment.facts, state="canceled", failure_code="expired", action_url=None)
    return await _kept(tx, replace(payment, facts=facts), "payment.canceled")


async def dispute(
    tx: WriteTx, ref: str, outcome: Literal["open", "won", "lost"]
) -> Step[PaymentFacts]:
    """Have the bank take the payer's side, or have it decide; what is decided stays."""
    payment = await _locked(tx, ref)
    current = payment.facts.dispute
    if not payment.facts.captured_cents or current in ("won", "lost") or current == outcome:
        return Step(payment.facts, payment.story)
    kind = "dispute.opened" if outcome == "open" else f"dispute.{outcome}"
    facts = replace(payment.facts, dispute=outcome)
    return await _kept(tx, replace(payment, facts=facts), kind)


async def find(tx: ReadTx, ref: str | None, key: str) -> PaymentFacts | None:
    """How a payment stands; None where there is none of that name or key."""
    kept = await (memory.by_ref(tx, "charge", ref) if ref else memory.by_key(tx, "charge", key))
    return _loaded(kept.state).facts if kept else None


def _first_facts(ref: str, amount: Money, story: Story, page: str) -> PaymentFacts:
    return PaymentFacts(
        ref=ref,
        currency=amount.currency,
        captured_cents=amount.cents if story.first == "captured" else 0,
        state=story.first,
        failure_code=story.failure_code,
        action_url=f"{page}{ref}" if story.first == "requires_action" else None,
    )


def _captured(payment: Payment) -> Payment:
    cents = payment.amount.cents
    facts = replace(payment.facts, state="captured", captured_cents=cents, action_url=None)
    return replace(payment, facts=facts)


async def _locked(tx: WriteTx, ref: str) -> Payment:
    kept = await memory.locked(tx, "charge", ref)
    if kept is None:
        raise NotFound
    return _loaded(kept.state)


async def _kept(tx: WriteTx, payment: Payment, kind: str) -> Step[PaymentFacts]:
    await memory.keep(tx, payment.facts.ref, _dumped(payment))
    return Step(payment.facts, payment.story, [payment.news(kind)])


def _dumped(payment: Payment) -> dict[str, Any]:
    state: dict[str, Any] = _STATE.dump_python(payment, mode="json")
    return state


def _loaded(state: Mapping[str, Any]) -> Payment:
    return _STATE.validate_python(state)
