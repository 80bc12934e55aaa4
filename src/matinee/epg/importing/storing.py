"""Storing a feed: read, normalised and applied as a difference, in one transaction."""

import time
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg

from matinee.core.database import WriteTx
from matinee.epg import airings
from matinee.epg.airings import Changed
from matinee.epg.events import guide_changed
from matinee.epg.feeds.entries import FeedChannel
from matinee.epg.importing import normalising, precedence, source_channels
from matinee.epg.importing.problems import GuideShrunk
from matinee.epg.importing.reading import Feed
from matinee.epg.importing.sources import Source
from matinee.epg.importing.staging import Staging
from matinee.epg.matching.service import match_source
from matinee.epg.ratings import known_ratings
from matinee.epg.revisions import raise_days
from matinee.epg.tags import GUIDE, guide_of
from matinee.runtime import Runtime

LONGEST_MS = 600_000
"""How long a statement of an import may take, or wait for another import, in milliseconds."""

MOST_NAMED = 50
TRIES = 3

# A batch of programmes is parsed between two statements; that it takes long is no reason to stop.
_PATIENCE = """
    SELECT set_config('lock_timeout', :ms, true), set_config('work_mem', '64MB', true),
           set_config('idle_in_transaction_session_timeout', :ms, true)
"""


@asynccontextmanager
async def patient_write(runtime: Runtime) -> AsyncIterator[WriteTx]:
    """A transaction for large work in the background."""
    async with runtime.database.write(statement_timeout_ms=LONGEST_MS) as tx:
        await tx.one(_PATIENCE, ms=str(LONGEST_MS))
        yield tx


async def know_channels(tx: WriteTx, source: Source, channels: Collection[FeedChannel]) -> None:
    """Keep the channels of a feed, and map those that can only mean one of ours."""
    await source_channels.put_channels(tx, source.id, channels)
    await match_source(tx, source.id)


class Storing:
    """The storing of one feed, and its report; `head` are channels that are known already."""

    def __init__(
        self,
        tx: WriteTx,
        source: Source,
        feed: Feed,
        *,
        head: Collection[FeedChannel],
        kept_days: int,
    ) -> None:
        self._tx = tx
        self._source = source
        self._feed = feed
        self._head = {channel.xmltv_id for channel in head}
        today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        self._kept_from = today - timedelta(days=kept_days)
        self.wanted: list[str] = []
        self.programmes = 0
        """Of the channels that are mapped."""

    async def run(self, *, accept_shrink: bool) -> tuple[dict[str, Any], Changed]:
        """Store the feed, all but the revisions of its days.

        Raises:
            FeedRefused: it cannot be read to its end.
            GuideShrunk: it has suddenly less than half of its programmes.
        """
        started = time.monotonic()
        staging = await self._stage()
        await precedence.settle_targets(self._tx, self._source.id)
        if not accept_shrink:
            await self._guard()
        tally = await normalising.normalise(self._tx, self._kept_from)
        changed = await self._apply()
        await source_channels.count_programmes(self._tx, self._source.id, staging.counts)
        report = await self._report(staging, dict(tally), changed)
        return report | {"seconds": round(time.monotonic() - started, 2)}, changed

    async def _stage(self) -> Staging:
        tx, source = self._tx, self._source
        staging = Staging(tx, self._feed, await known_ratings(tx, source.country))
        await staging.prepare()
        self.wanted = await precedence.wanted_channels(tx, source.id)
        await staging.load(self.wanted)
        if late := await self._newly_wanted(staging):
            await staging.load(late)
            self.wanted += late
        self.programmes = sum(staging.counts.get(xmltv_id, 0) for xmltv_id in self.wanted)
        return staging

    async def _newly_wanted(self, staging: Staging) -> list[str]:
        """Channels that the feed names after its first programme, or not at all, where mapped."""
        late = [channel for channel in staging.channels if channel.xmltv_id not in self._head]
        new = await source_channels.put_channels(self._tx, self._source.id, late)
        new += await source_channels.put_nameless(self._tx, self._source.id, staging.unknown)
        if not new:
            return []
        await match_source(self._tx, self._source.id)
        known = set(self.wanted)
        wanted = await precedence.wanted_channels(self._tx, self._source.id)
        return [xmltv_id for xmltv_id in wanted if xmltv_id not in known]

    async def _guard(self) -> None:
        before = await source_channels.programmes_before(self._tx, self._source.id, self.wanted)
        if self.programmes * 2 < before:
            raise GuideShrunk(programmes=self.programmes, before=before)

    async def _apply(self) -> Changed:
        """Programmes that are pruned at this very moment are stored anew."""
        for attempt in range(1, TRIES + 1):
            try:
                async with self._tx.savepoint():
                    await airings.prepare(self._tx)
                    await normalising.fill_difference(self._tx, self._source.id)
                    return await airings.apply(self._tx)
            except asyncpg.ForeignKeyViolationError:
                if attempt == TRIES:
                    raise
        raise AssertionError

    async def _report(
        self, staging: Staging, tally: dict[str, Any], changed: Changed
    ) -> dict[str, Any]:
        unknown = sorted(staging.unknown)
        named = {channel.xmltv_id for channel in staging.channels}
        unmapped = await source_channels.unmapped_channels(self._tx, self._source.id, named)
        return tally | {
            "programmes": staging.summaries[0].programmes,
            "wanted_programmes": staging.rows,
            "created": changed.created,
            "updated": changed.updated,
            "moved": changed.moved,
            "deleted": changed.deleted,
            "channels_changed": len(changed.channels),
            "bad_times": sum(summary.bad_times for summary in staging.summaries),
            "without_title": sum(summary.without_title for summary in staging.summaries),
            "problems": [problem for summary in staging.summaries for problem in summary.problems][
                :MOST_NAMED
            ],
            "unknown_channels": unknown[:MOST_NAMED],
            "unknown_channel_count": len(unknown),
            "unmapped_channels": unmapped[:MOST_NAMED],
            "unmapped_channel_count": len(unmapped),
        }


async def publish(tx: WriteTx, changed: Changed) -> None:
    """Raise the changed days, as the last write, and tell whoever follows the guide."""
    if not changed.days:
        return
    rev = await raise_days(tx, changed.days)
    await guide_changed(tx, changed.channels, rev)
    tx.invalidate(GUIDE, *map(guide_of, changed.channels))
