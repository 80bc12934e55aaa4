"""A household that may buy, and a film for rent and for sale."""

import itertools
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import pytest
from httpx import AsyncClient, Response

from matinee.core.database import Row
from matinee.core.jobs import Job, JobRun
from matinee.core.ratelimit import Limiter
from matinee.core.settings import Settings
from matinee.integrations.payments.protocol import PaymentProvider
from matinee.runtime import Runtime
from tests.entitlements.makers import make_offer
from tests.makers import as_viewer, make_title, scalar

API = "/api/v1"
CHARGES = "SELECT count(*) FROM sandbox_objects WHERE kind = 'charge'"
BALANCES = """
    SELECT account, sum(cents)::int FROM (
        SELECT debit AS account, amount_cents AS cents FROM ledger_entries
        UNION ALL SELECT credit, -amount_cents FROM ledger_entries) moved
    GROUP BY account HAVING sum(cents) <> 0
"""

Balances = dict[str, int]


@dataclass
class Buyer:
    """Somebody who rents and buys over HTTP."""

    client: AsyncClient
    runtime: Runtime
    user_id: UUID
    headers: dict[str, str]
    film: UUID

    async def post(self, path: str, body: Any = None, key: str | None = None) -> Response:
        """Ask for something, with a key of its own unless one is given."""
        headers = self.headers | {"Idempotency-Key": key or uuid4().hex}
        return await self.client.post(f"{API}{path}", json=body, headers=headers)

    async def get(self, path: str) -> Any:
        """Read something."""
        answer = await self.client.get(f"{API}{path}", headers=self.headers)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def order(
        self, kind: str = "rent", method: str = "tok_ok", key: str | None = None, **more: Any
    ) -> Response:
        """Ask for the film."""
        body = {"offer_type": kind, "payment_method": method, **more}
        return await self.post(f"/catalog/titles/{self.film}/purchase", body, key)

    async def buy(self, kind: str = "rent") -> Any:
        """A purchase that is paid."""
        answer = await self.order(kind)
        assert answer.status_code == 201, answer.text
        return answer.json()


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """As operators run it: what is for sale is locked."""
    return settings.model_copy(update={"unsold_titles": "locked"})


@pytest.fixture(autouse=True)
def unhurried(runtime: Runtime) -> None:
    """As if hours lay between any two requests: no limit is met."""
    runtime.limiter = Limiter(None, clock=itertools.count(2e9, 3600.0).__next__)


@pytest.fixture
async def film(runtime: Runtime) -> UUID:
    title_id = await make_title(runtime, "Sherlock Jr.")
    await make_offer(runtime, title_id, "rent")
    await make_offer(runtime, title_id, "buy")
    return title_id


@pytest.fixture
async def buyer(runtime: Runtime, client: AsyncClient, film: UUID) -> Buyer:
    return await make_buyer(runtime, client, film)


async def make_buyer(
    runtime: Runtime, client: AsyncClient, film: UUID, email: str = "ana@example.com", **more: Any
) -> Buyer:
    """Another household with one profile chosen."""
    headers = await as_viewer(runtime, client, email, **more)
    user_id = await scalar(
        runtime, "SELECT user_id FROM login_identities WHERE identity = $1", email
    )
    return Buyer(client, runtime, user_id, headers, film)


def code_of(answer: Response) -> tuple[int, str]:
    """The status and the code of a refusal."""
    return answer.status_code, answer.json()["error"]["code"]


async def rows(runtime: Runtime, sql: str, *values: Any) -> list[Row]:
    """Rows of the database."""
    async with runtime.database.read() as tx:
        return list(await (await tx.connection()).fetch(sql, *values))


async def balances(runtime: Runtime) -> Balances:
    """What every account of the ledger holds, those with nothing left out."""
    return {row["account"]: row["sum"] for row in await rows(runtime, BALANCES)}


async def run_job(runtime: Runtime, job: Job, **args: Any) -> None:
    """Run a job here and now."""
    await job(runtime, JobRun(1, 0, runtime.database), **args)


class Wrapped:
    """The practice provider, with some of its calls taken over."""

    def __init__(self, inner: PaymentProvider, **calls: Callable[..., Awaitable[Any]]) -> None:
        self._inner = inner
        self._calls = calls
        self.name = inner.name

    def __getattr__(self, name: str) -> Any:
        return self._calls.get(name) or getattr(self._inner, name)


def take_over(runtime: Runtime, **calls: Callable[..., Awaitable[Any]]) -> None:
    """Let calls to the provider go elsewhere: it is a third party, and has bad days."""
    wrapped: Any = Wrapped(runtime.payments.sandbox, **calls)
    runtime.payments.default = wrapped
    runtime.payments._providers["sandbox"] = wrapped
