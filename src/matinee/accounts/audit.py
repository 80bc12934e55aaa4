"""Writing down what staff change, in the transaction that changes it (O-04)."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends

from matinee.accounts.viewer import Viewer
from matinee.core.context import current_request
from matinee.core.database import WriteTx
from matinee.core.errors import InternalError
from matinee.runtime import RuntimeDep

SECRET_WORDS = ("password", "secret", "token", "pin", "hash")
MASKED = "***"

_RECORD = """
    INSERT INTO admin_audit_log
        (actor_type, actor_id, role, action, targets, changes, reason, request_id, ip)
    VALUES (:actor_type, :actor_id, :role, :action, :targets::jsonb, :changes::jsonb, :reason,
            :request_id, :ip::inet)
"""
_WROTE_SOMETHING = "SELECT pg_current_xact_id_if_assigned() IS NOT NULL"


class AuditMissing(InternalError):
    """A change by staff was undone because nobody wrote it down."""


@dataclass(frozen=True)
class Actor:
    """Who changes something: staff, the system itself, or somebody at the command line."""

    type: str
    id: str
    role: str | None = None

    @classmethod
    def of(cls, viewer: Viewer) -> "Actor":
        """The member of staff behind a request."""
        return cls("user", str(viewer.household), viewer.role)


SYSTEM = Actor("system", "matinee")
COMMAND_LINE = Actor("cli", "matinee")


async def record(
    tx: WriteTx,
    actor: Actor,
    action: str,
    *,
    targets: Mapping[str, Any],
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    reason: str | None = None,
) -> None:
    """Add one audit row; `changes` keeps what differs between `before` and `after`.

    `action` reads `noun.verb` (`title.update`); `targets` names what was touched (`{"title": id}`).
    """
    request = current_request()
    await tx.execute(
        _RECORD,
        actor_type=actor.type,
        actor_id=actor.id,
        role=actor.role,
        action=action,
        targets={name: _plain(value) for name, value in targets.items()},
        changes=_difference(before or {}, after or {}),
        reason=reason,
        request_id=request.request_id if request else None,
        ip=request.client_ip if request else None,
    )
    tx.audited += 1


def _difference(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    changes: dict[str, Any] = {}
    for name in before.keys() | after.keys():
        old, new = before.get(name), after.get(name)
        if old != new:
            secret = any(word in name.lower() for word in SECRET_WORDS)
            changes[name] = [MASKED, MASKED] if secret else [_plain(old), _plain(new)]
    return changes


def _plain(value: Any) -> Any:
    if isinstance(value, bytes | memoryview):
        return MASKED
    if isinstance(value, UUID):
        return str(value)
    return value


async def _audited_write(runtime: RuntimeDep) -> AsyncIterator[WriteTx]:
    async with runtime.database.write() as tx:
        yield tx
        if not tx.audited and tx.started and await tx.scalar(_WROTE_SOMETHING):
            raise AuditMissing()


AuditedWrite = Annotated[WriteTx, Depends(_audited_write, scope="function")]
"""The transaction of staff routes: rolled back when it changed something without an audit row."""
