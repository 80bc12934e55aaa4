"""Categories as others write them, and the genres that they mean."""

import pytest

from matinee.epg.genres import genres_of


@pytest.mark.parametrize(
    ("categories", "genres"),
    [
        (["Sport"], ("Sports",)),
        (["Sports non-event", "Football"], ("Sports",)),
        (["Film", "Ffilm"], ("Film",)),
        (["Spielfilm"], ("Film",)),
        (["Children's / Youth programs"], ("Kids",)),
        (["News / Current Affairs"], ("News",)),
        (["Documentary", "Nature"], ("Documentary",)),
        (["TÉLÉNOVELA"], ("Series",)),
        (["Unheard Of"], ()),
        ([], ()),
        (["News", "Sport", "Film", "Music", "Kids"], ("News", "Sports", "Film", "Music")),
    ],
)
def test_categories_mean_genres(categories: list[str], genres: tuple[str, ...]) -> None:
    assert genres_of(categories) == genres
