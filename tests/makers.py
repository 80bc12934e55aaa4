"""Small makers of what tests need in the database, and ways to sign in."""

from typing import Any
from uuid import UUID

from httpx import AsyncClient

from matinee.core.text import searchable, sort_key
from matinee.runtime import Runtime

PASSWORD = "correct horse battery staple"

_USER = "INSERT INTO users (email, password_hash, country) VALUES ($1, $2, $3) RETURNING user_id"
_hashes: dict[str, str] = {}


async def make_user(
    runtime: Runtime,
    email: str = "ana@example.com",
    password: str = PASSWORD,
    country: str = "US",
    role: str | None = None,
) -> UUID:
    """A household without profiles; with a role it is one of the operator's staff."""
    if password not in _hashes:
        _hashes[password] = await runtime.passwords.hash(password)
    async with runtime.database.write() as tx:
        connection = await tx.connection()
        user_id: UUID = await connection.fetchval(_USER, email, _hashes[password], country)
        await connection.execute(
            "INSERT INTO login_identities VALUES ($1, $2)", email.casefold(), user_id
        )
        if role:
            await connection.execute(
                "INSERT INTO staff (user_id, role) VALUES ($1, $2)", user_id, role
            )
    return user_id


async def make_profile(runtime: Runtime, user_id: UUID, name: str = "Ana", **columns: Any) -> UUID:
    """A profile of a household, with any columns of `profiles`."""
    return await insert(
        runtime, "profiles", user_id=user_id, name=name, avatar_id="usherette", **columns
    )


async def make_title(runtime: Runtime, name: str = "Metropolis", **columns: Any) -> UUID:
    """A published movie that everybody may see, with any columns of `titles`."""
    defaults = {
        "kind": "movie",
        "status": "published",
        "maturity_system": "US-MPAA",
        "maturity_label": "G",
        "maturity_score": 0,
        "sort_name": sort_key(name),
        "folded_name": searchable(name),
    }
    return await insert(runtime, "titles", name=name, **(defaults | columns))


async def insert(runtime: Runtime, table: str, **columns: Any) -> UUID:
    """Add one row to a table; returns its id."""
    names = ", ".join(columns)
    places = ", ".join(f"${n}" for n in range(1, len(columns) + 1))
    sql = f"INSERT INTO {table} ({names}) VALUES ({places}) RETURNING id"
    async with runtime.database.write() as tx:
        connection = await tx.connection()
        made: UUID = await connection.fetchval(sql, *columns.values())
    return made


async def execute(runtime: Runtime, sql: str, *values: Any) -> None:
    """Change rows behind the application's back; time passes this way."""
    async with runtime.database.write() as tx:
        await (await tx.connection()).execute(sql, *values)


async def scalar(runtime: Runtime, sql: str, *values: Any) -> Any:
    """One value from the database."""
    async with runtime.database.read() as tx:
        return await (await tx.connection()).fetchval(sql, *values)


async def sign_in(
    client: AsyncClient, email: str = "ana@example.com", password: str = PASSWORD
) -> dict[str, str]:
    """The headers of a device of this household, no profile chosen yet."""
    body = {"email": email, "password": password, "client": "app"}
    answer = await client.post("/api/v1/auth/login", json=body)
    assert answer.status_code == 200, answer.text
    return {"Authorization": f"Bearer {answer.json()['access_token']}"}


async def choose_profile(
    client: AsyncClient, headers: dict[str, str], profile_id: UUID, pin: str | None = None
) -> dict[str, str]:
    """The headers of the same device with a profile chosen."""
    answer = await client.post(
        f"/api/v1/profiles/{profile_id}/select", json={"pin": pin}, headers=headers
    )
    assert answer.status_code == 200, answer.text
    token = answer.json()["access_token"]
    return {"Authorization": f"Bearer {token}"} if token else headers


async def as_viewer(
    runtime: Runtime,
    client: AsyncClient,
    email: str = "ana@example.com",
    country: str = "US",
    **profile: Any,
) -> dict[str, str]:
    """The headers of a new household with one profile chosen."""
    user_id = await make_user(runtime, email, country=country)
    profile_id = await make_profile(runtime, user_id, **profile)
    return await choose_profile(client, await sign_in(client, email), profile_id)


async def as_staff(runtime: Runtime, client: AsyncClient, role: str = "admin") -> dict[str, str]:
    """The headers of a member of staff."""
    email = f"{role}@example.com"
    await make_user(runtime, email, role=role)
    return await sign_in(client, email)
