"""What tests of accounts share: a mail box, and jobs that run when asked to."""

import pytest

from matinee.integrations.mail import Mail
from matinee.runtime import Runtime


class MailBox:
    """Takes mail instead of a server."""

    def __init__(self) -> None:
        self.mails: list[Mail] = []

    async def send(self, mail: Mail) -> None:
        """Keep one message."""
        self.mails.append(mail)


@pytest.fixture
def mail_box(runtime: Runtime) -> MailBox:
    """The mail that this installation sends."""
    runtime.mailer = box = MailBox()
    return box
