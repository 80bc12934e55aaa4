"""The ladder of matching: what is certain, what is likely, what is neither."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from matinee.epg.matching import names
from matinee.epg.matching.ladder import Candidate, Index, Match

OURS = [
    Candidate("bbc1", "BBC One", tvg_id="BBCOne.uk", country="GB"),
    Candidate("bbc2", "BBC Two", tvg_id="BBCTwo.uk", country="GB"),
    Candidate("abc-us", "ABC", tvg_id="ABC.us", country="US"),
    Candidate("abc-au", "ABC", tvg_id="ABC.au", country="AU"),
    Candidate("film4", "Film4", country="GB"),
    Candidate("film4+1", "Film4 +1", country="GB"),
    Candidate("history", "The History Channel", country="US"),
    Candidate("sky1", "Sky Sport 1", country="DE"),
    Candidate("sky2", "Sky Sport 2", country="DE"),
    Candidate("eurosport", "Eurosport Deutschland", country="DE", aliases=["es germany"]),
    Candidate("sd", "Arte", country="FR"),
    Candidate("hd", "Arte HD", country="FR"),
    Candidate("vox", "Vox Austria"),
]
INDEX = Index(OURS)


def first(xmltv_id: str | None, name: str, country: str | None = None) -> Match | None:
    found = INDEX.match(xmltv_id, [name], country)
    return found[0] if found else None


@pytest.mark.parametrize(
    ("xmltv_id", "name", "country", "channel", "method"),
    [
        ("bbcone.uk", "Anything", None, "bbc1", "tvg_id"),
        ("BBCOne.uk@HD", "Anything", None, "bbc1", "tvg_id"),
        (None, "ES Germany", None, "eurosport", "alias"),
        (None, "bbc one hd", None, "bbc1", "name"),
        (None, "UK: BBC One (1080p)", None, "bbc1", "name"),
        (None, "ABC", "AU", "abc-au", "name"),
        (None, "Film4+1", "GB", "film4+1", "name"),
        (None, "Arte HD", "FR", "hd", "name"),
        (None, "ARTE", "FR", "sd", "name"),
        (None, "History TV", "US", "history", "squashed"),
        (None, "BBCOne", "GB", "bbc1", "squashed"),
    ],
)
def test_what_is_certain_is_applied(
    xmltv_id: str | None, name: str, country: str | None, channel: str, method: str
) -> None:
    match = first(xmltv_id, name, country)
    assert match is not None
    assert (match.channel.id, match.method, match.applied) == (channel, method, True)


@pytest.mark.parametrize("name", ["Sky Sports 1", "Sport Sky 1"])
def test_numbers_of_what_is_likely_agree(name: str) -> None:
    [match] = INDEX.match(None, [name], "DE")
    assert (match.channel.id, match.applied) == ("sky1", False)


def test_what_is_likely_is_suggested_only() -> None:
    match = first(None, "Vox Austrie")
    assert match is not None
    assert (match.channel.id, match.method, match.applied) == ("vox", "fuzzy", False)


def test_several_of_one_name_are_suggested_those_of_the_country_first() -> None:
    found = INDEX.match(None, ["ABC"], None)
    assert {match.channel.id for match in found} == {"abc-us", "abc-au"}
    assert not any(match.applied for match in found)


def test_a_second_name_counts_where_the_first_leads_nowhere() -> None:
    [match] = INDEX.match(None, ["Channel Nobody Knows", "BBC Two"], None)
    assert (match.channel.id, match.applied) == ("bbc2", True)


@pytest.mark.parametrize(
    "name", ["Film4 +2", "BBC Three", "Sky Sport 3", "BBC", "", "HD", "1", "💡"]
)
def test_what_is_neither_is_not_matched(name: str) -> None:
    assert INDEX.match(None, [name], "GB") == []


words = st.sampled_from("Sky Sport Film Canal News Kino Max Plus Channel TV Eurosport".split())
figures = st.sampled_from(["", "1", "2", "11", "12", "21", "+1", "+2", "1 1", "24", "+"])
called = st.builds(
    lambda parts, figure, quality: f"{' '.join(parts)} {figure} {quality}".strip(),
    st.lists(words, min_size=1, max_size=3),
    figures,
    st.sampled_from(["", "HD", "(720p)", "[Not 24/7]", "UHD"]),
)


@given(called, st.lists(called, min_size=1, max_size=20, unique=True))
def test_no_match_confuses_numbers(name: str, ours: list[str]) -> None:
    index = Index([Candidate(number, each) for number, each in enumerate(ours)])
    for match in index.match(None, [name], None):
        assert names.numbers(match.channel.name) == names.numbers(name)


@given(st.lists(called, min_size=1, max_size=20, unique=True), st.data())
def test_a_channel_is_found_by_its_own_name(ours: list[str], data: st.DataObject) -> None:
    wanted = data.draw(st.sampled_from(ours))
    assume(sum(names.normalised(each) == names.normalised(wanted) for each in ours) == 1)
    index = Index([Candidate(each, each) for each in ours])
    [match] = index.match(None, [wanted], None)
    assert (match.channel.id, match.applied) == (wanted, True)
