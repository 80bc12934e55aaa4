"""What the practice provider does by itself: posting webhooks, ending slow payments, renewals."""

from typing import Any

from matinee.core.jobs import EVERY_HOUR, JobRun, job


@job("sandbox.deliver", attempts=12)
async def deliver(runtime: Any, _run: JobRun, events: list[str]) -> None:
    """Post events one after another; where one is not taken, all are posted again later."""
    await runtime.payments.sandbox.post(events)


@job("sandbox.capture")
async def capture(runtime: Any, _run: JobRun, ref: str) -> None:
    """End a slow payment, or the first one of a subscription."""
    await runtime.payments.sandbox.confirm(ref, "ok")


@job("sandbox.open_dispute")
async def open_dispute(runtime: Any, _run: JobRun, ref: str) -> None:
    """Have the bank ask for a payment back."""
    await runtime.payments.sandbox.dispute(ref, "open")


@job("sandbox.renew", every=EVERY_HOUR)
async def renew(runtime: Any, _run: JobRun) -> None:
    """Renew subscriptions whose periods have ended; give up what nobody confirmed."""
    if "sandbox" in runtime.payments:
        await runtime.payments.sandbox.let_time_pass()
