"""The genres of live television, and how the many words of guides and channel lists map to them."""

from collections.abc import Iterable
from functools import lru_cache

from matinee.core.text import fold

WORDS = {
    "Film": "film films movie movies cinema kino spielfilm feature pelicula peliculas speelfilm"
    " filme ffilm",
    "Series": "series serie serial sitcom soap telenovela drama dramas crime krimi thriller"
    " episodic miniseries",
    "News": "news newscast nachrichten infos informativo informativos notizie nieuws weather"
    " newyddion affairs noticias politics",
    "Sports": "sport sports football soccer tennis golf rugby cricket baseball basketball hockey"
    " boxing cycling motorsport athletics racing olympics wrestling esports fussball deportes"
    " futbol chwaraeon",
    "Kids": "kids kid child children childrens animation cartoon cartoons kinder enfants infantil"
    " jeugd plant preschool youth anime junior",
    "Documentary": "documentary documentaries doku dokumentation dokumentarfilm documentaire"
    " documental documentario nature history wildlife travel docs natur",
    "Music": "music musik musique musica concert concerts jazz opera ballet dance muziek",
    "Entertainment": "entertainment quiz game show shows gameshow reality talk variety comedy"
    " unterhaltung divertissement entretenimiento adloniant",
    "Lifestyle": "lifestyle cooking cookery food fashion home gardening garden health leisure"
    " fitness wellness",
    "Education": "education educational learning bildung educativo culture cultura kultur arts",
    "Religion": "religion religious religione worship faith spiritual",
    "Shopping": "shopping teleshopping",
}
"""Genres, and the folded words by which they are meant."""

_MEANT = {word: genre for genre, words in WORDS.items() for word in words.split()}
MOST = 4


def genres_of(categories: Iterable[str]) -> tuple[str, ...]:
    """The genres that categories as others write them stand for, in their order.

    >>> genres_of(["Children's", "Animated series"]), genres_of(["Sport / Football"])
    (('Kids', 'Series'), ('Sports',))
    """
    found: dict[str, None] = {}
    for category in categories:
        found.update(dict.fromkeys(_genres_of_one(category[:100])))
    return tuple(found)[:MOST]


@lru_cache(maxsize=4_096)
def _genres_of_one(category: str) -> tuple[str, ...]:
    meant = (_MEANT.get(word) for word in fold(category).split())
    return tuple(dict.fromkeys(genre for genre in meant if genre))
