"""Alembic's entry point; called by `matinee.migrations.state`, which hands it a connection."""

from alembic import context

from matinee.models import Base

OWN_TABLES = frozenset(Base.metadata.tables)


def _is_ours(obj: object, name: str | None, kind: str, _reflected: bool, _other: object) -> bool:
    """Leave out what belongs to the job queue and what alembic cannot compare."""
    table = name if kind == "table" else getattr(getattr(obj, "table", None), "name", None)
    return table is None or table in OWN_TABLES


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    include_object=_is_ours,
    compare_type=True,
    compare_server_default=False,
    transaction_per_migration=True,
)
with context.begin_transaction():
    context.run_migrations()
