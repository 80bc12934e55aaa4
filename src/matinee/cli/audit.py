"""Commands for the audit log."""

import typer

app = typer.Typer(no_args_is_help=True, help="The audit log.")
