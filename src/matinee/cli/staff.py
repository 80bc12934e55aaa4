"""Commands for the operator's own people."""

import sys
from functools import partial
from typing import Annotated

import typer

from matinee.accounts.schemas import StaffRole
from matinee.accounts.staffing import create_staff
from matinee.cli.database import command_settings, with_runtime

app = typer.Typer(no_args_is_help=True, help="The operator's own people.")


@app.callback()
def _group() -> None:
    pass


@app.command()
def create(
    email: Annotated[str, typer.Argument(help="With which the person signs in.")],
    role: Annotated[StaffRole, typer.Option(help="What the person may do.")] = "admin",
    country: Annotated[str | None, typer.Option(help="Two letters, such as DE.")] = None,
) -> None:
    """Let somebody run the service; asks for a password, or reads one from standard input."""
    settings = command_settings()
    password = _password()
    create_one = partial(
        create_staff,
        email=email,
        password=password,
        role=role,
        country=country or settings.operator_country,
    )
    with_runtime(settings, create_one)
    typer.echo(f"{email} is {role} now.")


def _password() -> str:
    if sys.stdin.isatty():
        return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True))
    return sys.stdin.readline().rstrip("\n")
