"""Packages, offers, grants, purchases, subscriptions, payments, streams."""

from alembic import op

from matinee.migrations.sql import read_sql, run_script

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

# expand: old and new code both work with the result; contract: only new code does
PHASE = "expand"

TABLES = (
    "stream_slots",
    "purchases",
    "purchase_refunds",
    "title_offers",
    "user_entitlements",
    "trial_redemptions",
    "subscriptions",
    "subscription_changes",
    "promo_codes",
    "package_rules",
    "package_contents",
    "subscription_payments",
    "sandbox_objects",
    "promo_redemptions",
    "payment_objects",
    "payment_reconciliations",
    "payment_events",
    "ledger_entries",
    "content_packages",
    "account_holds",
)
OF_SESSIONS = (
    "request_hash",
    "idempotency_key",
    "play_until",
    "entitled_until",
    "grant_id",
    "access_via",
)


def upgrade() -> None:
    run_script(op.get_bind(), read_sql("0006_entitlements"))


def downgrade() -> None:
    run_script(op.get_bind(), read_sql("0006_entitlements_down"))
    for table in TABLES:
        op.drop_table(table)
    for column in OF_SESSIONS:
        op.drop_column("viewing_sessions", column)
    op.drop_column("users", "subscription_tier")
