"""Rules about money: what providers confirmed, what the books say, what waits to be applied."""

from matinee.admin.rules.rule import Rule, sql
from matinee.entitlements.ledger import TAX, provider_account, revenue_account

# The books by what each movement was for. Entries have two sides, so they add up by themselves.
_BOOKED = """
    SELECT user_id, {cause} AS cause, currency, account, sum(cents)::bigint AS cents
    FROM ledger_entries,
         LATERAL (VALUES (debit, amount_cents), (credit, -amount_cents)) AS side (account, cents)
    WHERE {cause} IS NOT NULL
    GROUP BY user_id, {cause}, currency, account HAVING sum(cents) <> 0
"""
# What is booked and should not be, and what should be and is not.
_DIFFERENCES = """
    -- cross-user
    WITH expected AS ({expected}), booked AS ({booked})
    SELECT DISTINCT cause FROM (
        (TABLE expected EXCEPT TABLE booked) UNION ALL (TABLE booked EXCEPT TABLE expected)
    ) AS difference
"""
RETURNED = "CASE WHEN dispute = 'lost' THEN captured_cents ELSE refunded_cents END"
"""SQL over `purchases`: what we do not have any more of what was captured."""

# Of a part of the amount the same part is tax, rounded down.
_OF_PURCHASES = f"""
    SELECT user_id, id AS cause, currency, account, cents
    FROM purchases,
         LATERAL (SELECT captured_cents::bigint AS taken, ({RETURNED})::bigint AS lost) AS had,
         LATERAL (SELECT coalesce(taken * tax_cents / nullif(amount_cents, 0)
                                  - lost * tax_cents / nullif(amount_cents, 0), 0) AS tax) AS of_it,
         LATERAL (VALUES
             ('{provider_account("")}' || provider, taken - lost),
             ('{revenue_account("")}' || kind, tax - (taken - lost)),
             ('{TAX}', -tax)
         ) AS side (account, cents)
    WHERE cents <> 0
"""
_OF_SUBSCRIPTIONS = f"""
    SELECT user_id, subscription_id AS cause, currency, account, sum(cents)::bigint AS cents
    FROM subscription_payments,
         LATERAL (VALUES
             ('{provider_account("")}' || provider, amount_cents - refunded_cents),
             ('{revenue_account("subscription")}', refunded_cents - amount_cents)
         ) AS side (account, cents)
    GROUP BY user_id, subscription_id, currency, account HAVING sum(cents) <> 0
"""
_STATUS = f"""
    -- cross-user
    SELECT id FROM purchases
    WHERE status NOT IN ('pending', 'requires_action', 'failed', 'canceled')
          <> (captured_cents > 0)
       OR captured_cents > 0 AND status <> CASE
            WHEN dispute = 'lost' THEN 'charged_back'
            WHEN ({RETURNED}) = captured_cents THEN 'refunded'
            WHEN dispute = 'open' THEN 'disputed'
            ELSE 'paid' END
"""
_PARKED = """
    SELECT provider || ' ' || event_id FROM payment_events
    WHERE state IN ('parked', 'dead') AND received_at < clock_timestamp() - interval '1 hour'
"""
_DISPUTE_HOLDS = """
    -- cross-user
    SELECT h.id FROM account_holds h
    JOIN purchases p ON p.user_id = h.user_id AND p.id = h.source_id
    WHERE h.lifted_at IS NULL AND coalesce(p.dispute, 'won') = 'won'
"""


def _differences(expected: str, cause: str) -> str:
    return _DIFFERENCES.format(expected=expected, booked=_BOOKED.format(cause=cause))


RULES = (
    Rule(
        "purchases_are_booked",
        "The ledger has of every purchase what was captured less what was given back, to the cent,"
        " in its currency, by provider, revenue and tax.",
        sql(_differences(_OF_PURCHASES, "purchase_id")),
    ),
    Rule(
        "subscription_payments_are_booked",
        "The ledger has of every subscription what was paid less what was given back.",
        sql(_differences(_OF_SUBSCRIPTIONS, "subscription_id")),
    ),
    Rule(
        "purchase_status_follows_payment",
        "The status of a purchase says what was captured, given back and disputed.",
        sql(_STATUS),
    ),
    Rule(
        "payment_events_are_applied",
        "Nothing that a payment provider told waits for more than an hour to be applied.",
        sql(_PARKED),
    ),
    Rule(
        "dispute_holds_have_a_dispute",
        "No household is on hold for a dispute that it did not begin, or that we have won.",
        sql(_DISPUTE_HOLDS),
    ),
)
