"""Tables of running the service: audit log and seals, imports, progress of jobs."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Identity, Index, LargeBinary, text
from sqlalchemy.dialects.postgresql import INET, JSONB
from sqlalchemy.dialects.postgresql.base import ischema_names
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import UserDefinedType

from matinee.models.base import EMPTY_OBJECT, LOCAL, Base, key, moment, one_of


class TransactionId(UserDefinedType[str]):
    """PostgreSQL's xid8: the 64-bit number of a transaction."""

    cache_ok = True

    def get_col_spec(self, **_options: Any) -> str:
        """The type's name in DDL."""
        return "xid8"


class AdminAuditLog(Base):
    """Who of the staff changed what and why (O-04); rows are only ever added."""

    __tablename__ = "admin_audit_log"
    __table_args__ = (
        CheckConstraint(one_of("actor_type", "user", "system", "provider", "cli"), "actor_type"),
        CheckConstraint("action ~ '^[a-z_]+\\.[a-z_]+$'", "action"),
        Index("admin_audit_log_time", "occurred_at", "id"),
        Index(
            "admin_audit_log_targets",
            "targets",
            postgresql_using="gin",
            postgresql_ops={"targets": "jsonb_path_ops"},
        ),
        Index("admin_audit_log_xid", "xid"),
        {"info": LOCAL},
    )

    id: Mapped[UUID] = key()
    xid: Mapped[str] = mapped_column(TransactionId, server_default=text("pg_current_xact_id()"))
    occurred_at: Mapped[datetime] = moment()
    actor_type: Mapped[str]
    actor_id: Mapped[str]
    actor_label: Mapped[str | None]
    role: Mapped[str | None]
    action: Mapped[str]
    targets: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=EMPTY_OBJECT)
    changes: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=EMPTY_OBJECT)
    reason: Mapped[str | None]
    request_id: Mapped[str | None]
    ip: Mapped[str | None] = mapped_column(INET)


class AuditSeal(Base):
    """A link of the hash chain over all audit rows of transactions below `upto_xid`."""

    __tablename__ = "audit_seals"
    __table_args__ = ({"info": LOCAL},)

    n: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    upto_xid: Mapped[str] = mapped_column(TransactionId, unique=True)
    rows: Mapped[int]
    previous: Mapped[bytes] = mapped_column(LargeBinary)
    seal: Mapped[bytes] = mapped_column(LargeBinary)
    sealed_at: Mapped[datetime] = moment()


class Import(Base):
    """An uploaded file on its way into the catalogue, and the report of what became of it."""

    __tablename__ = "imports"
    __table_args__ = (
        CheckConstraint(
            one_of("state", "uploading", "queued", "running", "done", "failed", "canceled"), "state"
        ),
        Index("imports_idempotency", "actor_id", "idempotency_key", unique=True),
        {"info": LOCAL},
    )

    id: Mapped[UUID] = key()
    kind: Mapped[str]
    format: Mapped[str]
    actor_id: Mapped[str]
    idempotency_key: Mapped[str | None]
    request_hash: Mapped[bytes | None] = mapped_column(LargeBinary)
    options: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=EMPTY_OBJECT)
    state: Mapped[str] = mapped_column(server_default="queued")
    job_id: Mapped[int | None] = mapped_column(BigInteger)
    rows_done: Mapped[int] = mapped_column(server_default="0")
    report: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=EMPTY_OBJECT)
    created_at: Mapped[datetime] = moment()
    finished_at: Mapped[datetime | None]


class ImportChunk(Base):
    """A piece of an uploaded file, kept until the import has ended."""

    __tablename__ = "import_chunks"
    __table_args__ = ({"info": LOCAL},)

    import_id: Mapped[UUID] = mapped_column(
        ForeignKey("imports.id", ondelete="CASCADE"), primary_key=True
    )
    number: Mapped[int] = mapped_column(primary_key=True)
    body: Mapped[bytes] = mapped_column(LargeBinary)


class JobProgress(Base):
    """How far a long job has come; `job_id` is the queue's own number."""

    __tablename__ = "job_progress"
    __table_args__ = ({"info": LOCAL},)

    job_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    done: Mapped[int] = mapped_column(BigInteger, server_default="0")
    total: Mapped[int | None] = mapped_column(BigInteger)
    note: Mapped[str | None]
    updated_at: Mapped[datetime] = moment()


ischema_names["xid8"] = TransactionId  # so that reflection knows the type
