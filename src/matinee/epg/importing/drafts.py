"""From a programme of a feed to what the guide says about it."""

from typing import Any

from matinee.epg.feeds.entries import Credit, FeedProgramme
from matinee.epg.genres import genres_of
from matinee.epg.programmes import ProgrammeDraft, series_key_of
from matinee.epg.ratings import Ratings

MOVIE_IDS = frozenset({"tmdb_movie", "tvdb_movie"})


def draft_of(entry: FeedProgramme, ratings: Ratings) -> ProgrammeDraft:
    """What a programme of a feed says, in the words of our guide."""
    genres = genres_of(entry.categories)
    maturity = ratings.maturity_of(entry.ratings)
    return ProgrammeDraft(
        title=entry.title,
        sub_title=entry.sub_title,
        description=entry.description,
        season=entry.season,
        episode=entry.episode,
        series_key=None if _is_film(entry, genres) else series_key_of(entry.title),
        language=entry.language,
        categories=entry.categories,
        genres=genres,
        maturity_label=maturity.label,
        maturity_score=maturity.score,
        year=entry.year,
        original_air_date=entry.original_air_date,
        image_url=entry.icon,
        credits=[_credit(credit) for credit in entry.credits],
        external_ids=entry.external_ids,
    )


def _is_film(entry: FeedProgramme, genres: tuple[str, ...]) -> bool:
    """Whether it stands alone: nobody wants to be reminded of every film of one name."""
    if entry.season is not None or entry.episode is not None:
        return False
    return "Film" in genres or not MOVIE_IDS.isdisjoint(entry.external_ids)


def _credit(credit: Credit) -> dict[str, Any]:
    said: dict[str, Any] = {"role": credit.role, "name": credit.name}
    if credit.character:
        said["character"] = credit.character
    return said
