"""A title stands once above the fold, in the place that fits it best; short rails are left out."""

from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from matinee.recommendations.picks import Draft, Pick, Reason
from matinee.recommendations.rails.arranging import FOLD, LENGTH, OWN, arrange, shown_of

REASON = Reason("popular")
RAILS = ("hero", *OWN, "for-you", "trending", "top-rated", "new", "genre:a", "genre:b")


def draft(rail: str, *numbers: int) -> Draft:
    return Draft(rail, tuple(Pick(UUID(int=n), 0.0, REASON) for n in numbers))


def numbers(drafts: list[Draft]) -> dict[str, list[int]]:
    return {one.rail: [title_id.int for title_id in one.title_ids] for one in drafts}


def test_a_title_stays_in_the_first_rail_that_shows_it() -> None:
    arranged = arrange([draft("for-you", 1, 2, 3), draft("trending", 3, 4, 5, 6)])
    assert numbers(arranged) == {"for-you": [1, 2, 3], "trending": [4, 5, 6]}


def test_what_the_profile_chose_keeps_its_titles() -> None:
    arranged = arrange([draft("hero", 1, 2), draft("my-list", 2), draft("for-you", 1, 3, 4, 5)])
    assert numbers(arranged) == {"hero": [1], "my-list": [2], "for-you": [3, 4, 5]}


def test_a_collection_keeps_what_the_operator_put_there() -> None:
    arranged = arrange([draft("for-you", 1, 2, 3, 4, 5), draft("collection:a", 1, 2, 6)])
    assert numbers(arranged) == {"for-you": [3, 4, 5], "collection:a": [1, 2, 6]}


def test_a_rail_that_becomes_too_short_gives_its_titles_back() -> None:
    drafts = [draft("for-you", 1, 2, 3), draft("trending", 1, 2, 4, 5), draft("new", 4, 5, 6)]
    assert numbers(arrange(drafts)) == {"for-you": [1, 2, 3], "new": [4, 5, 6]}


def test_rails_without_titles_are_left_out() -> None:
    assert arrange([draft("hero"), draft("for-you"), draft("trending", 1, 2)]) == []


def test_titles_beyond_what_is_shown_are_free_for_others() -> None:
    long = draft("for-you", *range(LENGTH + 3))
    arranged = arrange([long, draft("trending", *range(LENGTH, LENGTH + 3))])
    assert numbers(arranged)["trending"] == list(range(LENGTH, LENGTH + 3))


def test_the_next_rails_move_up_above_the_fold() -> None:
    same = [draft(rail, 1, 2, 3) for rail in ("for-you", "trending", "top-rated", "new")]
    others = [draft(f"genre:{n}", 1, 2, *range(n * 10, n * 10 + 3)) for n in range(1, FOLD + 2)]
    arranged = arrange([*same, *others])
    above = [pick.title_id for one in arranged[:FOLD] for pick in shown_of(one).picks]
    assert len(above) == len(set(above))
    assert [one.rail for one in arranged][:2] == ["for-you", "genre:1"]


@given(
    st.lists(st.sampled_from(RAILS), unique=True),
    st.data(),
)
def test_nothing_is_shown_twice_above_the_fold(rails: list[str], data: st.DataObject) -> None:
    titles = st.lists(st.integers(1, 30), unique=True, max_size=25)
    drafts = [draft(rail, *data.draw(titles)) for rail in rails]
    arranged = arrange(drafts)
    above = [pick.title_id for one in arranged[:FOLD] for pick in shown_of(one).picks]
    assert len(above) == len(set(above))
    order = [one.rail for one in arranged]
    assert order == [rail for rail in rails if rail in order]
    assert all(one.picks for one in arranged)
