"""The first schema."""

from alembic import op

from matinee.migrations.sql import drop_everything, read_sql, run_script

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

# expand: old and new code both work with the result; contract: only new code does
PHASE = "expand"


def upgrade() -> None:
    for extension in ("vector", "pg_trgm", "btree_gist"):
        op.execute(f"CREATE EXTENSION IF NOT EXISTS {extension}")
    run_script(op.get_bind(), read_sql("0001_first_schema"))
    run_script(op.get_bind(), read_sql("job_queue_3_10"))


def downgrade() -> None:
    run_script(op.get_bind(), drop_everything(keep=("alembic_version",)))
