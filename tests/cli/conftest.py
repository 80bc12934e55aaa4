"""Running the `matinee` command inside a test."""

import os
from collections.abc import Callable, Iterator

import pytest
from click.testing import Result
from typer.testing import CliRunner

from matinee.cli import app
from matinee.core.settings import PREFIX
from matinee.core.telemetry import configure_logging
from tests.cli.processes import find_free_port

Matinee = Callable[..., Result]


@pytest.fixture
def no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """No MATINEE_* variable is set."""
    for name in os.environ:
        if name.startswith(PREFIX):
            monkeypatch.delenv(name)


@pytest.fixture
def matinee(no_settings: None, database_url: str) -> Iterator[Matinee]:
    """Run a command on the test's database; keywords are further MATINEE_* settings."""

    def run(*arguments: str, typed: str | None = None, **settings: str) -> Result:
        variables = {"environment": "test", "database_url": database_url} | settings
        env = {f"{PREFIX}{name}".upper(): value for name, value in variables.items()}
        return CliRunner().invoke(app, arguments, input=typed, env=env)

    yield run
    configure_logging("error", "json")


@pytest.fixture
def free_port() -> int:
    """A port that nobody listens on."""
    return find_free_port()
