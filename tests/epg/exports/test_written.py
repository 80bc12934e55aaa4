"""Whatever a guide says, what is written is read back as it was."""

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from matinee.epg.exports.xmltv import FOOT, HEAD, programme_element
from matinee.epg.feeds.entries import LAST_CHANCE, LIVE, NEW, PREMIERE, REPEAT, SUBTITLES
from tests.epg.feeds.makers import only

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)

any_text = st.text(st.characters(codec="utf-8"), max_size=80)
names = st.text(
    st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1, max_size=40
)


def airing(**said: Any) -> dict[str, Any]:
    return {
        "starts_at": BEGIN,
        "ends_at": BEGIN + timedelta(hours=1),
        "flags": 0,
        "title": "x",
        "sub_title": None,
        "description": None,
        "season": None,
        "episode": None,
        "language": None,
        "categories": [],
        "genres": [],
        "maturity_label": None,
        "year": None,
        "original_air_date": None,
        "credits": [],
    } | said


def written(slug: str = "one", image: str | None = None, **said: Any) -> bytes:
    return (HEAD + programme_element(slug, airing(**said), image) + FOOT).encode()


def legible(text: str) -> str:
    """A text as readers give it: without what XML cannot hold, blanks as single spaces."""
    kept = "".join(c for c in text if (c >= " " and c not in "\ufffe\uffff") or c in "\t\n\r")
    return " ".join(kept.split())


@given(any_text, any_text, any_text)
def test_texts(title: str, sub_title: str, description: str) -> None:
    found = only(written(title=f"x{title}", sub_title=sub_title, description=description))
    assert found.title == legible(f"x{title}")
    assert found.sub_title == (legible(sub_title) or None)
    assert found.description == (legible(description) or None)


@given(names, names, names, st.lists(names, unique=True, max_size=5))
def test_names(slug: str, label: str, person: str, categories: list[str]) -> None:
    credits = [{"role": "actor", "name": person, "character": label}]
    found = only(written(slug, maturity_label=label, credits=credits, categories=categories))
    assert found.channel == slug
    assert [rating.label for rating in found.ratings] == [label]
    assert found.credits == (("actor", person, label),)
    assert found.categories == tuple(categories)


@given(
    st.none() | st.integers(1, 9_999),
    st.none() | st.integers(1, 99_999),
    st.sets(st.sampled_from([NEW, PREMIERE, REPEAT, LIVE, LAST_CHANCE, SUBTITLES])),
)
def test_numbers_and_marks(season: int | None, episode: int | None, flags: set[int]) -> None:
    found = only(written(season=season, episode=episode, flags=sum(flags)))
    assert (found.season, found.episode, found.flags) == (season, episode, sum(flags))


@given(st.integers(0, 4_000_000_000), st.integers(1, 86_400))
def test_times(epoch: int, seconds: int) -> None:
    begin = datetime.fromtimestamp(epoch, UTC)
    found = only(written(starts_at=begin, ends_at=begin + timedelta(seconds=seconds)))
    assert (found.starts_at, found.ends_at) == (epoch, epoch + seconds)
