"""Importing a guide from the command line: a file or an address, into a source of some name."""

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit
from uuid import UUID

from matinee.accounts.audit import COMMAND_LINE, record
from matinee.core.errors import Conflict
from matinee.core.safe_fetch import INTERNET, Reach
from matinee.epg.importing.refreshing import fetch_and_import
from matinee.epg.importing.schemas import GuideImport
from matinee.epg.importing.service import Arrived, Wish, import_source
from matinee.epg.importing.sources import Source, add_source, find_source, get_source
from matinee.runtime import Runtime

ADDRESSES = ("http://", "https://")
LONGEST_NAME = 200


@dataclass(frozen=True)
class Sought:
    """Where a guide lies, and the name of its source, which else follows from that."""

    place: str
    name: str | None = None

    @property
    def is_address(self) -> bool:
        """Whether it is fetched."""
        return self.place.lower().startswith(ADDRESSES)

    @property
    def source_name(self) -> str:
        """The name that was given, else the host of the address or the name of the file."""
        if self.name:
            return self.name[:LONGEST_NAME]
        found = urlsplit(self.place).hostname if self.is_address else Path(self.place).name
        return (found or self.place)[:LONGEST_NAME]


async def import_xmltv(
    runtime: Runtime, sought: Sought, wish: Wish, reach: Reach = INTERNET
) -> GuideImport:
    """Import a guide; its source is added where there is none of that name.

    Raises:
        Conflict: the source of that name is fetched from another address.
        ImportRunning, GuideUnreadable, GuideShrunk, LeaseLost: as `import_source`.
        UrlNotAllowed, ProviderError: it could not be fetched.
    """
    source_id = await _source_of(runtime, sought)
    if sought.is_address:
        return await fetch_and_import(runtime, source_id, wish, reach=reach)

    async def bring(_source: Source) -> Arrived:
        return Arrived(Path(sought.place))

    return await import_source(runtime, source_id, bring, wish)


async def _source_of(runtime: Runtime, sought: Sought) -> UUID:
    url = sought.place if sought.is_address else None
    async with runtime.database.write() as tx:
        found = await find_source(tx, sought.source_name)
        if found is None:
            added = await add_source(tx, sought.source_name, url)
            if added is None:
                raise Conflict("name")
            targets, after = {"source": added}, {"name": sought.source_name, "url": url}
            await record(tx, COMMAND_LINE, "guide_source.create", targets=targets, after=after)
            return added
        if url and (await get_source(tx, found)).url != url:
            raise Conflict("source", message="The source of that name has another address.")
        return found
