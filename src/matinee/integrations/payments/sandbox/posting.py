"""Posting the practice provider's webhooks, signed as the Standard Webhooks page says."""

from collections.abc import Sequence
from datetime import UTC, datetime

import httpx

from matinee.core.errors import ProviderError
from matinee.integrations.payments.signatures import StandardWebhooks

TIMEOUT = httpx.Timeout(10.0)

Message = tuple[str, bytes]
"""The id of an event, and what is posted of it."""


async def post(
    url: str,
    messages: Sequence[Message],
    webhooks: StandardWebhooks,
    transport: httpx.AsyncBaseTransport | None,
) -> None:
    """Post messages one after another.

    Raises:
        ProviderError: one was not taken; those after it were not posted.
    """
    async with httpx.AsyncClient(transport=transport, timeout=TIMEOUT) as client:
        for message_id, body in messages:
            signed = webhooks.sign(message_id, body, datetime.now(UTC))
            headers = {**signed, "content-type": "application/json"}
            try:
                answer = await client.post(url, content=body, headers=headers)
            except httpx.TransportError as error:
                raise ProviderError(message=f"The webhook was not taken: {error!r}.") from None
            if not answer.is_success:
                raise ProviderError(message=f"The webhook was answered by {answer.status_code}.")
