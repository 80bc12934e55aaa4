"""Without a mail server, what a message says is shown by the demo alone."""

import json
from typing import Literal

import pytest
from pydantic import SecretStr

from matinee.core.settings import Settings
from matinee.core.telemetry import configure_logging
from matinee.integrations.mail import Mail, make_mailer

Environment = Literal["production", "development", "demo", "test"]
SECRET = SecretStr("a secret of the test suite, long enough")


async def logged(environment: Environment, capsys: pytest.CaptureFixture[str]) -> str:
    configure_logging("info", "json")
    mailer = make_mailer(Settings(environment=environment, secret_key=SECRET))
    await mailer.send(Mail(to="ana@example.com", subject="A new password", text="the link"))
    return str(json.loads(capsys.readouterr().out)["text"])


async def test_the_demo_shows_a_link(capsys: pytest.CaptureFixture[str]) -> None:
    assert await logged("demo", capsys) == "the link"


@pytest.mark.parametrize("environment", ["production", "development", "test"])
async def test_no_other_installation_shows_a_link(
    environment: Environment, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "the link" not in await logged(environment, capsys)
