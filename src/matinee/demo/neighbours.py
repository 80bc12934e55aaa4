"""Neighbours of the demo's household: invented people with real tastes, the same every time.

Everybody likes one or two kinds of film more than others, loves some directors and themes, and sees
some of what everybody sees. So there is something to learn, and something to trend.
"""

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from matinee.core.database import WriteTx
from matinee.demo import words
from matinee.demo.lives import Film, Life

HOUSEHOLDS = 220
KIDS_SHARE = 0.3
HOME_SHARE = 0.7
"""So many live in the country of the demo's household."""
LONGEST_AGO_DAYS = 300
MEAN_AGO_DAYS = 50
MOST_EPISODES = 8
RATING_SHARE = 0.3
PULL = 4.0
"""How much more likely a film is for each step from nothing to all of a taste (a logarithm)."""

_NEW_IDS = "SELECT uuidv7() FROM generate_series(1, :count)"


@dataclass(frozen=True)
class Taste:
    """A kind of film: its genres and its years."""

    genres: frozenset[str]
    years: tuple[int, int] = (1890, 2030)

    def match(self, film: Film) -> float:
        """How much a film is of this kind, 0..1; the genre that stands first counts most."""
        shares = [1 / place for place in range(1, len(film.genres) + 1)]
        common = sum(
            share for share, genre in zip(shares, film.genres, strict=True) if genre in self.genres
        )
        in_time = self.years[0] <= film.year <= self.years[1]
        return common / sum(shares, 1e-9) * (1.0 if in_time else 0.4)


CARTOONS = Taste(frozenset({"animation", "family"}))
TASTES = (
    Taste(frozenset({"comedy"}), (1900, 1931)),
    Taste(frozenset({"comedy", "romance", "musical"}), (1930, 1970)),
    Taste(frozenset({"film-noir", "crime", "thriller", "mystery"}), (1930, 1970)),
    Taste(frozenset({"crime", "thriller", "mystery"}), (1900, 1931)),
    Taste(frozenset({"horror", "fantasy"}), (1900, 1931)),
    Taste(frozenset({"horror", "science-fiction"}), (1932, 1980)),
    Taste(frozenset({"science-fiction", "fantasy", "adventure"}), (1890, 1931)),
    Taste(frozenset({"drama", "romance"}), (1900, 1931)),
    Taste(frozenset({"drama", "historical", "war"}), (1900, 1935)),
    Taste(frozenset({"documentary", "war", "historical"}), (1935, 1980)),
    Taste(frozenset({"western", "adventure", "action"})),
    Taste(frozenset({"documentary", "experimental", "science-fiction"}), (1995, 2030)),
    CARTOONS,
)


class Cinema:
    """What there is to see: how well known each film is, and how much of each taste."""

    def __init__(self, films: Sequence[Film]) -> None:
        self.films = films
        self._fame = {film.id: _fame(film) for film in films}
        self._matches = {taste: {film.id: taste.match(film) for film in films} for taste in TASTES}

    def liking(self, tastes: Sequence[Taste]) -> dict[UUID, float]:
        """How much somebody of these tastes likes each film, 0..1."""
        matches = [self._matches[taste] for taste in tastes]
        return {film.id: max(match[film.id] for match in matches) for film in self.films}

    def draw(
        self, rng: random.Random, liking: dict[UUID, float], favourites: set[str]
    ) -> list[Film]:
        """Some films, drawn without putting back (Efraimidis and Spirakis, IPL 2006)."""

        def luck(film: Film) -> float:
            pull = PULL * liking[film.id] + _charm(film, favourites)
            return math.log(rng.random()) / (self._fame[film.id] * math.exp(pull))

        count = min(60, 8 + int(rng.lognormvariate(2.9, 0.5)))
        return sorted(self.films, key=luck, reverse=True)[:count]


def _fame(film: Film) -> float:
    """How well known a film is: by what editors say of it, and by luck."""
    luck = random.Random(film.external_id).paretovariate(2.5)
    return min(4.0, luck) * (1 + film.praise)


def live(rng: random.Random, life: Life, cinema: Cinema, now: datetime) -> None:
    """Fill a life with what somebody of a taste drawn by lot watches, rates and lists."""
    kids = life.audience == "kids"
    tastes = [CARTOONS] if kids else rng.sample(TASTES, rng.choice((1, 1, 2)))
    liking = cinema.liking(tastes)
    loved = sorted(cinema.films, key=lambda film: liking[film.id], reverse=True)[:40]
    favourites = {mark for film in rng.sample(loved, 3) for mark in film.marks}
    chosen = cinema.draw(rng, liking, favourites)
    for film in chosen:
        pleasure = liking[film.id] + 0.3 * _charm(film, favourites) + 0.1 * min(3, film.praise)
        _watch(rng, life, film, pleasure, now - _ago(rng))
    seen = {film.id for film in chosen}
    for film in rng.sample(loved, 6):
        if film.id not in seen:
            life.listed.append((film.id, now - _ago(rng)))


def _charm(film: Film, favourites: set[str]) -> float:
    """What a film has of the directors, themes and tags that somebody loves, 0..1."""
    return min(1.0, 0.5 * len(favourites.intersection(film.marks)))


def _ago(rng: random.Random) -> timedelta:
    """An evening of the past, rather a late one."""
    days = min(LONGEST_AGO_DAYS, rng.expovariate(1 / MEAN_AGO_DAYS))
    return timedelta(days=days, minutes=rng.randrange(240))


def _watch(rng: random.Random, life: Life, film: Film, pleasure: float, at: datetime) -> None:
    kept = rng.random() < 0.45 + pleasure / 2
    if film.episodes:
        count = rng.randint(3, MOST_EPISODES) if kept else rng.randint(1, 2)
        for number in range(min(count, len(film.episodes))):
            life.watch(film, 1.0, at - timedelta(minutes=20 * (count - number)), episode=number)
    elif kept:
        life.watch(film, rng.choice((1.0, 1.0, 1.0, 0.85)), at)
    else:
        share = rng.choice((0.05, 0.3, 0.45))
        life.watch(film, share, at, starts=2 if share < 0.1 else 1)
    if rng.random() < RATING_SHARE:
        verdict = pleasure + rng.gauss(0.1, 0.25)
        life.rate(film, -1 if verdict < 0.2 else 2 if verdict > 1.05 else 1, at)


async def add_neighbours(
    tx: WriteTx, films: Sequence[Film], now: datetime, *, home: str, seed: int = 1
) -> list[Life]:
    """Add households that nobody can sign in to; returns the lives of their profiles."""
    rng = random.Random(seed)
    user_ids = [row[0] for row in await tx.all(_NEW_IDS, count=HOUSEHOLDS)]
    countries = [
        home if rng.random() < HOME_SHARE else rng.choice(words.COUNTRIES) for _ in user_ids
    ]
    kinds = [
        (user_id, country, kind)
        for user_id, country in zip(user_ids, countries, strict=True)
        for kind in ("standard", "kids")
        if kind == "standard" or rng.random() < KIDS_SHARE
    ]
    profile_ids = [row[0] for row in await tx.all(_NEW_IDS, count=len(kinds))]
    lives = [
        Life(user_id, profile_id, country, kind)
        for (user_id, country, kind), profile_id in zip(kinds, profile_ids, strict=True)
    ]
    await _add_households(tx, rng, user_ids, countries, lives)
    cinemas = {
        "standard": Cinema(films),
        "kids": Cinema([film for film in films if film.for_kids]),
    }
    for life in lives:
        live(rng, life, cinemas[life.audience], now)
    return lives


async def _add_households(
    tx: WriteTx,
    rng: random.Random,
    user_ids: Sequence[UUID],
    countries: Sequence[str],
    lives: Sequence[Life],
) -> None:
    emails = [f"neighbour{number}@neighbours.invalid" for number in range(len(user_ids))]
    users = zip(user_ids, emails, countries, strict=True)
    await tx.copy("users", ("user_id", "email", "country"), users)
    await tx.copy("login_identities", ("identity", "user_id"), zip(emails, user_ids, strict=True))
    profiles = [
        (
            life.user_id,
            life.profile_id,
            rng.choice(words.GIVEN),
            "fox" if life.audience == "kids" else "usherette",
            life.audience,
            9 if life.audience == "kids" else 21,
        )
        for life in lives
    ]
    columns = ("user_id", "id", "name", "avatar_id", "kind", "max_maturity")
    await tx.copy("profiles", columns, profiles)
