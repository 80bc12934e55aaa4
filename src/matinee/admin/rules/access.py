"""Rules about what households may play: grants follow from what was paid, and from nothing else."""

from matinee.admin.rules.rule import Rule, sql
from matinee.entitlements.subscriptions.grants import SLACK

# Of deleted households purchases are kept for the books, grants are not.
_OF_PURCHASES = """
    -- cross-user
    SELECT p.id FROM purchases p
    JOIN users u ON u.user_id = p.user_id AND u.status <> 'deleted'
    LEFT JOIN user_entitlements g
        ON g.user_id = p.user_id AND g.source_type = 'tvod' AND g.source_id = p.id
    GROUP BY p.user_id, p.id
    HAVING bool_or((g.kind, g.title_id, g.season_id, g.quality)
               IS DISTINCT FROM (p.kind, p.title_id, p.season_id, p.quality) AND g.id IS NOT NULL)
       OR count(g.id) <> (p.captured_cents > 0 AND p.captured_cents >= p.amount_cents)::int
       OR count(g.id) FILTER (WHERE g.revoked_at IS NULL) <> (
            p.captured_cents > 0 AND p.captured_cents >= p.amount_cents
            AND p.refund_requested_at IS NULL
            AND p.status NOT IN ('refunded', 'charged_back'))::int
"""
_UNPAID = """
    -- cross-user
    SELECT g.id FROM user_entitlements g
    WHERE g.source_type = 'tvod'
      AND NOT EXISTS (SELECT FROM purchases p WHERE p.user_id = g.user_id AND p.id = g.source_id)
    UNION ALL
    SELECT g.id FROM user_entitlements g
    WHERE g.source_type = 'svod'
      AND NOT EXISTS (
          SELECT FROM subscriptions s WHERE s.user_id = g.user_id AND s.id = g.source_id)
"""
_RENTALS = """
    -- cross-user
    SELECT g.id FROM user_entitlements g
    LEFT JOIN purchases p ON p.user_id = g.user_id AND p.id = g.source_id
    WHERE g.kind = 'rent' AND g.expires_at <> CASE
        WHEN g.first_played_at IS NOT NULL
            THEN g.first_played_at + make_interval(hours => g.rental_window_hours)
        ELSE g.starts_at + make_interval(hours => p.start_within_hours)
    END
"""
_LIVE_BASES = """
    -- cross-user
    SELECT user_id FROM subscriptions
    WHERE is_base AND status IN ('trialing', 'active', 'past_due', 'paused')
    GROUP BY user_id HAVING count(*) > 1
"""
# A package whose terms were edited since the news may have had other days of grace then; so they
# are only known to be at most the most there can be.
_OF_SUBSCRIPTIONS = f"""
    -- cross-user
    WITH followed AS (
        SELECT s.user_id, s.id, s.package_id, s.status, s.current_period_end AS ends,
               coalesce(s.past_due_since, s.facts_at) AS due_since, p.grace_days,
               p.updated_at > s.facts_at - interval '1 hour' AS edited,
               CASE
                   WHEN s.failure_code = 'duplicate' AND s.status = 'canceled' THEN NULL
                   WHEN s.status = 'trialing' THEN coalesce(s.trial_end, s.current_period_end)
                   WHEN s.status = 'active' AND NOT s.cancel_at_period_end
                       THEN coalesce(s.current_period_end, s.trial_end)
                            + make_interval(secs => {SLACK.total_seconds()})
                   WHEN s.status IN ('active', 'paused')
                       THEN coalesce(s.current_period_end, s.trial_end)
                   WHEN s.status = 'past_due'
                       THEN greatest(s.current_period_end, coalesce(s.past_due_since, s.facts_at)
                                     + make_interval(days => p.grace_days))
                   WHEN s.status = 'canceled' AND coalesce(s.current_period_end, s.trial_end)
                       IS NOT NULL
                       THEN least(coalesce(s.current_period_end, s.trial_end), s.facts_at)
               END AS until
        FROM subscriptions s
        JOIN users u ON u.user_id = s.user_id AND u.status <> 'deleted'
        JOIN content_packages p ON p.id = s.package_id
    )
    SELECT f.id FROM followed f
    LEFT JOIN user_entitlements g
        ON g.user_id = f.user_id AND g.source_type = 'svod' AND g.source_id = f.id
    WHERE CASE
        WHEN f.until IS NULL THEN g.id IS NOT NULL AND g.expires_at IS DISTINCT FROM g.starts_at
        WHEN g.id IS NULL OR g.package_id <> f.package_id OR g.revoked_at IS NOT NULL THEN true
        WHEN f.status = 'past_due' AND f.edited
            THEN NOT g.expires_at BETWEEN coalesce(f.ends, f.due_since)
                 AND greatest(f.ends, f.due_since + interval '30 days')
        ELSE g.expires_at IS DISTINCT FROM f.until
    END
"""
_CODES = """
    -- cross-user
    SELECT c.id FROM promo_codes c
    WHERE c.redeemed < (SELECT count(*) FROM promo_redemptions r WHERE r.promo_id = c.id)
"""

# A household may play more than it could begin now: its limit shrank since. That no slot was above
# the limit when it was taken is a constraint of the table; what began before there were slots has
# no right noted.
_STREAMS = """
    -- cross-user
    SELECT v.id FROM viewing_sessions v
    WHERE v.ended_at IS NULL AND v.lease_until > clock_timestamp() AND v.access_via IS NOT NULL
      AND NOT EXISTS (
          SELECT FROM stream_slots k
          WHERE k.user_id = v.user_id AND k.session_id = v.id AND k.device_id = v.device_id)
"""

# A heartbeat that came after the blackout was there and had begun should have ended the session.
_BLACKED_OUT = """
    -- cross-user
    SELECT v.id FROM viewing_sessions v
    WHERE v.ended_at IS NULL AND v.lease_until > clock_timestamp() AND v.channel_id IS NOT NULL
      AND v.airing_id IS NULL AND EXISTS (
          SELECT FROM blackouts b
          WHERE b.channel_id = v.channel_id AND b.territory IN (v.territory, '**')
            AND greatest(b.starts_at, b.created_at) < v.heartbeat_at - interval '5 seconds'
            AND clock_timestamp() < b.ends_at)
"""

RULES = (
    Rule(
        "paid_purchases_have_one_grant",
        "A purchase that was paid in full has exactly one grant, of just what was bought, and it is"
        " revoked exactly if the money was given back, is being given back, or was charged back.",
        sql(_OF_PURCHASES),
    ),
    Rule(
        "grants_have_a_cause",
        "Every grant of a purchase or a subscription names one of the same household.",
        sql(_UNPAID),
    ),
    Rule(
        "rentals_end_on_time",
        "A rental ends its window after its first play; before that, when it must be begun.",
        sql(_RENTALS),
    ),
    Rule(
        "one_live_base_subscription",
        "No household has two base subscriptions at a time.",
        sql(_LIVE_BASES),
    ),
    Rule(
        "subscription_grants_follow_facts",
        "A subscription has one grant, of its package, that ends when its provider's news say; one"
        " that never began, or doubled another, gives nothing.",
        sql(_OF_SUBSCRIPTIONS),
    ),
    Rule(
        "streams_hold_slots",
        "Every stream that runs holds one of the streams that its household might have when it"
        " began; it may go on when the household may have fewer since.",
        sql(_STREAMS),
    ),
    Rule(
        "blackouts_end_streams",
        "Nobody goes on watching a channel where and while it must not be shown.",
        sql(_BLACKED_OUT),
    ),
    Rule(
        "codes_are_counted",
        "No code was redeemed more often than it counts.",
        sql(_CODES),
    ),
)
