"""Folding text so that people find it whatever accents, case and punctuation they type."""

import re
import unicodedata

_LETTERS = str.maketrans(
    {
        "œ": "oe", "æ": "ae", "ß": "ss", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th",
        "ħ": "h", "ı": "i", "ĳ": "ij", "ŋ": "n", "ſ": "s", "&": " and ", "’": "'",
    }
)  # fmt: skip
_APOSTROPHES = re.compile(r"(?<=\w)['ʼ](?=\w)")
_DOTTED_INITIALS = re.compile(r"(?<=\b\w)\.(?=\w\b)")
_FRACTIONS = re.compile(r"(?<=\d)(?=[¼-¾⅐-⅟])")
_NOT_A_WORD = re.compile(r"[\W_]+")

_ARTICLES = {
    "en": ("the", "a", "an"),
    "de": ("der", "die", "das", "ein", "eine"),
    "fr": ("le", "la", "les", "un", "une"),
    "es": ("el", "la", "los", "las", "un", "una"),
    "it": ("il", "lo", "la", "i", "gli", "le", "un", "una"),
    "nl": ("de", "het", "een"),
    "pt": ("o", "a", "os", "as", "um", "uma"),
}


def fold(text: str) -> str:
    """Lower case, no accents, ligatures spelt out, words separated by single spaces.

    >>> fold("Léon: The  Professional"), fold("Œuvre"), fold("Mr. Robot"), fold("S.W.A.T.")
    ('leon the professional', 'oeuvre', 'mr robot', 'swat')
    """
    plain = text.isascii()
    # decomposed before and after: styled letters become ordinary capitals, and case-folding
    # makes letters that can be taken apart
    bare = text if plain else unicodedata.normalize("NFKD", _FRACTIONS.sub(" ", text))
    bare = bare.casefold().translate(_LETTERS)
    if not plain:
        decomposed = unicodedata.normalize("NFKD", bare)
        bare = "".join(char for char in decomposed if not unicodedata.combining(char))
    bare = _DOTTED_INITIALS.sub("", _APOSTROPHES.sub("", bare))
    return _NOT_A_WORD.sub(" ", bare).strip()


def searchable(text: str) -> str:
    """The folded text, or the text itself where it consists of symbols only (`$`, `…`)."""
    return fold(text) or text.casefold().strip()


def like_pattern(text: str) -> str:
    """The text for use inside a LIKE pattern, taken literally."""
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def sort_key(name: str, language: str | None = None) -> str:
    """The folded name without its leading article, as shelves are ordered."""
    folded = searchable(name)
    articles = _ARTICLES.get((language or "en").partition("-")[0], ()) + _ARTICLES["en"]
    first, _, rest = folded.partition(" ")
    return rest if rest and first in articles else folded


def slugify(name: str) -> str:
    """Folded words joined by hyphens: `Science Fiction` -> `science-fiction`."""
    ascii_only = fold(name).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", ascii_only).strip("-")
