"""What to watch next: neighbours, trends, scores, impressions."""

from alembic import op

from matinee.migrations.sql import read_sql, run_script

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

# expand: old and new code both work with the result; contract: only new code does
PHASE = "expand"

TABLES = (
    "hero_pins",
    "home_rails",
    "mood_answers",
    "rail_impressions",
    "title_update_events",
    "title_scores",
    "trend_plays",
    "title_trends",
    "title_neighbors",
    "recommendation_models",
)


def upgrade() -> None:
    run_script(op.get_bind(), read_sql("0004_recommendations"))


def downgrade() -> None:
    for table in TABLES:
        op.drop_table(table)
    op.drop_column("titles", "number")
    op.drop_column("profiles", "share_taste")
