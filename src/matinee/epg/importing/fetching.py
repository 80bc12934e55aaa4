"""Bringing feeds into a file: from their address, or as staff uploads them."""

import asyncio
import contextlib
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

from matinee.core.errors import InvalidValue, ProviderError
from matinee.core.safe_fetch import INTERNET, Download, Reach, open_safely
from matinee.epg.importing.service import Arrived
from matinee.epg.importing.sources import Source

DOWNLOAD_SECONDS = 900
NOT_MODIFIED = 304
LONGEST_VALIDATOR = 200


@contextlib.contextmanager
def own_folder() -> Iterator[Path]:
    """A folder for as long as an import takes."""
    with tempfile.TemporaryDirectory(prefix="matinee-guide-") as name:
        yield Path(name)


async def download(
    source: Source,
    folder: Path,
    *,
    most_bytes: int,
    conditional: bool,
    reach: Reach = INTERNET,
) -> Arrived | None:
    """Fetch a source into a file; None where `conditional` and it has nothing new.

    Raises:
        InvalidValue: the source has no address.
        UrlNotAllowed, ProviderError: as `open_safely`.
    """
    if source.url is None:
        raise InvalidValue("source_id", message="This source is uploaded.")
    headers = _validators(source) if conditional else {}
    try:
        async with (
            asyncio.timeout(DOWNLOAD_SECONDS),
            open_safely(source.url, headers=headers, most_bytes=most_bytes, reach=reach) as found,
        ):
            if found.status == NOT_MODIFIED:
                return None
            path = await store(found.pieces, folder)
            return Arrived(path, _validator(found, "etag"), _validator(found, "last-modified"))
    except TimeoutError:
        raise ProviderError(message="The source did not answer in time.") from None


async def store(pieces: AsyncIterator[bytes], folder: Path) -> Path:
    """Write pieces into a file as they come."""
    path = folder / "guide"
    with path.open("wb") as file:
        async for piece in pieces:
            await asyncio.to_thread(file.write, piece)
    return path


def _validators(source: Source) -> dict[str, str]:
    headers = {"If-None-Match": source.etag, "If-Modified-Since": source.last_modified}
    return {name: value for name, value in headers.items() if value}


def _validator(found: Download, name: str) -> str | None:
    """What the server wants to hear again; nothing that could not be sent as a header."""
    value = found.headers.get(name, "")
    fit = value.isascii() and value.isprintable() and len(value) <= LONGEST_VALIDATOR
    return value if value and fit else None
