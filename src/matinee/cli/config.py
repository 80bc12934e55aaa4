"""Commands about settings."""

from pathlib import Path
from typing import Annotated, Any, get_args

import typer
from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

from matinee.core.settings import PREFIX, Settings, load_settings

HEAD = """\
# Configuration

Every setting is an environment variable. Instead of `MATINEE_X`, `MATINEE_X_FILE` may name a file
that holds the value, for secrets. An unknown `MATINEE_*` variable stops the start.

<!-- Written by `matinee config docs`; a test compares it with the settings. -->

| variable | default | meaning |
|---|---|---|
"""

app = typer.Typer(no_args_is_help=True, help="Settings.")


@app.command()
def check() -> None:
    """Show the settings that are in force, or what is wrong with them; secrets stay hidden."""
    settings = load_settings()
    for name in Settings.model_fields:
        origin = "set" if name in settings.model_fields_set else "default"
        typer.echo(f"{variable(name)} = {_shown(getattr(settings, name))}  ({origin})")


@app.command()
def docs(
    output: Annotated[Path | None, typer.Option(help="Write to this file.")] = None,
) -> None:
    """Describe all settings as Markdown."""
    if output is None:
        typer.echo(configuration_page(), nl=False)
    else:
        output.write_text(configuration_page(), encoding="utf-8")


def configuration_page() -> str:
    """The page about all settings, as Markdown."""
    return HEAD + "".join(_row(name, field) for name, field in Settings.model_fields.items())


def _row(name: str, field: FieldInfo) -> str:
    cells = (f"`{variable(name)}`", _default(field), f"{field.description}{_choices(field)}")
    return f"| {' | '.join(cell.replace('|', '&#124;') for cell in cells)} |\n"


def variable(name: str) -> str:
    """The environment variable of a setting."""
    return f"{PREFIX}{name}".upper()


def _default(field: FieldInfo) -> str:
    default = field.get_default(call_default_factory=True, validated_data={})
    if isinstance(default, SecretStr):
        return "must be set in production"
    return f"`{_shown(default)}`" if default not in (None, []) else ""


def _choices(field: FieldInfo) -> str:
    choices = [str(choice) for choice in get_args(field.annotation) if isinstance(choice, str)]
    return f" One of {', '.join(f'`{choice}`' for choice in choices)}." if choices else ""


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return ",".join(value)
    if isinstance(value, BaseModel):
        return value.model_dump_json()
    return "" if value is None else str(value)
