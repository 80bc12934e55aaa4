"""What programmes say, in the dialects of guides."""

from datetime import date
from typing import Any

import pytest

from matinee.epg.feeds.entries import (
    AUDIO_DESCRIBED,
    LAST_CHANCE,
    PREMIERE,
    SUBTITLES,
    Credit,
    FeedChannel,
    Rating,
)
from matinee.epg.feeds.xmltv import Guide, share_of_clump
from tests.epg.feeds.makers import TIMES, guide, only, pieces, programmes, read

SAYS: dict[str, tuple[bytes, str, Any]] = {
    "external ids": (
        b'<episode-num system="themoviedb.com">movie/603</episode-num>'
        b'<episode-num system="thetvdb.com">series/296762</episode-num>'
        b'<episode-num system="thetvdb.com">episode/6023434</episode-num>'
        b'<episode-num system="imdb.com">title/tt0133093</episode-num>'
        b'<episode-num system="dd_progid">EP01006886.0028</episode-num>',
        "external_ids",
        {
            "tmdb_movie": "603",
            "tvdb_series": "296762",
            "tvdb_episode": "6023434",
            "imdb": "tt0133093",
            "dd_progid": "EP010068860028",
        },
    ),
    "ids that are none": (
        b'<episode-num system="themoviedb.com">none</episode-num>'
        b'<episode-num system="imdb.com">603</episode-num>'
        b'<episode-num system="dd_progid">whatever</episode-num>',
        "external_ids",
        {},
    ),
    "a series' id": (
        b'<series-id system="thetvdb.com">79168</series-id>',
        "external_ids",
        {"tvdb_series": "79168"},
    ),
    "the first day of an episode": (
        b'<episode-num system="original-air-date">2019-03-01 00:00:00</episode-num>',
        "original_air_date",
        date(2019, 3, 1),
    ),
    "a day that is none": (b'<previously-shown start="20190231"/>', "original_air_date", None),
    "a year": (b"<date>1999</date>", "year", 1999),
    "a year in a day": (b"<date>20260101</date>", "year", 2026),
    "a year that is none": (b"<date>soon</date>", "year", None),
    "four stars": (b"<star-rating><value>3/4</value></star-rating>", "star_rating", 7.5),
    "stars in percent": (b"<star-rating>75%</star-rating>", "star_rating", 7.5),
    "stars of nothing": (b"<star-rating><value>8/0</value></star-rating>", "star_rating", None),
    "more stars than there are": (b"<star-rating>11/10</star-rating>", "star_rating", None),
    "several ratings": (
        b'<rating system="MPAA"><value>PG-13</value></rating>'
        b'<rating system="BBFC"><value>15</value><icon src="http://a.test/15.png"/></rating>',
        "ratings",
        (Rating("MPAA", "PG-13"), Rating("BBFC", "15")),
    ),
    "a rating's image is not the programme's": (
        b'<rating><value>15</value><icon src="http://a.test/15.png"/></rating>', "icon", None,
    ),
    "an image": (b'<icon src="http://a.test/1.png"/>', "icon", "http://a.test/1.png"),
    "an image of the newer form": (
        b'<image type="poster">https://a.test/1.png</image>', "icon", "https://a.test/1.png",
    ),
    "an image that is no address": (b'<icon src="javascript:x"/>', "icon", None),
    "people": (
        b'<credits><actor role="Hero">B. Person<image>https://a.test/b.png</image></actor>'
        b"<director>A. Person</director><actor></actor><stunt>C</stunt></credits>",
        "credits",
        (Credit("actor", "B. Person", "Hero"), Credit("director", "A. Person", None)),
    ),
    "marks": (
        b"<premiere>first</premiere><last-chance/><subtitles type='teletext'/><audio-described/>",
        "flags",
        PREMIERE | LAST_CHANCE | SUBTITLES | AUDIO_DESCRIBED,
    ),
    "a mark that says no": (b"<live>0</live><new>false</new>", "flags", 0),
    "a language of subtitles is none of the programme": (
        b"<subtitles><language>fr</language></subtitles>", "language", "en",
    ),
    "a description of several lines": (
        b"<desc>\n  One\n  two&#160;three </desc>", "description", "One two three",
    ),
    "categories in the language of the title": (
        b'<category lang="cy">Ffilm</category><category lang="en">Film</category>'
        b"<category>Drama</category><category>Drama</category>",
        "categories",
        ("Film", "Drama"),
    ),
    "categories in another one only": (
        b'<category lang="cy">Ffilm</category><category lang="cy">Drama</category>',
        "categories",
        ("Ffilm", "Drama"),
    ),
    "a sub-title in the language of the title": (
        b'<sub-title lang="fr">Un</sub-title><sub-title lang="en_GB">Two</sub-title>'
        b'<sub-title lang="en">One</sub-title>',
        "sub_title",
        "One",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("more", "name", "value"), SAYS.values(), ids=SAYS)
def test_what_a_programme_says(more: bytes, name: str, value: object) -> None:
    assert getattr(only(guide(more=more)), name) == value


@pytest.mark.parametrize(
    ("tag", "language"),
    [("en_GB", "en-GB"), ("eng", "en"), ("DE", "de"), ("pt-br", "pt-BR"), ("x" * 9, None)],
)
def test_languages(tag: str, language: str | None) -> None:
    data = guide().replace(b'lang="en"', f'lang="{tag}"'.encode())
    assert only(data).language == language


def test_a_programme_of_a_title_only_is_one() -> None:
    found = only(b'<tv><programme start="20260101" channel="a"><title>x</title></programme></tv>')
    assert (found.title, found.titles, found.ends_at) == ("x", {"": "x"}, None)


def test_programmes_without_channel_or_title_are_counted() -> None:
    data = (
        b"<tv><programme start='20260101'><title>x</title></programme>"
        b"<programme start='20260101' channel='a'><title> </title></programme>"
        b"<programme channel='a'><title>x</title></programme></tv>"
    )
    found, summary = read(data)
    assert not found
    assert (summary.without_channel, summary.without_title, summary.bad_times) == (1, 1, 1)


def test_the_zone_of_the_source_is_that_of_times_without_one() -> None:
    plain = guide(attributes=b'start="20260101060000" channel="a"')
    stated = guide(attributes=b'start="20260101060000 +0100" channel="a"')
    assert only(plain, default_offset=60).starts_at == only(stated, default_offset=300).starts_at


def test_a_channel_that_is_called_by_its_number_keeps_its_name() -> None:
    data = b'<tv><channel id="5"><display-name>5</display-name></channel></tv>'
    assert list(Guide(pieces(data))) == [FeedChannel("5", ("5",), None, None)]


@pytest.mark.parametrize(
    ("index", "share"),
    [("0/2", (0, 50)), ("1/2", (50, 100)), ("2/2", (0, 100)), ("x", (0, 100)), ("0/0", (0, 100))],
)
def test_a_shared_slot_is_cut_evenly(index: str, share: tuple[int, int]) -> None:
    assert share_of_clump(0, 100, index) == share


def test_programmes_need_not_stand_together_by_channel() -> None:
    one = b"<programme " + TIMES + b' channel="%s"><title>%s</title></programme>'
    data = b"<tv>" + one % (b"a", b"1") + one % (b"b", b"2") + one % (b"a", b"3") + b"</tv>"
    assert [entry.title for entry in programmes(data, wanted={"a"})] == ["1", "3"]
