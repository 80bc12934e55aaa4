"""Commands for the audit log."""

from functools import partial
from typing import Annotated

import orjson
import typer

from matinee.admin.schemas import AuditVerification
from matinee.admin.seals import verify as verify_seals
from matinee.cli.console import CommandFailed
from matinee.cli.database import command_settings, with_runtime
from matinee.runtime import Runtime

app = typer.Typer(no_args_is_help=True, help="The audit log.")


@app.callback()
def _group() -> None:
    pass


@app.command()
def verify(
    head: Annotated[
        str | None, typer.Option(help="A head noted earlier; it must still be in the chain.")
    ] = None,
) -> None:
    """Succeed if nothing in the audit log was changed since it was written.

    Prints what was found as JSON; note its `head` somewhere else.
    """
    found = with_runtime(command_settings(), partial(_verify, head))
    typer.echo(orjson.dumps(found.model_dump(mode="json"), option=orjson.OPT_INDENT_2))
    if not found.intact:
        raise CommandFailed(f"The audit log was changed: {found.broken_seals} broken seals.")


async def _verify(head: str | None, runtime: Runtime) -> AuditVerification:
    timeout = runtime.settings.job_statement_timeout_ms
    async with runtime.database.read(statement_timeout_ms=timeout) as tx:
        return await verify_seals(tx, head)
