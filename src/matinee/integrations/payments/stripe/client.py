"""Calls of Stripe's API: forms out, JSON in, and every failure a `ProviderError`."""

from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import httpx
import structlog

from matinee.core.errors import ProviderError

log = structlog.get_logger(__name__)

API = "https://api.stripe.com/v1"
VERSION = "2025-12-15.clover"
"""The version of the API by which we ask; answers and webhooks of others are understood too."""
TIMEOUT = httpx.Timeout(10.0)
MOST_PER_PAGE = 100

Object = Mapping[str, Any]
Form = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Answer:
    """What Stripe said, and when by its own clock.

    A `replayed` answer is that of an earlier call with the same key, and may be out of date.
    """

    status: int
    body: Object
    at: datetime
    replayed: bool = False

    @property
    def is_success(self) -> bool:
        """Whether it was done."""
        return self.status < 300

    @property
    def error_code(self) -> str | None:
        """Why it refused: the bank's reason where there is one."""
        error = self.body.get("error") or {}
        return error.get("decline_code") or error.get("code") or error.get("type")


Accept = Callable[[Answer], bool]
"""Which refusals the caller understands."""


def nothing(_answer: Answer) -> bool:
    """No refusal at all."""
    return False


def missing(answer: Answer) -> bool:
    """There is nothing of that name."""
    return answer.status == 404


def card_refused(answer: Answer) -> bool:
    """The card was declined, or there is no such card."""
    error = answer.body.get("error") or {}
    return answer.status == 402 or (answer.status == 400 and error.get("param") == "payment_method")


def refused_for_good(answer: Answer) -> bool:
    """Asking again would change nothing."""
    return answer.status in (400, 402)


def has_code(code: str) -> Accept:
    """Refusals with this code."""
    return lambda answer: answer.error_code == code


def metadata_is(name: str, value: str) -> str:
    """A question to Stripe's search."""
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"metadata['{name}']:'{escaped}'"


class Client:
    """Speaks to one account of Stripe."""

    def __init__(self, secret_key: str, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._http = httpx.AsyncClient(
            base_url=API,
            headers={"Authorization": f"Bearer {secret_key}", "Stripe-Version": VERSION},
            timeout=TIMEOUT,
            transport=transport,
        )

    async def get(
        self, path: str, query: Form | None = None, *, accept: Accept = nothing
    ) -> Answer:
        """Read.

        Raises:
            ProviderError: no answer, or a refusal that is not accepted.
        """
        return await self._ask("GET", path, accept, params=list(_flat(query or {})))

    async def post(
        self, path: str, form: Form, key: str | None = None, *, accept: Accept = nothing
    ) -> Answer:
        """Write, once by key.

        Raises:
            ProviderError: no answer, or a refusal that is not accepted.
        """
        headers = {"Idempotency-Key": key} if key else {}
        data = dict(_flat(form))
        return await self._ask("POST", path, accept, data=data, headers=headers)

    async def delete(self, path: str, *, accept: Accept = nothing) -> Answer:
        """Delete; what is gone already is refused by 404.

        Raises:
            ProviderError: no answer, or a refusal that is not accepted.
        """
        return await self._ask("DELETE", path, accept)

    async def pages(self, path: str, query: Form) -> AsyncIterator[Object]:
        """Everything in a list, page by page."""
        asked = {**query, "limit": MOST_PER_PAGE}
        while True:
            page = (await self.get(path, asked)).body
            for item in page["data"]:
                yield item
            if not page.get("has_more"):
                return
            asked["starting_after"] = page["data"][-1]["id"]

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def _ask(self, method: str, path: str, accept: Accept, **content: Any) -> Answer:
        try:
            response = await self._http.request(method, path, **content)
            body = _object(response)
        except httpx.TransportError as error:
            log.warning("stripe_unreachable", path=path, error=type(error).__name__)
            raise ProviderError from None
        except ValueError:
            log.warning("stripe_unreadable", path=path, status=response.status_code)
            raise ProviderError from None
        answer = Answer(
            response.status_code,
            body,
            _date(response.headers.get("date")),
            response.headers.get("idempotent-replayed") == "true",
        )
        if not response.is_success and not accept(answer):
            _log_refusal(path, answer, response.headers.get("request-id"))
            raise ProviderError
        return answer


def _object(response: httpx.Response) -> Object:
    body = response.json()
    if not isinstance(body, dict):
        raise ValueError("not an object")
    return body


def _log_refusal(path: str, answer: Answer, request_id: str | None) -> None:
    """What staff needs to look into it; no messages, since these quote keys and cards."""
    error = answer.body.get("error") or {}
    say = log.error if answer.status in (400, 401, 403, 404) else log.warning
    say(
        "stripe_refused",
        path=path,
        status=answer.status,
        code=answer.error_code,
        param=error.get("param"),
        stripe_request_id=request_id,
    )


def _flat(form: Form, prefix: str = "") -> Iterator[tuple[str, str]]:
    """Nested values as Stripe reads them: `a[b][0]=c`; those that are None are left out."""
    for name, value in form.items():
        key = f"{prefix}[{name}]" if prefix else name
        if isinstance(value, Mapping):
            yield from _flat(value, key)
        elif isinstance(value, list | tuple):
            yield from _flat({str(place): item for place, item in enumerate(value)}, key)
        elif isinstance(value, bool):
            yield key, "true" if value else "false"
        elif value is not None:
            yield key, str(value)


def _date(header: str | None) -> datetime:
    """The moment of an answer by its sender's clock."""
    try:
        return parsedate_to_datetime(header or "").astimezone(UTC)
    except ValueError:
        return datetime.now(UTC)
