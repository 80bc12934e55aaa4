"""Where payment providers post what happened."""

from typing import Annotated, Any

from fastapi import Path, Request

from matinee.core.errors import Busy, NotFound, Timeout, problems
from matinee.core.routing import Route, api_router
from matinee.entitlements.webhooks import receiving
from matinee.entitlements.webhooks.schemas import EventTaken
from matinee.integrations.payments.protocol import BadSignature
from matinee.runtime import RuntimeDep


class WebhookRoute(Route):
    """A route whose body is read as it is: its bytes are what was signed."""

    most_bytes = 262_144


router = api_router("/webhooks/payments", tag="webhooks", route_class=WebhookRoute)

BODY: dict[str, Any] = {
    "required": True,
    "description": "An event as the provider writes it, signed by its headers; 256 KiB at most.",
    "content": {"application/json": {"schema": {"type": "object"}}},
}


@router.post(
    "/{provider}",
    summary="Take an event of a payment provider",
    openapi_extra={"requestBody": BODY},
    responses=problems(BadSignature, NotFound, Busy, Timeout),
)
async def take_payment_event(
    request: Request,
    runtime: RuntimeDep,
    provider: Annotated[str, Path(examples=["stripe"], description="Its name.")],
) -> EventTaken:
    """Signed by the provider; kept and applied when this is answered, however often it is posted.

    What cannot be applied yet is kept, too, and tried again. After any other answer than 200
    nothing is kept: post it again.
    """
    body = await request.body()
    return await receiving.receive(runtime, provider, request.headers, body)
