"""The real household of a life: over HTTP, with a provider whose time can be moved."""

import itertools
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient, Response

from matinee.accounts import sessions
from matinee.admin.invariants import check_all
from matinee.core.ratelimit import Limiter
from matinee.entitlements.packages.codes import hash_of
from matinee.integrations.payments.sandbox import memory
from matinee.runtime import Runtime
from tests.catalog.makers import make_asset
from tests.entitlements.lives.model import CARRIED, GIFT, OK, PRICES
from tests.entitlements.makers import carry, make_offer, make_package
from tests.makers import execute, insert, make_profile, make_title, make_user, scalar

CODE = "A GIFT"
MOMENTS = {
    "user_entitlements": ("starts_at", "expires_at", "first_played_at", "revoked_at"),
    "purchases": ("created_at", "settled_at", "refund_requested_at"),
    "subscriptions": (
        "current_period_start",
        "current_period_end",
        "past_due_since",
        "facts_at",
        "canceled_at",
    ),
}
"""Columns that move when time passes for a household."""

_PAID = """
    SELECT coalesce(sum(CASE WHEN debit = 'provider:sandbox' THEN amount_cents
                             WHEN credit = 'provider:sandbox' THEN -amount_cents END), 0)::int
    FROM ledger_entries WHERE user_id = $1
"""
_IDS = "SELECT coalesce(array_agg(id ORDER BY id), '{{}}') FROM {table} WHERE user_id = $1"
_REF = "SELECT provider_ref FROM {table} WHERE user_id = $1 AND id = $2"
_LIFT = "UPDATE account_holds SET lifted_at = clock_timestamp() WHERE user_id = $1"


class Town:
    """Packages, films and a code, which the households of all lives share."""

    def __init__(self, runtime: Runtime, app: FastAPI) -> None:
        self.runtime = runtime
        self.client = AsyncClient(transport=ASGITransport(app=app), base_url="http://testserver")
        self.films: dict[str, UUID] = {}
        runtime.payments.sandbox.transport = ASGITransport(app=app)
        # an hour lies between any two requests: no limit is met
        runtime.limiter = Limiter(None, clock=itertools.count(2e9, 3600.0).__next__)

    async def build(self) -> None:
        """Make what is shared."""
        packages = {
            slug: await make_package(self.runtime, slug, price_cents=PRICES[slug], rank=rank)
            for rank, slug in enumerate(("basic", "premium"))
        }
        for name, carriers in CARRIED.items():
            film = self.films[name] = await make_title(self.runtime, name)
            await make_asset(self.runtime, film)
            for kind in ("rent", "buy"):
                await make_offer(self.runtime, film, kind, price_cents=PRICES[kind])
            for slug in carriers:
                await carry(self.runtime, packages[slug], film)
        await insert(
            self.runtime,
            "promo_codes",
            code_hash=hash_of(CODE),
            label="Gift",
            kind="gift",
            package_id=packages["premium"],
            days=GIFT // 24,
            max_redemptions=1_000_000,
        )


class House:
    """A household of the town."""

    def __init__(self, town: Town, user_id: UUID, headers: dict[str, str]) -> None:
        self._town = town
        self._runtime = town.runtime
        self._user_id = user_id
        self._headers = headers
        self._purchases: list[UUID] = []
        self._subscription: UUID | None = None

    @classmethod
    async def move_in(cls, town: Town) -> "House":
        """A new household with one profile."""
        user_id = await make_user(town.runtime, f"{uuid4().hex}@example.com")
        profile_id = await make_profile(town.runtime, user_id)
        async with town.runtime.database.write() as tx:
            started = await sessions.start(
                tx, town.runtime.tokens, user_id, kind="app", device_name=None,
                profile_id=profile_id,
            )  # fmt: skip
        return cls(town, user_id, {"Authorization": f"Bearer {started.answer.access_token}"})

    async def order(self, kind: str, film: str) -> str:
        """Rent or buy a film."""
        body = {"offer_type": kind, "payment_method": "tok_ok"}
        answer = await self._post(f"/catalog/titles/{self._town.films[film]}/purchase", body)
        if answer.status_code == 201:
            self._purchases.append(UUID(answer.json()["id"]))
        return said(answer)

    async def play(self, film: str) -> str:
        """Begin to watch."""
        body = {"title_id": str(self._town.films[film]), "device_id": "tv", "device_name": "TV"}
        return said(await self._post("/viewing/sessions", body))

    async def refund(self, number: int) -> str:
        """Ask for the money of a purchase back."""
        return said(await self._post(f"/purchases/{self._purchases[number]}/refund"))

    async def dispute(self, number: int, outcome: Any) -> None:
        """Have the bank say something, and hear of it."""
        ref = await self._ref("purchases", self._purchases[number])
        await self._runtime.payments.sandbox.dispute(ref, outcome)
        await self._runtime.worker.drain()

    async def lift(self) -> None:
        """Have staff lift all holds."""
        await execute(self._runtime, _LIFT, self._user_id)

    async def subscribe(self, package: str, token: str) -> str:
        """Have a package."""
        answer = await self._post("/subscriptions", {"package": package, "payment_method": token})
        if answer.status_code == 201:
            self._subscription = UUID(answer.json()["id"])
            await self._runtime.worker.drain()
        return said(answer)

    async def steer(self, verb: str) -> str:
        """Cancel or resume."""
        return said(await self._post(f"/subscriptions/{self._subscription}/{verb}", {}))

    async def change(self, package: str) -> str:
        """Have another package instead."""
        path = f"/subscriptions/{self._subscription}/change"
        answer = await self._post(path, {"package": package})
        await self._runtime.worker.drain()
        return said(answer)

    async def redeem(self) -> str:
        """Use the code."""
        return said(await self._post("/codes/redeem", {"code": CODE}))

    async def wait(self, hours: int) -> None:
        """Let time pass here and at the provider, and hear what it did."""
        # what is on its way names moments that would not move with the others
        await self._runtime.worker.drain()
        by = timedelta(hours=hours)
        for table, columns in MOMENTS.items():
            moved = ", ".join(f"{column} = {column} - $3::interval" for column in columns)
            statement = f"UPDATE {table} SET {moved} WHERE user_id = $1 AND id = $2"
            # the oldest first: of two rentals the later one must not meet the earlier one
            for id_ in await scalar(self._runtime, _IDS.format(table=table), self._user_id):
                await execute(self._runtime, statement, self._user_id, id_, by)
        if self._subscription:
            ref = await self._ref("subscriptions", self._subscription)
            async with self._runtime.database.write() as tx:
                kept = await memory.locked(tx, "subscription", ref)
                assert kept is not None
                await memory.keep(tx, ref, earlier(kept.state, by))
            await self._runtime.payments.sandbox.let_time_pass()
        await self._runtime.worker.drain()

    async def paid_hours(self) -> int:
        """How long the subscription is paid from now on."""
        found = await self._get(f"/subscriptions/{self._subscription}")
        end = datetime.fromisoformat(found["current_period_end"])
        return round((end - datetime.fromisoformat(found["server_time"])) / timedelta(hours=1))

    async def access(self, film: str) -> tuple[str, bool]:
        """By which right a film can be played, and whether that begins a rental's time."""
        found = (await self._get(f"/catalog/titles/{self._town.films[film]}"))["access"]
        return found["via"], found["starts_clock"]

    async def cents(self) -> int:
        """What the provider has of the household by our books."""
        paid: int = await scalar(self._runtime, _PAID, self._user_id)
        return paid

    async def broken_rules(self) -> list[str]:
        """The rules of the data that do not hold."""
        async with self._runtime.database.read() as tx:
            found = await check_all(tx, self._runtime.settings)
        return [f"{item.name} {item.examples}" for item in found.items if not item.holds]

    async def _ref(self, table: str, id_: UUID) -> str:
        ref: str = await scalar(self._runtime, _REF.format(table=table), self._user_id, id_)
        return ref

    async def _post(self, path: str, body: Any = None) -> Response:
        headers = self._headers | {"Idempotency-Key": uuid4().hex}
        return await self._town.client.post(f"/api/v1{path}", json=body, headers=headers)

    async def _get(self, path: str) -> Any:
        answer = await self._town.client.get(f"/api/v1{path}", headers=self._headers)
        assert answer.status_code == 200, answer.text
        return answer.json()


def said(answer: Response) -> str:
    """How a request was answered: `OK`, or the code of a refusal."""
    assert answer.status_code < 500, answer.text
    code: str = answer.json()["error"]["code"] if answer.status_code >= 400 else OK
    return code


def earlier(state: Any, by: timedelta) -> Any:
    """What the provider remembers, all moments of it so much earlier."""
    if isinstance(state, dict):
        return {key: earlier(value, by) for key, value in state.items()}
    if isinstance(state, str) and state[:2] == "20" and "T" in state:
        return (datetime.fromisoformat(state) - by).isoformat()
    return state
