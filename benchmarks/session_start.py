"""What it costs to start playing: statements, and time against a plain transaction of two rows.

The transaction alone, without HTTP: queue of the household, right, slot, session. Bookmark, taste
and event of all starts are written together a moment later, outside of what is measured, and
counted as a case of their own. Each start is of another household; the plain transaction writes a
session and a bookmark.
"""

import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from uuid import UUID, uuid4

import asyncpg
import uvloop
from pydantic import SecretStr

from matinee.accounts.viewer import Viewer
from matinee.core.settings import Settings
from matinee.embedded.postgres import EmbeddedPostgres
from matinee.installation import install
from matinee.runtime import Runtime
from matinee.viewing.sessions.schemas import StartSession
from matinee.viewing.sessions.starting import start

HOUSEHOLDS = 1_000
TITLES = 500
WARM_UP, ROUNDS = 50, 400
PLAIN, LIMITED = "plain, two rows", "start, by a package"
WRITTEN = "what three of them leave"
LIMIT = 3.0

_FILL = f"""
    INSERT INTO titles (kind, status, name, sort_name, folded_name, maturity_score)
    SELECT 'movie', 'published', 'Film ' || n, 'film ' || n, 'film ' || n, 0
    FROM generate_series(1, {TITLES}) AS n;
    INSERT INTO media_assets (title_id, protocol, url, duration_seconds)
    SELECT id, 'hls', 'https://media.example.com/a.m3u8', 5400 FROM titles;
    INSERT INTO content_packages (slug, name, tier, price_cents, currency, max_streams)
    VALUES ('basic', 'Basic', 'basic', 999, 'USD', 4);
    INSERT INTO package_contents (package_id, title_id)
    SELECT p.id, t.id FROM content_packages p, (SELECT id FROM titles ORDER BY name LIMIT 250) AS t;
    INSERT INTO title_offers (title_id, offer_type, price_cents, currency, rental_window_hours)
    SELECT id, 'rent', 399, 'USD', 48 FROM titles;
    INSERT INTO users (email, password_hash, country)
    SELECT 'viewer' || n || '@example.com', '', 'US' FROM generate_series(1, {HOUSEHOLDS}) AS n;
    INSERT INTO profiles (user_id, name, avatar_id) SELECT user_id, 'Ana', 'usherette' FROM users;
    INSERT INTO user_entitlements (user_id, source_type, kind, package_id)
    SELECT u.user_id, 'svod', 'package', p.id FROM users u, content_packages p;
"""
_RENT = """
    INSERT INTO user_entitlements
        (user_id, source_type, kind, title_id, quality, rental_window_hours, expires_at)
    SELECT user_id, 'tvod', 'rent', $1, 'hd', 48, clock_timestamp() + interval '30 days' FROM users
"""
_PROFILES = "SELECT user_id, id FROM profiles ORDER BY id"
_TITLES = """
    SELECT t.id FROM titles t
    WHERE EXISTS (SELECT FROM package_contents c WHERE c.title_id = t.id) = $1 ORDER BY id
"""
_SESSION = """
    INSERT INTO viewing_sessions
        (user_id, profile_id, title_id, device_id, device_name, territory, lease_until, ended_at,
         end_reason)
    VALUES (:user_id, :profile_id, :title_id, 'plain', 'TV', 'US', now(), now(), 'stopped')
"""
_BOOKMARK = """
    INSERT INTO bookmarks (user_id, profile_id, title_id, item_id, position_seconds)
    VALUES (:user_id, :profile_id, :title_id, :title_id, 0)
"""

Act = Callable[[Viewer, UUID], Awaitable[None]]


async def timed(act: Act, viewer: Viewer, title_id: UUID) -> float:
    """Milliseconds that it takes."""
    started = time.perf_counter()
    await act(viewer, title_id)
    return (time.perf_counter() - started) * 1000


async def measure(runtime: Runtime, connection: asyncpg.Connection) -> bool:
    """Let households begin to play, in turn; whether the limit holds."""
    rows = await connection.fetch(_PROFILES)
    viewers = [
        Viewer("US", 21, row["user_id"], uuid4(), "tv", profile_id=row["id"]) for row in rows
    ]
    in_package, *_ = [row["id"] for row in await connection.fetch(_TITLES, True)]
    rented, unwatched, *_ = [row["id"] for row in await connection.fetch(_TITLES, False)]
    await connection.execute(_RENT, rented)
    await connection.execute("VACUUM ANALYZE")
    statements = 0

    def count() -> None:
        nonlocal statements
        statements += 1

    runtime.database.on_statement = count

    async def plain(viewer: Viewer, title_id: UUID) -> None:
        named = {"user_id": viewer.household, "profile_id": viewer.profile, "title_id": title_id}
        async with runtime.database.write() as tx:
            await tx.execute(_SESSION, **named)
            await tx.execute(_BOOKMARK, **named)

    async def begin(viewer: Viewer, title_id: UUID) -> None:
        wish = StartSession(title_id=title_id, device_id=str(title_id), device_name="TV")
        async with runtime.database.write() as tx:
            await start(runtime, tx, viewer, wish)

    async def flush(_viewer: Viewer, _title_id: UUID) -> None:
        await runtime.buffers.flush()

    cases: list[tuple[str, Act, UUID]] = [
        (PLAIN, plain, unwatched),
        (LIMITED, begin, in_package),
        ("first play of a rental", begin, rented),
        ("the same again", begin, rented),
    ]
    times: dict[str, list[float]] = {name: [] for name in [*(case[0] for case in cases), WRITTEN]}
    taken = dict.fromkeys(times, 0)
    for number, viewer in enumerate(viewers[: WARM_UP + ROUNDS]):
        for name, act, title_id in cases:
            statements = 0
            passed = await timed(act, viewer, title_id)
            if number >= WARM_UP:
                times[name].append(passed)
                taken[name] += statements
        statements = 0
        passed = await timed(flush, viewer, in_package)
        if number >= WARM_UP:
            times[WRITTEN].append(passed)
            taken[WRITTEN] += statements
    return show(times, taken)


def show(times: dict[str, list[float]], taken: dict[str, int]) -> bool:
    """Print a table; whether the limit holds."""
    medians = {name: statistics.median(values) for name, values in times.items()}
    plain = medians[PLAIN]
    print(f"{ROUNDS} households, in turn     p50 ms  p95 ms  statements  x plain")
    for name, values in times.items():
        p95 = statistics.quantiles(values, n=20)[-1]
        figures = f"{medians[name]:9.2f}{p95:8.2f}{taken[name] / ROUNDS:12.1f}"
        print(f"  {name:24}{figures}{medians[name] / plain:9.2f}")
    return medians[LIMITED] <= LIMIT * plain


async def run(url: str) -> bool:
    """Fill a database and measure on it."""
    await install(url)
    connection = await asyncpg.connect(url)
    await connection.execute(_FILL)
    settings = Settings(
        environment="test",
        database_url=SecretStr(url),
        secret_key=SecretStr("a secret of the benchmark, long enough"),
        embedding_provider="none",
    )
    runtime = Runtime(settings)
    await runtime.open()
    holds = await measure(runtime, connection)
    await runtime.close()
    await connection.close()
    return holds


def main() -> None:
    """Run it on a PostgreSQL of its own, whose commits reach the disk."""
    with tempfile.TemporaryDirectory(prefix="matinee-bench-") as folder:
        Path(folder).chmod(0o755)  # PostgreSQL is another user where we are root
        server = EmbeddedPostgres(Path(folder) / "pg")
        server.start()
        try:
            holds = uvloop.run(run(server.url("postgres")))
        finally:
            server.stop()
    if not holds:
        raise SystemExit("a limit is exceeded")


if __name__ == "__main__":
    main()
