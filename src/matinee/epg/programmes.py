"""Programmes of the guide: one row for everything that is said in the same words."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import orjson

from matinee.core.database import WriteTx
from matinee.core.text import searchable

COLUMNS = (
    "title",
    "sub_title",
    "description",
    "season",
    "episode",
    "series_key",
    "language",
    "categories",
    "genres",
    "maturity_label",
    "maturity_score",
    "year",
    "original_air_date",
    "image_url",
    "credits",
    "external_ids",
)
"""What a programme says, in the order of the fields of a draft."""

_PUT = """
    INSERT INTO programmes
        (content_key, title, folded_title, sub_title, description, season, episode, series_key,
         language, categories, genres, maturity_label, maturity_score, year, original_air_date,
         image_url, credits, external_ids)
    SELECT decode(d.content_key, 'hex'), d.title, d.folded_title, d.sub_title, d.description,
           d.season, d.episode, d.series_key, d.language, d.categories, d.genres, d.maturity_label,
           d.maturity_score, d.year, d.original_air_date, d.image_url, d.credits, d.external_ids
    FROM jsonb_to_recordset(:drafts::jsonb) AS d(
        content_key text, title text, folded_title text, sub_title text, description text,
        season smallint, episode int, series_key text, language text, categories text[],
        genres text[], maturity_label text, maturity_score smallint, year smallint,
        original_air_date date, image_url text, credits jsonb, external_ids jsonb)
    WHERE NOT EXISTS (
        SELECT FROM programmes p WHERE p.content_key = decode(d.content_key, 'hex'))
    ORDER BY d.content_key
    ON CONFLICT (content_key) DO NOTHING
"""
# Locked, so that nobody prunes one before its airing is stored.
_IDS = """
    SELECT id, content_key FROM programmes WHERE content_key = ANY(:keys::bytea[])
    ORDER BY id FOR KEY SHARE
"""


@dataclass(frozen=True, slots=True)
class ProgrammeDraft:
    """What a programme says. `series_key` is the same for all episodes of a series.

    `credits` are `{"role", "name", "character"?}`; `external_ids` have the names of
    `feeds.episodes.external_id`. `genres` are those of `epg/genres.py`.
    """

    title: str
    sub_title: str | None = None
    description: str | None = None
    season: int | None = None
    episode: int | None = None
    series_key: str | None = None
    language: str | None = None
    categories: Sequence[str] = ()
    genres: Sequence[str] = ()
    maturity_label: str | None = None
    maturity_score: int | None = None
    year: int | None = None
    original_air_date: date | None = None
    image_url: str | None = None
    credits: Sequence[dict[str, Any]] = ()
    external_ids: dict[str, str] = field(default_factory=dict)


def series_key_of(title: str) -> str:
    """What all episodes of a series have in common, whoever describes them."""
    return searchable(title)


def content_key_of(draft: ProgrammeDraft) -> bytes:
    """Sixteen bytes that are the same for drafts that say the same."""
    said = [getattr(draft, name) for name in COLUMNS]
    return hashlib.blake2b(orjson.dumps(said, option=orjson.OPT_SORT_KEYS), digest_size=16).digest()


async def put_programmes(tx: WriteTx, drafts: Sequence[ProgrammeDraft]) -> list[int]:
    """The ids of programmes that say what the drafts say; those that are new are added."""
    keys = [content_key_of(draft) for draft in drafts]
    rows = [_row(draft, key) for draft, key in zip(drafts, keys, strict=True)]
    known: dict[bytes, int] = {}
    while len(known) < len(set(keys)):
        await tx.execute(_PUT, drafts=list({row["content_key"]: row for row in rows}.values()))
        known = {row["content_key"]: row["id"] for row in await tx.all(_IDS, keys=keys)}
    return [known[key] for key in keys]


def _row(draft: ProgrammeDraft, key: bytes) -> dict[str, Any]:
    said = {name: getattr(draft, name) for name in COLUMNS}
    return said | {"content_key": key.hex(), "folded_title": searchable(draft.title)}
