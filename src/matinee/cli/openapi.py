"""The command that writes the API's document."""

from pathlib import Path
from typing import Annotated

import orjson
import typer
from pydantic import SecretStr

from matinee.core.settings import Settings
from matinee.main import create_app

app = typer.Typer()


@app.command()
def openapi(
    output: Annotated[Path | None, typer.Option(help="Write to this file.")] = None,
) -> None:
    """Write the API's OpenAPI document; needs neither settings nor a database."""
    document = openapi_document()
    if output is None:
        typer.echo(document, nl=False)
    else:
        output.write_bytes(document)


def openapi_document() -> bytes:
    """The document of the whole API, as it is checked in."""
    settings = Settings(
        environment="test",
        database_url=SecretStr("postgresql://nowhere"),
        log_level="error",
    )
    document = create_app(settings).openapi()
    options = orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE | orjson.OPT_NON_STR_KEYS
    return orjson.dumps(document, option=options)
