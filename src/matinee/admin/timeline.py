"""What happened to a household, in the order of time: for support, which has to explain it."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import Field

from matinee.core.database import ReadTx, Row
from matinee.core.errors import NotFound
from matinee.core.paging import decode_cursor, encode_cursor
from matinee.core.schema import Output, Page

Kind = Literal[
    "purchase", "refund", "payment", "subscription", "grant", "code", "hold", "event", "stream",
    "staff",
]  # fmt: skip

KEY = (datetime, str)

_EXISTS = "SELECT user_id FROM users WHERE user_id = :user_id"

_PURCHASES = """
    SELECT p.created_at AS at, 'purchase' AS kind, 'ordered' AS action, p.id::text AS id,
           'household' AS by, NULL AS by_id, p.title_id, NULL::uuid AS package_id,
           p.amount_cents::bigint AS cents, p.currency, NULL AS reason,
           jsonb_build_object('purchase_id', p.id, 'offer_type', p.kind, 'quality', p.quality,
               'status', p.status, 'failure_code', p.failure_code, 'profile_id', p.profile_id,
               'provider', p.provider) AS details
    FROM purchases p WHERE p.user_id = :user_id
"""
_REFUNDS = """
    SELECT step.at, 'refund', step.action, r.id::text, step.by, NULL, p.title_id, NULL,
           r.amount_cents, p.currency, NULL,
           jsonb_build_object('purchase_id', r.purchase_id, 'failure_code', r.failure_code)
    FROM purchase_refunds r
    JOIN purchases p ON p.user_id = r.user_id AND p.id = r.purchase_id
    CROSS JOIN LATERAL (VALUES
        (r.created_at, 'wanted', r.requested_by), (r.settled_at, r.status, 'provider')
    ) AS step (at, action, by)
    WHERE r.user_id = :user_id AND step.at IS NOT NULL
"""
# What moved, tax included, from the side of the provider's account.
_PAYMENTS = """
    SELECT min(l.created_at), 'payment', split_part(l.movement, ':', 1), l.movement, 'provider',
           NULL, min(p.title_id::text)::uuid, min(s.package_id::text)::uuid,
           sum(l.amount_cents)::bigint, min(l.currency), NULL,
           jsonb_strip_nulls(jsonb_build_object(
               'purchase_id', min(l.purchase_id::text),
               'subscription_id', min(l.subscription_id::text),
               'provider', split_part(min(CASE WHEN l.debit LIKE 'provider:%' THEN l.debit
                   ELSE l.credit END), ':', 2)))
    FROM ledger_entries l
    LEFT JOIN purchases p ON p.user_id = l.user_id AND p.id = l.purchase_id
    LEFT JOIN subscriptions s ON s.user_id = l.user_id AND s.id = l.subscription_id
    WHERE l.user_id = :user_id GROUP BY l.movement
"""
_SUBSCRIPTIONS = """
    SELECT step.at, 'subscription', step.action, s.id::text, step.by, NULL, NULL, s.package_id,
           s.price_cents, s.currency, NULL,
           jsonb_build_object('subscription_id', s.id, 'status', s.status,
               'failure_code', s.failure_code, 'current_period_end', s.current_period_end,
               'cancel_at_period_end', s.cancel_at_period_end, 'provider', s.provider)
    FROM subscriptions s
    CROSS JOIN LATERAL (VALUES
        (s.created_at, 'ordered', 'household'), (s.past_due_since, 'past_due', 'provider'),
        (s.canceled_at, 'canceled', 'provider')
    ) AS step (at, action, by)
    WHERE s.user_id = :user_id AND step.at IS NOT NULL
"""
_CHANGES = """
    SELECT step.at, 'subscription', step.action, c.id::text, step.by, NULL, NULL, c.package_id,
           c.prorated_cents, s.currency, NULL,
           jsonb_build_object('subscription_id', c.subscription_id,
               'failure_code', c.failure_code)
    FROM subscription_changes c
    JOIN subscriptions s ON s.user_id = c.user_id AND s.id = c.subscription_id
    CROSS JOIN LATERAL (VALUES
        (c.created_at, 'change_wanted', 'household'),
        (c.settled_at, 'change_' || c.status, 'provider')
    ) AS step (at, action, by)
    WHERE c.user_id = :user_id AND step.at IS NOT NULL
"""
_GRANTS = """
    SELECT step.at, 'grant', step.action, g.id::text, step.by, NULL, g.title_id, g.package_id,
           NULL, NULL, step.reason,
           jsonb_build_object('grant_id', g.id, 'source_type', g.source_type,
               'source_id', g.source_id, 'grant_kind', g.kind, 'starts_at', g.starts_at,
               'expires_at', g.expires_at)
    FROM user_entitlements g
    CROSS JOIN LATERAL (VALUES
        (g.created_at, 'given', CASE g.source_type WHEN 'admin' THEN 'staff' ELSE 'system' END,
         NULL),
        (g.first_played_at, 'first_played', 'household', NULL),
        (g.revoked_at, 'revoked', 'system', g.revoke_reason)
    ) AS step (at, action, by, reason)
    WHERE g.user_id = :user_id AND step.at IS NOT NULL
"""
_CODES = """
    SELECT r.created_at, 'code', 'redeemed', r.promo_id::text, 'household', NULL, c.title_id,
           c.package_id, NULL, NULL, NULL,
           jsonb_build_object('promo_id', r.promo_id, 'label', c.label, 'grant_id', r.grant_id)
    FROM promo_redemptions r LEFT JOIN promo_codes c ON c.id = r.promo_id
    WHERE r.user_id = :user_id
"""
_HOLDS = """
    SELECT step.at, 'hold', step.action, h.id::text,
           CASE h.reason WHEN 'dispute' THEN 'provider' ELSE 'staff' END, NULL, NULL, NULL,
           NULL, NULL, h.reason,
           jsonb_build_object('hold_id', h.id, 'blocks_playback', h.blocks_playback,
               'blocks_purchase', h.blocks_purchase, 'source_id', h.source_id)
    FROM account_holds h
    CROSS JOIN LATERAL (VALUES (h.created_at, 'placed'), (h.lifted_at, 'lifted'))
        AS step (at, action)
    WHERE h.user_id = :user_id AND step.at IS NOT NULL
"""
_EVENTS = """
    SELECT e.received_at, 'event', e.state, e.provider || ' ' || e.event_id, 'provider', e.provider,
           NULL, NULL, NULL, NULL, e.last_error,
           jsonb_build_object('event_id', e.event_id, 'type', e.type,
               'occurred_at', e.occurred_at, 'applied_at', e.applied_at, 'attempts', e.attempts)
    FROM payment_events e WHERE e.user_id = :user_id
"""
# What somebody watches is nobody's business here; that a stream ran, and by which right, is.
_STREAMS = """
    SELECT step.at, 'stream', step.action, v.id::text, 'household', NULL, NULL, NULL, NULL, NULL,
           step.reason,
           jsonb_build_object('session_id', v.id, 'device_name', v.device_name,
               'access_via', v.access_via, 'grant_id', v.grant_id)
    FROM viewing_sessions v
    CROSS JOIN LATERAL (VALUES
        (v.started_at, 'started', NULL), (v.ended_at, 'ended', v.end_reason)
    ) AS step (at, action, reason)
    WHERE v.user_id = :user_id AND step.at IS NOT NULL
"""
_STAFF = """
    SELECT a.occurred_at, 'staff', a.action, a.id::text,
           CASE a.actor_type WHEN 'user' THEN 'staff' ELSE a.actor_type END, a.actor_id,
           NULL, NULL, NULL, NULL, a.reason,
           jsonb_build_object('changes', a.changes, 'targets', a.targets, 'role', a.role)
    FROM admin_audit_log a WHERE a.targets @> jsonb_build_object('user', :user_id::text)
"""
_EVERYTHING = "UNION ALL".join(
    (_PURCHASES, _REFUNDS, _PAYMENTS, _SUBSCRIPTIONS, _CHANGES, _GRANTS, _CODES, _HOLDS, _EVENTS,
     _STREAMS, _STAFF)
)  # fmt: skip
# Ids of different kinds may be alike, so the last key of the order is all that names an entry.
_PAGE = f"""
    WITH page AS (
        SELECT *, kind || ':' || action || ':' || id AS entry FROM ({_EVERYTHING}) AS everything
        WHERE (:kind::text IS NULL OR kind = :kind)
          AND (:before::timestamptz IS NULL
               OR (at, kind || ':' || action || ':' || id) < (:before, :before_entry::text))
        ORDER BY at DESC, entry DESC LIMIT :wanted
    )
    SELECT page.entry AS id, page.at, page.kind, page.action, page.by, page.by_id,
           u.email AS by_email, page.title_id, t.name AS title_name, p.slug AS package,
           page.cents AS amount_cents, page.currency, page.reason, page.details
    FROM page
    LEFT JOIN users u ON page.by = 'staff' AND u.user_id::text = page.by_id
    LEFT JOIN titles t ON t.id = page.title_id
    LEFT JOIN content_packages p ON p.id = page.package_id
    ORDER BY page.at DESC, page.entry DESC
"""


class TimelineEntry(Output):
    """Something that happened to a household, and who did it."""

    id: str = Field(examples=["purchase:ordered:0199f3a4-1b2c-7d3e-8f40-5a6b7c8d9e0f"])
    at: datetime
    kind: Kind
    action: str = Field(
        examples=["ordered"],
        description="Of an event its state, of a change by staff the action in the audit log.",
    )
    by: Literal["household", "staff", "provider", "system", "cli"]
    by_id: str | None = Field(description="Of staff its account, of events their provider.")
    by_email: str | None
    title_id: UUID | None
    title_name: str | None
    package: str | None = Field(examples=["premium"])
    amount_cents: int | None
    currency: str | None
    reason: str | None = Field(description="What staff wrote, or why it ended, failed or waits.")
    details: dict[str, Any] = Field(examples=[{"status": "paid", "offer_type": "rent"}])


class Timeline(Page[TimelineEntry]):
    """One page of what happened to a household, newest first."""


async def list_timeline(
    tx: ReadTx, user_id: UUID, kind: Kind | None, cursor: str | None, page_size: int
) -> Timeline:
    """Orders, money, grants, subscriptions, codes, holds, news of providers, streams, staff.

    Deleted households have one too: what is kept for the books may be disputed later.

    Raises:
        NotFound: there never was such a household.
        BadCursor: it is not one of ours.
    """
    before, before_entry = decode_cursor(cursor, KEY) if cursor else (None, None)
    if await tx.scalar(_EXISTS, user_id=user_id) is None:
        raise NotFound()
    rows = await tx.all(
        _PAGE,
        user_id=user_id,
        kind=kind,
        before=before,
        before_entry=before_entry,
        wanted=page_size + 1,
    )
    page = rows[:page_size]
    more = len(rows) > len(page)
    return Timeline(
        items=[_entry(row) for row in page],
        next_cursor=encode_cursor(page[-1]["at"], page[-1]["id"]) if more else None,
    )


def _entry(row: Row) -> TimelineEntry:
    return TimelineEntry.model_validate(dict(row))
