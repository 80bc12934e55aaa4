"""Writing down what staff change, in the transaction that changes it (O-04)."""

import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends

from matinee.accounts.viewer import Viewer
from matinee.core.context import current_request
from matinee.core.database import WriteTx
from matinee.core.errors import InternalError
from matinee.runtime import RuntimeDep

SECRET_WORDS = frozenset("password passwords secret secrets token tokens pin pins hash".split())
MASKED = "***"
_WORDS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")

_RECORD = """
    INSERT INTO admin_audit_log
        (actor_type, actor_id, role, action, targets, changes, reason, request_id, ip)
    VALUES (:actor_type, :actor_id, :role, :action, :targets::jsonb, :changes::jsonb, :reason,
            :request_id, :ip::inet)
"""
_WROTE_UNRECORDED = """
    SELECT pg_current_xact_id_if_assigned() IS NOT NULL
       AND NOT EXISTS (SELECT FROM admin_audit_log WHERE xid = pg_current_xact_id_if_assigned())
"""


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
        targets={name: str(value) for name, value in targets.items()},
        changes=_difference(before or {}, after or {}),
        reason=reason,
        request_id=request.request_id if request else None,
        ip=request.client_ip if request else None,
    )


def _difference(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    """What differs, as `{name: [old, new]}`; a secret's change shows, but not the secret."""
    return {
        name: [_masked(name, before.get(name)), _masked(name, after.get(name))]
        for name in sorted(before.keys() | after.keys())
        if before.get(name) != after.get(name)
    }


def _masked(name: str, value: Any) -> Any:
    if isinstance(value, bytes | memoryview) or (_is_secret(name) and value is not None):
        return MASKED
    if isinstance(value, Mapping):
        return {str(key): _masked(str(key), inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_masked(name, inner) for inner in value]
    return str(value) if isinstance(value, UUID) else value


@lru_cache(maxsize=1024)
def _is_secret(name: str) -> bool:
    """Whether a word of the name is one of ours: `pin_hash`, `accessToken`, but not `opinion`."""
    return any(word.lower() in SECRET_WORDS for word in _WORDS.findall(name))


async def _audited_write(runtime: RuntimeDep) -> AsyncIterator[WriteTx]:
    async with runtime.database.write() as tx:
        yield tx
        if tx.started and await tx.scalar(_WROTE_UNRECORDED):
            raise AuditMissing()


AuditedWrite = Annotated[WriteTx, Depends(_audited_write, scope="function")]
"""The transaction of staff routes: rolled back when it changed something without an audit row."""
