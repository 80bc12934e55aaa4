"""Loading the wanted programmes of a feed into a temporary table, a batch at a time."""

import asyncio
from collections.abc import Collection
from datetime import UTC, datetime
from operator import attrgetter
from typing import Any

import orjson

from matinee.core.database import WriteTx
from matinee.core.garbage import collected_rarely
from matinee.core.text import searchable
from matinee.epg.feeds.entries import FeedChannel, FeedProgramme, GuideSummary
from matinee.epg.importing.drafts import draft_of
from matinee.epg.importing.reading import Batch, Feed, Reading
from matinee.epg.programmes import COLUMNS, content_key_of
from matinee.epg.ratings import Ratings

_FORGET = "DROP TABLE IF EXISTS guide_stage"
_STAGE = """
    CREATE TEMP TABLE guide_stage (
        seq int, xmltv_id text, starts_at timestamptz, ends_at timestamptz, flags smallint,
        content_key bytea, folded_title text, title text, sub_title text, description text,
        season smallint, episode int, series_key text, language text, categories text[],
        genres text[], maturity_label text, maturity_score smallint, year smallint,
        original_air_date date, image_url text, credits text, external_ids text
    ) ON COMMIT DROP
"""
STAGED = (
    "seq", "xmltv_id", "starts_at", "ends_at", "flags", "content_key", "folded_title", *COLUMNS
)  # fmt: skip

_said = attrgetter(*COLUMNS[:-2])


class Staging:
    """The table `guide_stage`, which lasts as long as the transaction, and what was met on the way.

    `counts` are the programmes of each channel of the feed, wanted or not; there is a summary of
    each pass through it.
    """

    def __init__(self, tx: WriteTx, feed: Feed, ratings: Ratings) -> None:
        self.channels: list[FeedChannel] = []
        self.counts: dict[str, int] = {}
        self.summaries: list[GuideSummary] = []
        self.rows = 0
        self._tx = tx
        self._feed = feed
        self._ratings = ratings

    @property
    def unknown(self) -> set[str]:
        """Channels that have programmes, but are not named."""
        return self.counts.keys() - {channel.xmltv_id for channel in self.channels}

    async def prepare(self) -> None:
        """Make the table, empty."""
        await self._tx.execute(_FORGET)
        await self._tx.execute(_STAGE)

    async def load(self, ids: Collection[str]) -> None:
        """Read the whole feed for the programmes of these channels.

        Raises:
            FeedRefused: it cannot be read to its end.
        """
        reading = Reading(self._feed, ids)
        with collected_rarely():
            while batch := await asyncio.to_thread(self._next_rows, reading):
                rows, channels = batch
                self.channels.extend(channels)
                if rows:
                    await self._tx.copy("guide_stage", STAGED, rows)
        self.counts = dict(reading.wanted.counts)
        self.summaries.append(reading.summary)

    def _next_rows(self, reading: Reading) -> tuple[list[Any], list[FeedChannel]] | None:
        batch: Batch = reading.next_batch()
        if not batch.programmes and not batch.channels:
            return None
        return [self._row(entry) for entry in batch.programmes], batch.channels

    def _row(self, entry: FeedProgramme) -> tuple[Any, ...]:
        draft = draft_of(entry, self._ratings)
        self.rows += 1
        return (
            self.rows,
            entry.channel,
            _moment(entry.starts_at),
            None if entry.ends_at is None else _moment(entry.ends_at),
            entry.flags,
            content_key_of(draft),
            searchable(draft.title),
            *_said(draft),
            orjson.dumps(draft.credits).decode(),
            orjson.dumps(draft.external_ids).decode(),
        )


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
