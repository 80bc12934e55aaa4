"""The audit log: every change by staff is on record or undone, and records cannot be changed."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient

from matinee.accounts.audit import (
    COMMAND_LINE,
    MASKED,
    SYSTEM,
    Actor,
    AuditedWrite,
    record,
)
from matinee.core.errors import NotFound, install_error_handlers
from matinee.core.routing import api_router, install_routes
from matinee.runtime import Runtime
from tests.makers import execute, scalar

TITLE = UUID("0199f3a4-1b2c-7d3e-8f40-5a6b7c8d9e0f")
router = api_router("/test", tag="test")

_ADD = "INSERT INTO genres (slug, name) VALUES ('drama', 'Drama')"


@router.post("/recorded")
async def change_and_record(tx: AuditedWrite) -> None:
    """As it should be."""
    await tx.execute(_ADD)
    await record(tx, SYSTEM, "genre.create", targets={"genre": "drama"})


@router.post("/forgotten")
async def change_without_record(tx: AuditedWrite) -> None:
    """Somebody forgot."""
    await tx.execute(_ADD)


@router.post("/undone")
async def change_and_undo_the_record(tx: AuditedWrite) -> None:
    """The record is part of what is undone, the change is not."""
    await tx.execute(_ADD)
    try:
        async with tx.savepoint():
            await record(tx, SYSTEM, "genre.create", targets={"genre": "drama"})
            raise NotFound
    except NotFound:
        pass


@router.post("/nested")
async def change_within_a_savepoint(tx: AuditedWrite) -> None:
    """Hidden in a nested transaction."""
    async with tx.savepoint():
        await tx.execute(_ADD)


@router.post("/looked")
async def only_look(tx: AuditedWrite) -> None:
    """Nothing is changed."""
    await tx.scalar("SELECT count(*) FROM genres")


@router.post("/idle")
async def do_nothing(tx: AuditedWrite) -> None:
    """Not even a statement."""


@pytest.fixture
async def caller(runtime: Runtime) -> AsyncIterator[AsyncClient]:
    """Calls the routes above."""
    app = FastAPI()
    app.state.runtime = runtime
    install_error_handlers(app)
    install_routes(app, [router], most_bytes=1000, most_upload_bytes=1000)
    transport = ASGITransport(app=app, raise_app_exceptions=False)
    async with AsyncClient(transport=transport, base_url="http://testserver") as client:
        yield client


@pytest.mark.parametrize("path", ["forgotten", "undone", "nested"])
async def test_a_change_that_is_not_on_record_is_undone(
    caller: AsyncClient, runtime: Runtime, path: str
) -> None:
    answer = await caller.post(f"/api/v1/test/{path}")
    assert (answer.status_code, answer.json()["error"]["code"]) == (500, "audit_missing")
    assert await scalar(runtime, "SELECT count(*) FROM genres") == 0


async def test_a_change_that_is_on_record_is_kept(caller: AsyncClient, runtime: Runtime) -> None:
    assert (await caller.post("/api/v1/test/recorded")).status_code == 200
    assert await scalar(runtime, "SELECT count(*) FROM genres") == 1
    assert await scalar(runtime, "SELECT count(*) FROM admin_audit_log") == 1


@pytest.mark.parametrize("path", ["looked", "idle"])
async def test_what_changes_nothing_needs_no_record(caller: AsyncClient, path: str) -> None:
    assert (await caller.post(f"/api/v1/test/{path}")).status_code == 200


async def changes_of(runtime: Runtime, before: dict[str, Any], after: dict[str, Any]) -> Any:
    """What a record keeps of a change."""
    async with runtime.database.write() as tx:
        await record(tx, SYSTEM, "title.update", targets={}, before=before, after=after)
    return await scalar(runtime, "SELECT changes FROM admin_audit_log ORDER BY id DESC LIMIT 1")


async def test_a_record_keeps_what_differs(runtime: Runtime) -> None:
    before = {"name": "Metropols", "year": 1927, "tags": ["a"]}
    after = {"name": "Metropolis", "year": 1927, "id": TITLE}
    assert await changes_of(runtime, before, after) == {
        "name": ["Metropols", "Metropolis"],
        "tags": [["a"], None],
        "id": [None, str(TITLE)],
    }


@pytest.mark.parametrize(
    "name", ["password", "pin_hash", "accessToken", "refresh_token", "purchase_pin", "clientSecret"]
)
async def test_that_a_secret_changed_is_on_record_but_not_the_secret(
    runtime: Runtime, name: str
) -> None:
    assert await changes_of(runtime, {name: "old"}, {name: "new"}) == {name: [MASKED, MASKED]}


async def test_secrets_inside_of_other_values_are_masked(runtime: Runtime) -> None:
    after = {"device": {"name": "TV", "token": "t0ps3cret"}, "list": [{"pin": "1234"}], "raw": b"x"}
    stored = await changes_of(runtime, {}, after)
    assert stored == {
        "device": [None, {"name": "TV", "token": MASKED}],
        "list": [None, [{"pin": MASKED}]],
        "raw": [None, MASKED],
    }


@pytest.mark.parametrize("name", ["opinion", "shipping", "mapping", "hashtags", "spin"])
async def test_words_that_only_contain_a_secret_word_are_kept(runtime: Runtime, name: str) -> None:
    assert await changes_of(runtime, {}, {name: "value"}) == {name: [None, "value"]}


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE admin_audit_log SET actor_id = 'somebody else'",
        "DELETE FROM admin_audit_log",
        "TRUNCATE admin_audit_log",
        "UPDATE audit_seals SET rows = 0",
        "DELETE FROM audit_seals",
        "TRUNCATE audit_seals",
    ],
)
async def test_records_and_seals_can_only_be_added(runtime: Runtime, sql: str) -> None:
    await changes_of(runtime, {}, {})
    await execute(
        runtime,
        "INSERT INTO audit_seals (upto_xid, rows, previous, seal) VALUES ('1', 1, '', '')",
    )
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await execute(runtime, sql)
    assert await scalar(runtime, "SELECT count(*) FROM admin_audit_log") == 1
    assert await scalar(runtime, "SELECT count(*) FROM audit_seals") == 1


@pytest.mark.parametrize("action", ["update", "Title.Update", "title update", "title.update; DROP"])
async def test_an_action_reads_noun_dot_verb(runtime: Runtime, action: str) -> None:
    with pytest.raises(asyncpg.CheckViolationError):
        async with runtime.database.write() as tx:
            await record(tx, COMMAND_LINE, action, targets={})


async def test_a_record_says_who_acted_in_which_role(runtime: Runtime) -> None:
    async with runtime.database.write() as tx:
        await record(tx, Actor("user", "u-1", "editor"), "title.update", targets={"title": TITLE})
        entry = await tx.one("SELECT actor_type, actor_id, role, targets FROM admin_audit_log")
    assert entry is not None
    assert tuple(entry) == ("user", "u-1", "editor", {"title": str(TITLE)})
