"""Search: documents, names, words, history, pins."""

from alembic import op

from matinee.migrations.sql import read_sql, run_script

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

# expand: old and new code both work with the result; contract: only new code does
PHASE = "expand"

TABLES = (
    "search_pins",
    "search_queries",
    "search_history",
    "search_words",
    "search_names",
    "search_documents",
)


def upgrade() -> None:
    run_script(op.get_bind(), read_sql("0005_search"))


def downgrade() -> None:
    op.drop_index("titles_name_prefix", "titles")
    for table in TABLES:
        op.drop_table(table)
