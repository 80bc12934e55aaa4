"""Files as clients send them, and short ways to import them."""

import asyncio
import csv
import gzip
import io
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from typing import Any

import orjson
from httpx import AsyncClient, Response

from matinee.catalog.importers.service import Wish, run_import
from matinee.catalog.ratings import ensure_ratings
from matinee.runtime import Runtime
from tests.makers import as_staff

IMPORT = "/api/v1/admin/titles/import"
IMPORTS = "/api/v1/admin/imports"
JSON, NDJSON, CSV = "application/json", "application/x-ndjson", "text/csv"
GZIP, XML = "application/gzip", "application/xml"

Row = dict[str, Any]


def title(number: int = 1, **fields: Any) -> Row:
    """A row of our own format."""
    return {"external_id": f"film:{number}", "name": f"Film {number}"} | fields


def titles(count: int, **fields: Any) -> list[Row]:
    """So many different rows."""
    return [title(number, **fields) for number in range(count)]


def as_json(rows: Iterable[Any]) -> bytes:
    """Rows as one JSON array."""
    return orjson.dumps(list(rows))


def as_ndjson(rows: Iterable[Any]) -> bytes:
    """Rows as lines."""
    return b"".join(orjson.dumps(row) + b"\n" for row in rows)


def as_csv(rows: Iterable[dict[str, str]]) -> bytes:
    """Rows as CSV; the first one names the columns."""
    listed = list(rows)
    text = io.StringIO()
    writer = csv.DictWriter(text, listed[0].keys())
    writer.writeheader()
    writer.writerows(listed)
    return text.getvalue().encode()


def as_gzip(data: bytes) -> bytes:
    """The same, packed."""
    return gzip.compress(data, mtime=0)


async def in_pieces(data: bytes, size: int = 65_536) -> AsyncIterator[bytes]:
    """A file as it arrives."""
    for start in range(0, len(data), size):
        yield data[start : start + size]


async def import_rows(runtime: Runtime, rows: Iterable[Row], wish: Wish | None = None) -> Row:
    """Import rows without HTTP; returns the report."""

    async def no_progress(_rows: int) -> None:
        pass

    data = as_ndjson(rows)
    return await run_import(runtime, in_pieces(data), wish or Wish(), no_progress)


async def until(condition: Callable[[], Awaitable[Any]]) -> None:
    """Return as soon as something is so."""
    while True:
        if await condition():
            return
        await asyncio.sleep(0.01)


class Editor:
    """A member of staff who imports files."""

    def __init__(self, client: AsyncClient, headers: dict[str, str]) -> None:
        self.client = client
        self.headers = headers

    @classmethod
    async def hired(cls, runtime: Runtime, client: AsyncClient) -> "Editor":
        """A new one, in a catalogue that knows the age ratings."""
        async with runtime.database.write() as tx:
            await ensure_ratings(tx)
        return cls(client, await as_staff(runtime, client, "editor"))

    async def send(
        self, content: Any, media: str = JSON, key: str | None = None, **query: Any
    ) -> Response:
        """Upload a file."""
        headers = self.headers | {"Content-Type": media}
        if key:
            headers["Idempotency-Key"] = key
        return await self.client.post(IMPORT, content=content, headers=headers, params=query)

    async def report_of(self, content: Any, media: str = JSON, **query: Any) -> Row:
        """Upload a file of up to 500 rows; its report."""
        answer = await self.send(content, media, **query)
        assert answer.status_code == 200, answer.text
        return dict(answer.json()["report"])

    async def follow(self, import_id: str) -> Row:
        """How an import stands."""
        answer = await self.client.get(f"{IMPORTS}/{import_id}", headers=self.headers)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())
