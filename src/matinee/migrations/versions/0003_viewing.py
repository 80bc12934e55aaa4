"""What profiles watched and said about it."""

from alembic import op

from matinee.migrations.sql import read_sql, run_script

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

# expand: old and new code both work with the result; contract: only new code does
PHASE = "expand"

TABLES = (
    "play_events",
    "viewing_limits",
    "watch_time",
    "profile_signals",
    "title_views",
    "profile_suppressions",
    "ratings",
    "watchlist",
    "bookmarks",
    "viewing_sessions",
)


def upgrade() -> None:
    run_script(op.get_bind(), read_sql("0003_viewing"))


def downgrade() -> None:
    for table in TABLES:
        op.drop_table(table)
    op.drop_column("titles", "segments")
    op.drop_column("profiles", "taste_reset_at")
