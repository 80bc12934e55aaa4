"""Season and episode numbers, and identities, out of the many ways in which guides write them."""

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

LONGEST = 200
"""Characters to give to these functions at most; they remember what they were given."""

HIGHEST_SEASON = 9_999
HIGHEST_EPISODE = 99_999


class Episode(NamedTuple):
    """Which season and which episode of it, counted from one; None where nothing is said."""

    season: int | None = None
    episode: int | None = None


UNKNOWN = Episode()

SEASON_WORDS = r"(?:series|season|staffel|saison|temporada|stagione|seizoen|säsong|sæson|ser|s|t)"
EPISODE_WORDS = (
    r"(?:episode|épisode|episodio|episódio|capítulo|capitulo|folge|aflevering|avsnitt|afsnit|part"
    r"|teil|ep|e)"
)
_NUMBER = r"\.?\s*#?([0-9]{1,5})"
_TOTAL = r"(?:\s*(?:/|of|von|de|sur|di)\s*[0-9]{1,5})?"

_ZERO_BASED = re.compile(r"(\d{0,5})(?:/\d*)?\.(\d{0,5})(?:/\d*)?(?:\.|$)", re.ASCII)
_BOTH = re.compile(
    rf"(?<!\w){SEASON_WORDS}{_NUMBER}{_TOTAL}[\s,.:;·|/-]{{0,4}}{EPISODE_WORDS}{_NUMBER}{_TOTAL}(?!\w)",
    re.IGNORECASE,
)
_CROSSED = re.compile(r"(?<!\w)([0-9]{1,3})x([0-9]{1,4})(?!\w)", re.IGNORECASE)
_EPISODE = re.compile(rf"(?<!\w){EPISODE_WORDS}{_NUMBER}{_TOTAL}(?!\w)", re.IGNORECASE)
_SEASON = re.compile(rf"(?<!\w){SEASON_WORDS}{_NUMBER}{_TOTAL}(?!\w)", re.IGNORECASE)
_OF_TOTAL = re.compile(r"\(?(\d{1,4})\s*/\s*(\d{1,4})\)?(?=$|[\s.:)-])", re.ASCII)


@lru_cache(maxsize=4_096)
def zero_based(text: str) -> Episode:
    """The system `xmltv_ns`: `1.4/8.0/1` is season 2, episode 5."""
    found = _ZERO_BASED.match("".join(text.split()))
    if found is None:
        return UNKNOWN
    season, episode = (int(figure) + 1 if figure else None for figure in found.groups())
    return _plausible(season, episode)


@lru_cache(maxsize=4_096)
def on_screen(text: str) -> Episode:
    """As people read it: `S02E05`, `2x05`, `Series 2, Episode 5 of 8`, `Folge 5`, `5/8`."""
    if found := _BOTH.search(text) or _CROSSED.search(text):
        return _plausible(int(found[1]), int(found[2]))
    season, episode = _SEASON.search(text), _EPISODE.search(text) or _of_total(text)
    return _plausible(int(season[1]) if season else None, int(episode[1]) if episode else None)


@lru_cache(maxsize=4_096)
def at_head(text: str) -> Episode:
    """Numbers with which a description begins: `S2 E5: …`, `(Ep. 5/8) …`, `5/8. …`."""
    head = text.lstrip("([ ")
    if found := _BOTH.match(head) or _CROSSED.match(head):
        return _plausible(int(found[1]), int(found[2]))
    if found := _EPISODE.match(head) if head[:1] in "EeÉé" else None:
        follows = head[found.end() : found.end() + 1]
        return _plausible(None, int(found[1])) if follows in tuple(":.)]-/,") else UNKNOWN
    found = _of_total(head)
    return _plausible(None, int(found[1])) if found else UNKNOWN


def _of_total(text: str) -> re.Match[str] | None:
    """`5/8`, but not a date or a mark such as `8/10` of nothing."""
    found = _OF_TOTAL.match(text)
    return found if found and 1 <= int(found[1]) <= int(found[2]) else None


def _plausible(season: int | None, episode: int | None) -> Episode:
    return Episode(
        season if season is not None and season <= HIGHEST_SEASON else None,
        episode if episode is not None and episode <= HIGHEST_EPISODE else None,
    )


def first_known(found: Iterable[Episode]) -> Episode:
    """The first that knows an episode; its season, where it has none, from one that agrees."""
    known = [each for each in found if each != UNKNOWN]
    episode = next((each.episode for each in known if each.episode is not None), None)
    first = next((each for each in known if each.episode == episode), UNKNOWN)
    agreeing = (each for each in known if each.episode in (None, episode))
    season = next((each.season for each in agreeing if each.season is not None), None)
    return Episode(season if first.season is None else first.season, episode)


SERVICES = {
    "themoviedb.com": "tmdb",
    "themoviedb.org": "tmdb",
    "tmdb": "tmdb",
    "thetvdb.com": "tvdb",
    "tvdb": "tvdb",
    "imdb.com": "imdb",
    "imdb": "imdb",
    "dd_progid": "dd_progid",
}
KINDS = {
    "movie": "movie", "movies": "movie", "film": "movie", "series": "series", "tv": "series",
    "show": "series", "episode": "episode", "episodes": "episode",
}  # fmt: skip
_IDENTITY = re.compile(r"(?:([a-z]+)/)?(\d{1,12}|tt\d{5,12})", re.ASCII)
_PROGRAMME_ID = re.compile(r"(EP|SH|MV|SP)(\d{8,12})\.?(\d{0,4})", re.ASCII)


def external_id(system: str, text: str) -> tuple[str, str] | None:
    """A name and identifier of another catalogue: `("tmdb_movie", "603")`, `("imdb", "tt0133093")`.

    Numbers of TMDB and TVDB mean different things for films, series and episodes, so the name says
    which where the guide does: `tmdb_movie`, `tmdb_series`, `tmdb_episode`, else `tmdb`.
    """
    service = SERVICES.get(system)
    text = text[:LONGEST].strip()
    if service == "dd_progid":
        found = _PROGRAMME_ID.fullmatch(text.upper())
        return (service, "".join(found.groups())) if found else None
    found = _IDENTITY.match(text.lower().removeprefix("title/"))
    if service is None or found is None:
        return None
    if (service == "imdb") != found[2].startswith("tt"):
        return None
    kind = KINDS.get(found[1] or "")
    if service == "imdb" and kind != "episode":
        kind = None
    return (f"{service}_{kind}" if kind else service), found[2]
