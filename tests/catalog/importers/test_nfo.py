"""NFO files of media centres: movies, series with their episodes, and hostile XML."""

from pathlib import Path

import pytest

from matinee.catalog.importers.library import Library
from matinee.catalog.importers.nfo import titles_of_nfo
from matinee.catalog.importers.problems import UnreadableFile
from matinee.catalog.importers.rows import title_of

METROPOLIS = b"""<?xml version="1.0" encoding="UTF-8" standalone="yes" ?>
<!-- written by a media centre -->
<movie>
    <title>Metropolis</title>
    <originaltitle>Metropolis</originaltitle>
    <plot>In a futuristic city &amp; below it \xe2\x80\xa6</plot>
    <tagline>The heart</tagline>
    <runtime>153</runtime>
    <mpaa>Rated PG-13 for peril</mpaa>
    <uniqueid type="tmdb">19</uniqueid>
    <uniqueid type="imdb" default="true">tt0017136</uniqueid>
    <genre>Drama</genre>
    <genre>Science Fiction</genre>
    <country>Germany</country>
    <country>Atlantis</country>
    <credits>Thea von Harbou</credits>
    <director>Fritz Lang</director>
    <premiered>1927-02-06</premiered>
    <studio>UFA</studio>
    <fileinfo><streamdetails>
        <audio><language>ger</language></audio>
        <subtitle><language>eng</language></subtitle>
        <subtitle><language>fr</language></subtitle>
    </streamdetails></fileinfo>
    <actor><name>Brigitte Helm</name><role>Maria</role><order>0</order></actor>
    <actor><name></name></actor>
</movie>
https://www.themoviedb.org/movie/19-metropolis
"""
SHOW = b"<tvshow><title>Les Vampires</title><year>1915</year></tvshow>"


def episode(season: int, number: int, name: str) -> bytes:
    return (
        f"<episodedetails><title>{name}</title><season>{season}</season>"
        f"<episode>{number}</episode><aired>1915-11-13</aired></episodedetails>"
    ).encode()


def test_a_movie_becomes_a_title() -> None:
    (row,) = titles_of_nfo(METROPOLIS)
    assert row == {
        "external_id": "imdb:tt0017136",
        "kind": "movie",
        "name": "Metropolis",
        "original_name": "Metropolis",
        "tagline": "The heart",
        "synopsis": "In a futuristic city & below it …",
        "year": 1927,
        "runtime_minutes": 153,
        "genres": ["Drama", "Science Fiction"],
        "countries": ["DE"],
        "studios": ["UFA"],
        "audio_languages": ["de"],
        "subtitle_languages": ["en", "fr"],
        "maturity": {"system": "US-MPAA", "label": "PG-13"},
        "external_ids": {"tmdb": "19", "imdb": "tt0017136"},
        "people": [
            {"name": "Fritz Lang", "role": "director"},
            {"name": "Thea von Harbou", "role": "writer"},
            {"name": "Brigitte Helm", "role": "actor", "character": "Maria"},
        ],
    }
    assert title_of(row).name == "Metropolis"


@pytest.mark.parametrize(
    ("written", "rating"),
    [
        ("US:R", ("US-MPAA", "R")),
        ("Rated TV-MA", ("US-TV", "TV-MA")),
        ("Germany:FSK 16", ("DE-FSK", "16")),
        ("DE:12", ("DE-FSK", "12")),
        ("nr", None),
        ("Nowhere:18", None),
        ("", None),
    ],
)
def test_ratings_are_known_however_they_are_written(
    written: str, rating: tuple[str, str] | None
) -> None:
    (row,) = titles_of_nfo(f"<movie><title>X</title><mpaa>{written}</mpaa></movie>".encode())
    found = row.get("maturity")
    assert (found and (found["system"], found["label"])) == rating


def test_a_title_without_identifiers_is_known_by_name_and_year() -> None:
    (row,) = titles_of_nfo(b"<movie><title>The Cat</title><year>1927</year></movie>")
    assert row["external_id"] == "nfo:the-cat-1927"


@pytest.mark.parametrize(
    "text",
    [
        b"<html><body>no film</body></html>",
        b"<movie><title>cut off",
        b"<movie><title>cut off</title></movie",
        b"<movie><title>wrong</titel></movie>",
        b"<movie><title>&undefined;</title></movie>",
        b"<movie>\xff\xfe</movie>",
        episode(1, 1, "alone"),
    ],
)
def test_what_is_no_title_is_refused(text: bytes) -> None:
    with pytest.raises(UnreadableFile):
        titles_of_nfo(text)


def test_entities_are_neither_blown_up_nor_fetched() -> None:
    bomb = (
        b'<!DOCTYPE movie [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">'
        b'<!ENTITY c SYSTEM "file:///etc/passwd">]>'
    )
    for entity in (b"&b;", b"&c;"):
        with pytest.raises(UnreadableFile):
            titles_of_nfo(bomb + b"<movie><title>" + entity + b"</title></movie>")


def test_a_document_type_inside_of_the_element_is_refused() -> None:
    with pytest.raises(UnreadableFile):
        titles_of_nfo(b'<movie><!DOCTYPE movie [<!ENTITY a "a">]><title>&a;</title></movie>')


def test_many_openings_without_end_are_read_in_linear_time() -> None:
    with pytest.raises(UnreadableFile):
        titles_of_nfo(b"<movie >" * 500_000)


def test_deep_nesting_does_no_harm() -> None:
    text = b"<movie>" + b"<a>" * 200_000 + b"</a>" * 200_000 + b"<title>X</title></movie>"
    assert titles_of_nfo(text)[0]["name"] == "X"


def test_a_library_is_its_movies_and_its_series_with_episodes(tmp_path: Path) -> None:
    movie, show = tmp_path / "Films" / "Metropolis (1927)", tmp_path / "Series" / "Les Vampires"
    (show / "Season 1").mkdir(parents=True)
    movie.mkdir(parents=True)
    (movie / "movie.nfo").write_bytes(METROPOLIS)
    (movie / "Metropolis.nfo").write_bytes(METROPOLIS)
    (movie / "poster.jpg").write_bytes(b"\xff\xd8")
    (show / "tvshow.nfo").write_bytes(SHOW)
    both = episode(1, 1, "La T\u00eate coup\u00e9e") + b"\n" + episode(1, 2, "La Bague")
    (show / "Season 1" / "1-2.nfo").write_bytes(both)
    (show / "special.nfo").write_bytes(episode(0, 1, "Making of"))
    library = Library(tmp_path)
    film, series = list(library.titles())
    assert film["external_id"] == "imdb:tt0017136"
    assert [
        (season["number"], [part["name"] for part in season["episodes"]])
        for season in series["seasons"]
    ] == [(0, ["Making of"]), (1, ["La Tête coupée", "La Bague"])]
    assert title_of(series).kind == "series"
    assert library.broken == {}


def test_a_broken_file_of_a_library_is_named_and_the_others_are_read(tmp_path: Path) -> None:
    (tmp_path / "a.nfo").write_bytes(b"<movie><title>cut")
    (tmp_path / "b.nfo").write_bytes(METROPOLIS)
    (tmp_path / "c.nfo").write_bytes(episode(1, 1, "alone"))
    library = Library(tmp_path)
    assert [row["name"] for row in library.titles()] == ["Metropolis"]
    assert sorted(library.broken) == [str(tmp_path / "a.nfo"), str(tmp_path / "c.nfo")]
