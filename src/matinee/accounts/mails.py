"""Messages about the account itself, sent by a job so that a slow mail server delays nobody."""

from uuid import UUID

from matinee.core.jobs import JobRun, job
from matinee.integrations.mail import Mail
from matinee.runtime import Runtime

_ADDRESS = "SELECT email FROM users WHERE user_id = :user_id"

SECURITY_EVENTS = {
    "pin_locked": (
        "A profile was locked",
        "Somebody entered a wrong PIN five times for the profile “{detail}”. "
        "It is locked for 15 minutes; the account password resets the PIN.",
    ),
    "password_changed": (
        "Your password was changed",
        "The password of your account was changed and all other devices were signed out. "
        "If that was not you, reset it at {url}/reset.",
    ),
    "deletion_requested": (
        "Your account will be deleted",
        "Your account will be deleted in {detail} days. Sign in before then to keep it.",
    ),
}


@job("accounts.send_security_mail")
async def send_security_mail(
    runtime: Runtime, _run: JobRun, *, user_id: str, event: str, detail: str = ""
) -> None:
    """Tell the owner of an account about something that touches its safety."""
    subject, text = SECURITY_EVENTS[event]
    url = runtime.settings.public_url
    await _send(runtime, UUID(user_id), subject, text.format(detail=detail, url=url))


@job("accounts.send_reset_link")
async def send_reset_link(runtime: Runtime, _run: JobRun, *, user_id: str, token: str) -> None:
    """Send the link with which a forgotten password is replaced."""
    link = f"{runtime.settings.public_url}/reset?token={token}"
    text = f"Choose a new password within 30 minutes: {link}\nIgnore this if you did not ask."
    await _send(runtime, UUID(user_id), "Choose a new password", text)


async def _send(runtime: Runtime, user_id: UUID, subject: str, text: str) -> None:
    async with runtime.database.read() as tx:
        address = await tx.scalar(_ADDRESS, user_id=user_id)
    if address:
        await runtime.mailer.send(Mail(to=address, subject=subject, text=text))
