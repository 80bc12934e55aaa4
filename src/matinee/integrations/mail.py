"""Sending mail: by SMTP, or into the log where nobody set a server up."""

from dataclasses import dataclass
from email.message import EmailMessage
from typing import Protocol
from urllib.parse import unquote, urlsplit

import aiosmtplib
import structlog

from matinee.core.settings import Settings

log = structlog.get_logger(__name__)

TIMEOUT_SECONDS = 20


@dataclass(frozen=True)
class Mail:
    """One plain-text message."""

    to: str
    subject: str
    text: str


class Mailer(Protocol):
    """Somebody who takes mail."""

    async def send(self, mail: Mail) -> None:
        """Deliver, or raise so that the job is tried again."""
        ...


class SmtpMailer:
    """Hands mail to an SMTP server: `smtp://user:password@host:587` (STARTTLS) or `smtps://…`."""

    def __init__(self, url: str, sender: str) -> None:
        self._server = urlsplit(url)
        self._sender = sender

    async def send(self, mail: Mail) -> None:
        """Deliver one message."""
        message = EmailMessage()
        message["From"] = self._sender
        message["To"] = mail.to
        message["Subject"] = mail.subject
        message.set_content(mail.text)
        await aiosmtplib.send(
            message,
            hostname=self._server.hostname,
            port=self._server.port or (465 if self._server.scheme == "smtps" else 587),
            username=unquote(self._server.username) if self._server.username else None,
            password=unquote(self._server.password) if self._server.password else None,
            use_tls=self._server.scheme == "smtps",
            timeout=TIMEOUT_SECONDS,
        )


class LogMailer:
    """Without a mail server the demo shows messages in its log; others only say they exist."""

    def __init__(self, *, show_text: bool) -> None:
        self._show_text = show_text

    async def send(self, mail: Mail) -> None:
        """Write one line to the log."""
        text = mail.text if self._show_text else "set MATINEE_SMTP_URL to send mail"
        log.warning("mail_not_sent", subject=mail.subject, text=text)


def make_mailer(settings: Settings) -> Mailer:
    """The mailer that the settings ask for."""
    if settings.smtp_url is not None:
        return SmtpMailer(settings.smtp_url.get_secret_value(), settings.mail_from)
    return LogMailer(show_text=settings.environment == "demo")
