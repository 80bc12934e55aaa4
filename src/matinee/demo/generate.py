"""Catalogues and households of any size, the same for the same seed, made as they are read."""

import random
from collections.abc import AsyncIterator, Iterator, Sequence
from itertools import accumulate
from typing import Any

import orjson

from matinee.catalog.importers.service import Wish, run_import
from matinee.core.database import WriteTx
from matinee.demo import words
from matinee.runtime import Runtime

Row = dict[str, Any]

SERIES_SHARE = 0.08
PEOPLE_PER_TITLE = 0.6
"""How many different people there are per title; the popular ones appear in many."""
USERS_PER_TRANSACTION = 5000
PASSWORD = "generated households only"


class Zipf:
    """Ranks 0..n-1, where rank r is drawn with a weight of 1 / (r + 1)^exponent."""

    def __init__(self, n: int, exponent: float = 1.0) -> None:
        self._ranks = range(n)
        self._cumulated = list(accumulate((rank + 1) ** -exponent for rank in self._ranks))

    def draw(self, rng: random.Random) -> int:
        """One rank."""
        return rng.choices(self._ranks, cum_weights=self._cumulated)[0]


def titles(count: int, *, seed: int = 1, series_share: float = SERIES_SHARE) -> Iterator[Row]:
    """Titles in the form of our own import format, most popular first."""
    rng = random.Random(seed)
    cast = Zipf(max(1, int(count * PEOPLE_PER_TITLE)), 0.9)
    for number in range(count):
        yield _title(rng, number, cast, series=rng.random() < series_share)


def _title(rng: random.Random, number: int, cast: Zipf, *, series: bool) -> Row:
    genre = _drawn(rng, words.GENRES)
    language = _drawn(rng, words.LANGUAGES)
    companions = words.COMPANIONS.get(genre, ("Drama",))
    year = 2026 - int(rng.expovariate(1 / 18)) % 125
    row: Row = {
        "external_id": f"generated:{number}",
        "kind": "series" if series else "movie",
        "name": _name(rng),
        "synopsis": _synopsis(rng),
        "year": year,
        "runtime_minutes": max(20, int(rng.gauss(45 if series else 104, 18))),
        "language": language,
        "audio_languages": sorted({language, *rng.sample(list(words.LANGUAGES), 2)}),
        "subtitle_languages": sorted(rng.sample(list(words.LANGUAGES), 4)),
        "genres": [genre, *rng.sample(companions, 1)] if rng.random() < 0.7 else [genre],
        "countries": [rng.choice(words.COUNTRIES)],
        "mood_tags": [rng.choice(words.MOODS.get(genre, ("thought-provoking",)))],
        "maturity": {
            "system": "US-MPAA",
            "label": rng.choice(words.RATINGS.get(genre, ("PG", "PG-13"))),
        },
        "people": _people(rng, cast),
    }
    if series:
        row["seasons"] = [_season(rng, n, year + n - 1) for n in range(1, rng.randint(1, 3) + 1)]
    return row


def _drawn(rng: random.Random, shares: dict[str, float]) -> str:
    return rng.choices(list(shares), weights=list(shares.values()))[0]


def _name(rng: random.Random) -> str:
    adjective, noun = rng.choice(words.ADJECTIVES), rng.choice(words.NOUNS)
    other, place = rng.choice(words.NOUNS), rng.choice(words.PLACES)
    patterns = (
        f"The {adjective} {noun}",
        f"{adjective} {noun}",
        f"The {noun} of {place}",
        f"{noun} and {other}",
        f"A {noun} in {place}",
        f"{rng.choice(words.GIVEN)} and the {adjective} {noun}",
    )
    return rng.choice(patterns)


def _synopsis(rng: random.Random) -> str:
    sentences = (rng.choice(words.OPENINGS), *rng.sample(words.TURNS, 2))
    return " ".join(
        sentence.format(
            job=rng.choice(words.JOBS),
            place=rng.choice(words.PLACES),
            noun=rng.choice(words.NOUNS).lower(),
            adjective=rng.choice(words.ADJECTIVES).lower(),
        )
        for sentence in sentences
    )


def _people(rng: random.Random, cast: Zipf) -> list[Row]:
    roles = ["director", *["actor"] * rng.randint(2, 5)]
    return [{"name": _person(cast.draw(rng)), "role": role} for role in roles]


def _person(rank: int) -> str:
    """The name of the person of a popularity rank; middle initials keep names apart."""
    rest, given = divmod(rank, len(words.GIVEN))
    rest, family = divmod(rest, len(words.FAMILY))
    initials = ""
    while rest:
        rest, letter = divmod(rest - 1, 26)
        initials = f"{chr(65 + letter)}. {initials}"
    return f"{words.GIVEN[given]} {initials}{words.FAMILY[family]}"


def _season(rng: random.Random, number: int, year: int) -> Row:
    episodes = [
        {"number": n, "name": _name(rng), "synopsis": _synopsis(rng), "runtime_minutes": 45}
        for n in range(1, rng.randint(6, 10) + 1)
    ]
    return {"number": number, "year": year, "episodes": episodes}


async def as_ndjson(rows: Iterator[Row], lines_per_piece: int = 200) -> AsyncIterator[bytes]:
    """Rows as the pieces of a file."""
    piece = bytearray()
    for count, row in enumerate(rows, 1):
        piece += orjson.dumps(row) + b"\n"
        if count % lines_per_piece == 0:
            yield bytes(piece)
            piece.clear()
    yield bytes(piece)


async def generate_titles(runtime: Runtime, count: int, *, seed: int = 1) -> dict[str, Any]:
    """Bring generated titles into the catalogue; returns the import's report."""

    async def no_progress(_rows: int) -> None:
        pass

    return await run_import(runtime, as_ndjson(titles(count, seed=seed)), Wish(), no_progress)


async def generate_users(runtime: Runtime, count: int, *, seed: int = 1) -> int:
    """Add households `user0@generated.invalid` … of one to four profiles; returns how many.

    A run that finds them there adds only the missing ones. They share one password.
    """
    rng = random.Random(seed)
    password_hash = await runtime.passwords.hash(PASSWORD)
    async with runtime.database.read() as tx:
        first = int(await tx.scalar(_GENERATED) or 0)
    for start in range(first, count, USERS_PER_TRANSACTION):
        numbers = range(start, min(count, start + USERS_PER_TRANSACTION))
        async with runtime.database.write() as wtx:
            await _add_households(wtx, rng, numbers, password_hash)
    return max(0, count - first)


_GENERATED = "SELECT count(*) FROM login_identities WHERE identity LIKE '%@generated.invalid'"
_NEW_IDS = "SELECT uuidv7() FROM generate_series(1, :count)"


async def _add_households(
    tx: WriteTx, rng: random.Random, numbers: Sequence[int], password_hash: str
) -> None:
    ids = [row[0] for row in await tx.all(_NEW_IDS, count=len(numbers))]
    emails = [f"user{number}@generated.invalid" for number in numbers]
    users = [
        (user_id, email, password_hash, rng.choice(words.COUNTRIES))
        for user_id, email in zip(ids, emails, strict=True)
    ]
    profiles = [
        (user_id, name, "usherette", kind, ceiling, rng.choice(list(words.LANGUAGES)))
        for user_id in ids
        for name, kind, ceiling in _profiles(rng)
    ]
    await tx.copy("users", ("user_id", "email", "password_hash", "country"), users)
    await tx.copy("login_identities", ("identity", "user_id"), zip(emails, ids, strict=True))
    columns = ("user_id", "name", "avatar_id", "kind", "max_maturity", "ui_language")
    await tx.copy("profiles", columns, profiles)


def _profiles(rng: random.Random) -> Iterator[tuple[str, str, int]]:
    for _ in range(rng.choices((1, 2, 3, 4), weights=(40, 30, 18, 12))[0]):
        kids = rng.random() < 0.18
        yield rng.choice(words.GIVEN), "kids" if kids else "standard", 9 if kids else 21
