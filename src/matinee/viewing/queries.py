"""Reads of a profile's lists: visible ids, then cards with the profile's own words, as pages."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from matinee.accounts.viewer import Viewer
from matinee.catalog.cards import cards_for
from matinee.catalog.schemas import Card
from matinee.core.database import ReadTx, Row
from matinee.core.paging import decode_cursor, encode_cursor
from matinee.core.settings import SignalWeights
from matinee.entitlements.visibility import VISIBLE, visibility_of
from matinee.viewing.schemas import (
    BrowsedCard,
    BrowsedTitles,
    ListedCard,
    RatedCard,
    RatedTitles,
    SignalCard,
    TasteOut,
    UnwantedCard,
    UnwantedTitles,
    Watchlist,
)

C = TypeVar("C", bound=Card)


def _newest(table: str, at: str, more: str = "") -> str:
    """A page of the visible titles in a table of a profile, newest first.

    OFFSET 0 has the profile's rows sorted before their titles are looked up, one by one until the
    page is full; else PostgreSQL reads the whole catalogue for it.
    """
    return f"""
        SELECT t.id, own.at{more}
        FROM (
            SELECT title_id, {at} AS at{more} FROM {table} AS own
            WHERE own.user_id = :user_id AND own.profile_id = :profile_id
              AND (:after::timestamptz IS NULL
                   OR (own.{at}, own.title_id) < (:after::timestamptz, :after_id::uuid))
            ORDER BY own.{at} DESC, own.title_id DESC OFFSET 0
        ) AS own
        JOIN titles t ON t.id = own.title_id
        WHERE {VISIBLE}
        ORDER BY own.at DESC, own.title_id DESC
        LIMIT :wanted
    """


_WATCHLIST = _newest("watchlist", "added_at")
_RATINGS = _newest("ratings", "rated_at")
_UNWANTED = _newest("profile_suppressions", "created_at")
_BROWSED = _newest("title_views", "viewed_at")
_SIGNALS = _newest("profile_signals", "at", ", own.kind")


async def watchlist(tx: ReadTx, viewer: Viewer, cursor: str | None, page_size: int) -> Watchlist:
    """One page of "My List"."""
    rows, next_cursor = await _page(tx, viewer, _WATCHLIST, cursor, page_size)
    facts = {row["id"]: {"listed_at": row["at"]} for row in rows}
    items = await _cards(tx, viewer, ListedCard.model_construct, facts)
    return Watchlist.model_construct(items=items, next_cursor=next_cursor)


async def rated_titles(
    tx: ReadTx, viewer: Viewer, cursor: str | None, page_size: int
) -> RatedTitles:
    """One page of what the profile has an opinion of."""
    rows, next_cursor = await _page(tx, viewer, _RATINGS, cursor, page_size)
    facts = {row["id"]: {"rated_at": row["at"]} for row in rows}
    items = await _cards(tx, viewer, RatedCard.model_construct, facts)
    return RatedTitles.model_construct(items=items, next_cursor=next_cursor)


async def unwanted_titles(
    tx: ReadTx, viewer: Viewer, cursor: str | None, page_size: int
) -> UnwantedTitles:
    """One page of what the profile is not interested in."""
    rows, next_cursor = await _page(tx, viewer, _UNWANTED, cursor, page_size)
    facts = {row["id"]: {"unwanted_since": row["at"]} for row in rows}
    items = await _cards(tx, viewer, UnwantedCard.model_construct, facts)
    return UnwantedTitles.model_construct(items=items, next_cursor=next_cursor)


async def browsed_titles(
    tx: ReadTx, viewer: Viewer, cursor: str | None, page_size: int
) -> BrowsedTitles:
    """One page of what the profile looked at (S-06)."""
    rows, next_cursor = await _page(tx, viewer, _BROWSED, cursor, page_size)
    facts = {row["id"]: {"viewed_at": row["at"]} for row in rows}
    items = await _cards(tx, viewer, BrowsedCard.model_construct, facts)
    return BrowsedTitles.model_construct(items=items, next_cursor=next_cursor)


async def recently_browsed(tx: ReadTx, viewer: Viewer, limit: int) -> list[UUID]:
    """The visible titles whose pages the profile opened last, newest first."""
    rows, _ = await _page(tx, viewer, _BROWSED, None, limit)
    return [row["id"] for row in rows]


async def signals(
    tx: ReadTx, viewer: Viewer, weights: SignalWeights, cursor: str | None, page_size: int
) -> TasteOut:
    """One page of what is concluded from the profile's behaviour."""
    rows, next_cursor = await _page(tx, viewer, _SIGNALS, cursor, page_size)
    facts = {
        row["id"]: {
            "signal": row["kind"],
            "signal_weight": getattr(weights, row["kind"], 0.0),
            "signal_at": row["at"],
        }
        for row in rows
    }
    items = await _cards(tx, viewer, SignalCard.model_construct, facts)
    return TasteOut.model_construct(items=items, next_cursor=next_cursor)


async def _page(
    tx: ReadTx, viewer: Viewer, statement: str, cursor: str | None, page_size: int
) -> tuple[list[Row], str | None]:
    """The rows of one page, and where the next one begins.

    Raises:
        BadCursor: the cursor belongs to another list.
    """
    after, after_id = decode_cursor(cursor, (datetime, UUID)) if cursor else (None, None)
    rows = await tx.all(
        statement, after=after, after_id=after_id, wanted=page_size + 1, **visibility_of(viewer)
    )
    page = rows[:page_size]
    more = len(rows) > page_size
    return page, encode_cursor(page[-1]["at"], page[-1]["id"]) if more else None


async def _cards(
    tx: ReadTx, viewer: Viewer, make: Callable[..., C], facts: Mapping[UUID, dict[str, Any]]
) -> list[C]:
    """Cards with what the profile's own row says about each title."""
    cards = await cards_for(tx, viewer, list(facts))
    return [make(**dict(card), **facts[card.id]) for card in cards]
