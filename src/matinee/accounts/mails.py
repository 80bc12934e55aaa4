"""Messages about the account itself, sent by jobs so that a slow mail server delays nobody."""

from uuid import UUID

from matinee.core.jobs import JobRun, job
from matinee.integrations.mail import Mail
from matinee.runtime import Runtime

_ADDRESS = "SELECT email FROM users WHERE user_id = :user_id AND status <> 'deleted'"

SECURITY_EVENTS = {
    "pin_locked": (
        "A profile was locked",
        "Somebody entered a wrong PIN five times for the profile “{detail}”. "
        "It is locked for 15 minutes; the account password resets the PIN.",
    ),
    "password_changed": (
        "Your password was changed",
        "The password of your account was changed and all other devices were signed out. "
        "If that was not you, choose a new one at {url}/reset.",
    ),
    "address_changed": (
        "Your e-mail address was changed",
        "Your account is now signed in to with another e-mail address. "
        "If that was not you, ask the operator of {url} for help at once.",
    ),
    "deletion_requested": (
        "Your account will be deleted",
        "Your account will be deleted in {detail} days. Sign in before then to keep it.",
    ),
    "deletion_withdrawn": (
        "Your account stays",
        "Somebody signed in, so your account will not be deleted.",
    ),
}


@job("accounts.send_security_mail")
async def send_security_mail(
    runtime: Runtime,
    _run: JobRun,
    *,
    user_id: str,
    event: str,
    _detail: str = "",
    _address: str | None = None,
) -> None:
    """Tell the owner of an account about something that touches its safety.

    `_address` is given where the account's own is the thing that changed. Both underscored
    arguments are people's own data, which lists of jobs leave out.
    """
    subject, text = SECURITY_EVENTS[event]
    text = text.format(detail=_detail, url=runtime.settings.public_url)
    await send_mail(runtime, UUID(user_id), subject, text, address=_address)


async def send_mail(
    runtime: Runtime, user_id: UUID, subject: str, text: str, *, address: str | None = None
) -> None:
    """Send a message to a household; nobody gets it where the account is gone."""
    if address is None:
        async with runtime.database.read() as tx:
            address = await tx.scalar(_ADDRESS, user_id=user_id)
    if address is not None:
        await runtime.mailer.send(Mail(to=address, subject=subject, text=text))
