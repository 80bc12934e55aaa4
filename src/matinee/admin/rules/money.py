"""Rules about money: what providers confirmed, what the books say, what waits to be applied."""

from matinee.admin.rules.rule import Rule, sql
from matinee.entitlements.ledger import TAX, provider_account, revenue_account

RETURNED = "CASE WHEN dispute = 'lost' THEN captured_cents ELSE refunded_cents END"
"""SQL over `purchases`: what we do not have any more of what was captured."""

PROVIDER, REVENUE = provider_account(""), revenue_account("")
SUBSCRIPTIONS = revenue_account("subscription")

# The books by what each movement was for; entries have two sides, so they add up by themselves.
# Of a part of the amount the same part is tax, rounded down.
_PURCHASES = f"""
    -- cross-user
    WITH booked AS (
        SELECT user_id, purchase_id AS id, currency, substr(ours, {len(PROVIDER) + 1}) AS provider,
               sum(cents) AS cents,
               coalesce(sum(cents) FILTER (WHERE theirs = '{TAX}'), 0) AS tax,
               bool_or(theirs NOT IN ('{TAX}', '{REVENUE}rent', '{REVENUE}buy')) AS astray,
               min(theirs) FILTER (WHERE theirs <> '{TAX}') AS earned,
               max(theirs) FILTER (WHERE theirs <> '{TAX}') AS earned_too
        FROM ledger_entries,
             LATERAL (SELECT debit LIKE '{PROVIDER}%' AS came) AS way,
             LATERAL (SELECT CASE WHEN came THEN debit ELSE credit END AS ours,
                             CASE WHEN came THEN credit ELSE debit END AS theirs,
                             CASE WHEN came THEN amount_cents ELSE -amount_cents END AS cents
             ) AS one
        WHERE purchase_id IS NOT NULL GROUP BY user_id, purchase_id, currency, ours
    ), taken AS (
        SELECT user_id, id, currency, provider, '{REVENUE}' || kind AS earned,
               captured_cents - lost AS cents,
               coalesce(captured_cents * tax_cents::bigint / nullif(amount_cents, 0)
                        - lost * tax_cents::bigint / nullif(amount_cents, 0), 0) AS tax
        FROM purchases, LATERAL (SELECT {RETURNED} AS lost) AS had
    )
    SELECT DISTINCT id
    FROM taken FULL JOIN booked USING (user_id, id, currency, provider)
    WHERE coalesce(taken.cents, 0) <> coalesce(booked.cents, 0)
       OR coalesce(taken.tax, 0) <> coalesce(booked.tax, 0)
       OR booked.astray OR taken.earned <> booked.earned OR taken.earned <> booked.earned_too
"""
_SUBSCRIPTIONS = f"""
    -- cross-user
    WITH booked AS (
        SELECT user_id, subscription_id, currency, sum(cents) AS cents,
               substr(ours, {len(PROVIDER) + 1}) AS provider
        FROM ledger_entries,
             LATERAL (SELECT credit = '{SUBSCRIPTIONS}' AS came) AS way,
             LATERAL (SELECT CASE WHEN came THEN debit ELSE credit END AS ours,
                             CASE WHEN came THEN amount_cents ELSE -amount_cents END AS cents
             ) AS one
        WHERE subscription_id IS NOT NULL GROUP BY user_id, subscription_id, currency, ours
    ), paid AS (
        SELECT user_id, subscription_id, currency, provider,
               sum(amount_cents - refunded_cents) AS cents
        FROM subscription_payments GROUP BY user_id, subscription_id, currency, provider
    )
    SELECT DISTINCT subscription_id
    FROM paid FULL JOIN booked USING (user_id, subscription_id, currency, provider)
    WHERE coalesce(paid.cents, 0) <> coalesce(booked.cents, 0)
"""
_STATUS = """
    -- cross-user
    SELECT id FROM purchases
    WHERE CASE
        WHEN captured_cents > 0 AND dispute = 'lost' THEN status <> 'charged_back'
        WHEN captured_cents > 0 AND refunded_cents = captured_cents THEN status <> 'refunded'
        WHEN captured_cents > 0 AND captured_cents >= amount_cents
            THEN status <> CASE WHEN dispute = 'open' THEN 'disputed' ELSE 'paid' END
        WHEN refunded_cents > 0 THEN status <> 'canceled'
        ELSE status NOT IN ('pending', 'requires_action', 'failed', 'canceled')
    END
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


RULES = (
    Rule(
        "purchases_are_booked",
        "The ledger has of every purchase what was captured less what was given back, to the cent,"
        " in its currency, by provider, revenue and tax.",
        sql(_PURCHASES),
    ),
    Rule(
        "subscription_payments_are_booked",
        "The ledger has of every subscription what was paid less what was given back.",
        sql(_SUBSCRIPTIONS),
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
