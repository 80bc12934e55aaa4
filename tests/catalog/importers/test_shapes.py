"""Shapes: rows of other collections become rows of ours, and nonsense never breaks anything."""

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matinee.catalog.importers.problems import InvalidRow
from matinee.catalog.importers.readers import Cells
from matinee.catalog.importers.rows import title_of
from matinee.catalog.importers.shapes import SHAPES, from_csv, from_wikipedia, shape_for
from matinee.catalog.importers.tmdb import from_tmdb

METROPOLIS = {
    "id": 19,
    "title": "Metropolis",
    "original_title": "Metropolis",
    "tagline": "There can be no understanding between the hands and the brain …",
    "overview": "In a futuristic city sharply divided …",
    "release_date": "1927-02-06",
    "runtime": 153,
    "original_language": "de",
    "genres": [{"id": 18, "name": "Drama"}, {"id": 878, "name": "Science Fiction"}],
    "production_countries": [{"iso_3166_1": "DE", "name": "Germany"}],
    "production_companies": [{"id": 12372, "name": "UFA"}],
    "spoken_languages": [{"iso_639_1": "xx", "name": "No Language"}],
    "imdb_id": "tt0017136",
    "adult": False,
    "popularity": 31.4,
    "credits": {
        "cast": [{"name": "Brigitte Helm", "character": "Maria", "order": 0}],
        "crew": [{"name": "Fritz Lang", "job": "Director"}, {"name": "Somebody", "job": "Grip"}],
    },
    "keywords": {"keywords": [{"id": 1, "name": "robot"}]},
    "release_dates": {
        "results": [
            {"iso_3166_1": "DE", "release_dates": [{"certification": "6"}]},
            {"iso_3166_1": "US", "release_dates": [{"certification": ""}, {"certification": "PG"}]},
        ]
    },
    "translations": {
        "translations": [
            {"iso_639_1": "pt", "iso_3166_1": "BR", "data": {"title": "Metrópole", "overview": ""}},
            {"iso_639_1": "pt", "iso_3166_1": "PT", "data": {"title": "Metrópolis"}},
            {"iso_639_1": "fr", "iso_3166_1": "FR", "data": {"title": "", "overview": ""}},
        ]
    },
}


def test_movie_details_of_tmdb_become_a_title() -> None:
    assert from_tmdb(METROPOLIS) == {
        "external_id": "tmdb:19",
        "kind": "movie",
        "name": "Metropolis",
        "original_name": "Metropolis",
        "tagline": METROPOLIS["tagline"],
        "synopsis": METROPOLIS["overview"],
        "year": 1927,
        "runtime_minutes": 153,
        "language": "de",
        "audio_languages": ["zxx"],
        "genres": ["Drama", "Science Fiction"],
        "countries": ["DE"],
        "studios": ["UFA"],
        "tags": ["robot"],
        "maturity": {"system": "US-MPAA", "label": "PG"},
        "external_ids": {"tmdb": "19", "imdb": "tt0017136"},
        "people": [
            {"name": "Fritz Lang", "role": "director"},
            {"name": "Brigitte Helm", "role": "actor", "character": "Maria"},
        ],
        "localizations": [
            {"language": "pt", "name": "Metrópole", "tagline": None, "synopsis": None},
            {"language": "pt-PT", "name": "Metrópolis", "tagline": None, "synopsis": None},
        ],
    }


def test_series_details_of_tmdb_become_a_series_with_episodes() -> None:
    row = from_tmdb(
        {
            "id": 7,
            "name": "Les Vampires",
            "first_air_date": "1915-11-13",
            "episode_run_time": [40],
            "created_by": [{"name": "Louis Feuillade"}],
            "content_ratings": {"results": [{"iso_3166_1": "US", "rating": "TV-PG"}]},
            "seasons": [
                {
                    "season_number": 1,
                    "episodes": [{"episode_number": 1, "name": "La Tête coupée", "runtime": 31}],
                },
                {"season_number": 2, "name": "Announced"},
            ],
        }
    )
    title = title_of(row)
    assert (title.external_id, title.kind, title.year) == ("tmdb-tv:7", "series", 1915)
    assert row["maturity"] == {"system": "US-TV", "label": "TV-PG"}
    assert title.seasons[0].episodes[0].name == "La Tête coupée"
    assert "episodes" not in row["seasons"][1]


def test_a_csv_made_of_tmdb_holds_json_in_its_cells() -> None:
    cells = Cells(
        id="19",
        title="Metropolis",
        original_title="Metropolis",
        genres='[{"id": 18, "name": "Drama"}]',
        runtime="153.0",
        release_date="1927-02-06",
        imdb_id="",
    )
    row = shape_for("auto", cells)(cells)
    assert (row["external_id"], row["genres"], row["year"]) == ("tmdb:19", ["Drama"], 1927)
    assert title_of(row).runtime_minutes == 153


def test_titles_for_adults_are_rated_as_such() -> None:
    assert from_tmdb(METROPOLIS | {"adult": True})["maturity"]["label"] == "NC-17"


def test_rows_of_tmdb_without_an_id_are_wrong() -> None:
    with pytest.raises(InvalidRow) as caught:
        title_of(from_tmdb({"id": None, "title": "X", "overview": ""}))
    assert caught.value.field == "external_id"


def test_rows_of_wikipedia_become_movies() -> None:
    row = from_wikipedia(
        {
            "title": "Clipped Wings",
            "year": 1953,
            "cast": ["Leo Gorcey"],
            "genres": ["Comedy"],
            "href": "Clipped_Wings_(1953_film)",
            "extract": "Clipped Wings is a 1953 comedy film.",
            "thumbnail": "https://upload.wikimedia.org/x.jpeg",
        }
    )
    assert row == {
        "external_id": "wikipedia:Clipped_Wings_(1953_film)",
        "kind": "movie",
        "name": "Clipped Wings",
        "year": 1953,
        "genres": ["Comedy"],
        "people": [{"name": "Leo Gorcey", "role": "actor"}],
        "synopsis": "Clipped Wings is a 1953 comedy film.",
    }


def test_rows_of_wikipedia_without_an_article_are_known_by_name_and_year() -> None:
    row = from_wikipedia({"title": "Dream of a Rarebit Fiend", "year": 1906, "href": None})
    assert row["external_id"] == "wikipedia:dream-of-a-rarebit-fiend-1906"


def test_cells_become_lists_numbers_people_and_ratings() -> None:
    row = from_csv(
        Cells(
            external_id="film:1",
            name=" Metropolis ",
            year="1927",
            genres="Drama | Science Fiction",
            directors="Fritz Lang",
            cast="Brigitte Helm|Alfred Abel",
            maturity="DE-FSK:6",
            is_featured="yes",
            tagline="",
        )
    )
    assert row == {
        "external_id": "film:1",
        "name": "Metropolis",
        "year": 1927,
        "genres": ["Drama", "Science Fiction"],
        "maturity": {"system": "DE-FSK", "label": "6"},
        "is_featured": True,
        "people": [
            {"name": "Fritz Lang", "role": "director"},
            {"name": "Brigitte Helm", "role": "actor"},
            {"name": "Alfred Abel", "role": "actor"},
        ],
    }


@pytest.mark.parametrize("year", ["19x7", "²", "9" * 400, "1927.5"])
def test_a_cell_that_is_no_number_is_left_to_the_check_of_its_row(year: str) -> None:
    with pytest.raises(InvalidRow) as caught:
        title_of(from_csv(Cells(external_id="a", name="b", year=year)))
    assert caught.value.field == "year"


@pytest.mark.parametrize(
    ("first", "shape"),
    [
        ({"external_id": "a", "name": "b", "title": "c"}, "own"),
        (Cells(external_id="a", name="b"), "csv"),
        ({"title": "a", "cast": [], "year": 1}, "wikipedia"),
        ({"id": 1, "title": "a", "overview": ""}, "tmdb"),
        (Cells(id="1", title="a", original_title="b"), "tmdb"),
        ([], "own"),
    ],
)
def test_whose_rows_they_are_is_judged_by_the_first(first: Any, shape: str) -> None:
    assert shape_for("auto", first) is SHAPES[shape]


NAMES = sorted(
    {"external_id", "name", "year", "genres", "cast", "href", "extract", "maturity", "directors"}
    | METROPOLIS.keys()
    | {"seasons", "first_air_date", "episode_run_time", "content_ratings", "created_by", "crew"}
)
PARTS = ["name", "job", "results", "data", "iso_639_1", "iso_3166_1", "rating", "release_dates"]
nonsense = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6) | st.just("[1"),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from([*PARTS, "translations", "keywords"]), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(
    row=st.dictionaries(st.sampled_from(NAMES), nonsense, max_size=12) | nonsense,
    shape=st.sampled_from(sorted(SHAPES)),
)
def test_nonsense_is_a_wrong_row_in_every_shape(row: Any, shape: str) -> None:
    with suppress(InvalidRow):
        title_of(SHAPES[shape](row))
