"""What other collections call countries, languages and age ratings, as codes of ours."""

import re
from collections.abc import Iterable
from functools import cache

from matinee.catalog.ratings import shipped_ratings
from matinee.core.codes import COUNTRIES as COUNTRY_CODES

RatingName = dict[str, str]

COUNTRIES = {
    "argentina": "AR", "australia": "AU", "austria": "AT", "belgium": "BE", "brazil": "BR",
    "canada": "CA", "china": "CN", "czech republic": "CZ", "czechia": "CZ", "denmark": "DK",
    "finland": "FI", "france": "FR", "germany": "DE", "greece": "GR", "hong kong": "HK",
    "hungary": "HU", "india": "IN", "iran": "IR", "ireland": "IE", "israel": "IL", "italy": "IT",
    "japan": "JP", "korea": "KR", "mexico": "MX", "netherlands": "NL", "new zealand": "NZ",
    "norway": "NO", "poland": "PL", "portugal": "PT", "romania": "RO", "russia": "RU",
    "south africa": "ZA", "south korea": "KR", "spain": "ES", "sweden": "SE", "switzerland": "CH",
    "taiwan": "TW", "thailand": "TH", "turkey": "TR", "uk": "GB", "united kingdom": "GB",
    "united states": "US", "united states of america": "US", "usa": "US",
}  # fmt: skip
LANGUAGES = {
    "ara": "ar", "bul": "bg", "ces": "cs", "chi": "zh", "cze": "cs", "dan": "da", "deu": "de",
    "dut": "nl", "ell": "el", "eng": "en", "est": "et", "fin": "fi", "fra": "fr", "fre": "fr",
    "ger": "de", "gre": "el", "heb": "he", "hin": "hi", "hrv": "hr", "hun": "hu", "ind": "id",
    "isl": "is", "ita": "it", "jpn": "ja", "kor": "ko", "lav": "lv", "lit": "lt", "nld": "nl",
    "nor": "no", "pol": "pl", "por": "pt", "ron": "ro", "rum": "ro", "rus": "ru", "slk": "sk",
    "slo": "sk", "slv": "sl", "spa": "es", "srp": "sr", "swe": "sv", "tha": "th", "tur": "tr",
    "ukr": "uk", "vie": "vi", "zho": "zh",
}  # fmt: skip

_LANGUAGE = re.compile(r"[a-z]{2}")
_BODY = re.compile(r"^(?:rated|fsk|bbfc|mpaa)\b[\s:-]*", re.IGNORECASE)


def codes(found: Iterable[str | None]) -> list[str]:
    """The codes that were found, each once."""
    return list(dict.fromkeys(code for code in found if code))


def country_code(name: str) -> str | None:
    """`Germany` or `DE` -> `DE`; None for countries that are not in the list."""
    return name if name in COUNTRY_CODES else COUNTRIES.get(name.lower())


def language_code(name: str) -> str | None:
    """`ger` or `de` -> `de`; None for languages that are not in the list."""
    return name if _LANGUAGE.fullmatch(name) else LANGUAGES.get(name.lower())


def rating_of(country: str, label: str) -> RatingName | None:
    """The system and label of a rating, where it is one that ships with the catalogue."""
    return _ratings().get((country, label.strip().upper()))


def rating_of_text(text: str) -> RatingName | None:
    """`Rated PG-13 for peril`, `US:R`, `Germany:FSK 16` -> the rating, if it is known.

    Without a country it is one of the United States.
    """
    name, _, label = text.rpartition(":")
    country = (country_code(name.strip()) or "") if name else "US"
    bare = _BODY.sub("", label.strip())
    return rating_of(country, bare) or rating_of(country, bare.partition(" ")[0])


@cache
def _ratings() -> dict[tuple[str, str], RatingName]:
    """Systems and labels by country and label; the first system of a country counts."""
    found: dict[tuple[str, str], RatingName] = {}
    for rating in shipped_ratings():
        name = {"system": str(rating["system"]), "label": str(rating["label"])}
        found.setdefault((str(rating["country"]), name["label"].upper()), name)
    return found
