"""An index that finds the titles nearest to a vector."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

# expand: old and new code both work with the result; contract: only new code does
PHASE = "expand"

_CREATE = """
    CREATE INDEX content_embeddings_search ON content_embeddings
    USING hnsw (embedding vector_cosine_ops) WITH (m = 16, ef_construction = 64)
    WHERE purpose = 'search'
"""


def upgrade() -> None:
    op.execute(_CREATE)


def downgrade() -> None:
    op.drop_index("content_embeddings_search", "content_embeddings")
