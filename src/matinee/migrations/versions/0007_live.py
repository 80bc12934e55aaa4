"""Live television: channels, guide, playout, reminders."""

from alembic import op

from matinee.migrations.sql import read_sql, run_script

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

# expand: old and new code both work with the result; contract: only new code does
PHASE = "expand"

TABLES = (
    "schedule_entries",
    "programme_embeddings",
    "programme_suggestions",
    "linear_slots",
    "programmes",
    "schedule_reminders",
    "reminder_series",
    "channel_views",
    "channel_favourites",
    "channel_epg_map",
    "playout_runs",
    "channel_recordings",
    "package_channels",
    "linear_plans",
    "guide_days",
    "epg_source_channels",
    "channel_aliases",
    "blackouts",
    "media_files",
    "guide_revision",
    "export_credentials",
    "epg_sources",
    "epg_imports",
    "channels",
)


def upgrade() -> None:
    run_script(op.get_bind(), read_sql("0007_live"))


def downgrade() -> None:
    run_script(op.get_bind(), read_sql("0007_live_down"))
    for table in TABLES:
        op.drop_table(table)
    op.execute("DROP SEQUENCE channel_stream_numbers")
    op.drop_column("viewing_sessions", "unlocked_until")
    op.drop_column("viewing_sessions", "airing_id")
