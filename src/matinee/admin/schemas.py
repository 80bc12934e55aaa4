"""Shapes of running the service: audit log, jobs, invariants, status."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import Field

from matinee.core.schema import Output, Page

JobState = Literal["waiting", "running", "succeeded", "failed", "canceled"]


class AuditEntry(Output):
    """Who changed what and why."""

    id: UUID
    occurred_at: datetime
    actor_type: Literal["user", "system", "provider", "cli"]
    actor_id: str
    actor_label: str | None
    role: str | None = Field(examples=["editor"])
    action: str = Field(examples=["title.update"])
    targets: dict[str, Any] = Field(examples=[{"title": "0199f3a4-1b2c-7d3e-8f40-5a6b7c8d9e0f"}])
    changes: dict[str, Any] = Field(
        description="Per field what it was and what it became; secrets are masked.",
        examples=[{"name": ["Metropols", "Metropolis"]}],
    )
    reason: str | None
    request_id: str | None
    ip: str | None


class AuditEntries(Page[AuditEntry]):
    """One page of the audit log, newest first."""


class BrokenSeal(Output):
    """A place where the audit log is not what it was."""

    n: int | None = Field(description="Number of the seal.")
    sealed_at: datetime | None
    reason: Literal["rows_changed", "chain_broken", "head_missing"]


class AuditVerification(Output):
    """Whether anything in the audit log was changed since it was written."""

    intact: bool
    seals: int
    sealed_rows: int
    broken_seals: int
    first_broken: BrokenSeal | None
    unsealed_rows: int = Field(description="Too new to be sealed; a minute later they are.")
    oldest_unsealed_at: datetime | None
    head: str | None = Field(
        description="The last seal; note it elsewhere, and nobody can cut off what came before it.",
        examples=["17:0b1e8d…"],
    )


class JobOut(Output):
    """A background job."""

    id: int
    task: str = Field(examples=["catalog.import_titles"])
    queue: str = Field(examples=["imports"])
    state: JobState
    attempts: int = Field(description="Runs that have ended.")
    cancel_requested: bool
    created_at: datetime | None
    scheduled_at: datetime | None = Field(description="Not before this moment.")
    started_at: datetime | None
    finished_at: datetime | None
    done: int | None = Field(description="How far it has come; null for jobs that do not tell.")
    total: int | None
    note: str | None


class JobDetail(JobOut):
    """A background job with what it was asked to do."""

    arguments: dict[str, Any]


class Jobs(Page[JobOut]):
    """One page of jobs, newest first."""


class Invariant(Output):
    """A rule that the data always keep, and how they keep it now."""

    name: str = Field(examples=["profiles_within_limit"])
    rule: str
    holds: bool
    violations: int
    examples: list[str] = Field(description="What violates it, the first ten.")


class Invariants(Output):
    """Every rule, checked now."""

    hold: bool
    items: list[Invariant]


class Degradation(Output):
    """Something that makes the service less than it should be."""

    code: Literal[
        "redis_away",
        "schema_behind",
        "queue_old",
        "no_worker",
        "jobs_failing",
        "audit_unsealed",
        "model_rejected",
        "payment_events_dead",
        "payment_events_parked",
        "payments_unreconciled",
    ]
    message: str


class Status(Output):
    """How the service is; `degraded` is what the console shows as a banner."""

    version: str
    environment: str
    degraded: list[Degradation]
    waiting_jobs: int
    running_jobs: int
    failed_jobs: int = Field(description="In the last 24 hours.")
    workers: int
    server_time: datetime
