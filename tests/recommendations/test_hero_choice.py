"""Which featured title stands first: pinned ones, then the best three, one of them a day."""

from datetime import date, timedelta
from uuid import UUID, uuid4

from matinee.recommendations.hero import choose_hero
from matinee.recommendations.rails.shelves import Listed

TODAY = date(2026, 11, 25)
IDS = [UUID(int=n) for n in range(1, 7)]
SCORES = {title_id: 1 - n / 10 for n, title_id in enumerate(IDS)}
PROFILE = UUID(int=99)


def featured(*pinned: UUID) -> list[Listed]:
    return [
        *(Listed(title_id, True) for title_id in pinned),
        *(Listed(title_id, False) for title_id in IDS if title_id not in pinned),
    ]


def test_nothing_featured_gives_no_hero() -> None:
    assert choose_hero([], SCORES, PROFILE, TODAY) == []


def test_the_first_is_one_of_the_best_three() -> None:
    firsts = {choose_hero(featured(), SCORES, uuid4(), TODAY)[0] for _ in range(200)}
    assert firsts == set(IDS[:3])


def test_the_rest_follows_by_score() -> None:
    first, *rest = choose_hero(featured(), SCORES, PROFILE, TODAY)
    assert rest == [title_id for title_id in IDS if title_id != first]


def test_what_is_pinned_comes_before_any_score() -> None:
    chosen = choose_hero(featured(IDS[5]), SCORES, PROFILE, TODAY)
    assert chosen == [IDS[5], *IDS[:5]]


def test_a_day_has_one_choice_and_days_differ() -> None:
    days = [TODAY + timedelta(days=n) for n in range(30)]
    choices = [choose_hero(featured(), SCORES, PROFILE, day)[0] for day in days]
    assert choices == [choose_hero(featured(), SCORES, PROFILE, day)[0] for day in days]
    assert len(set(choices)) == 3


def test_the_choice_stays_when_a_weaker_one_goes() -> None:
    left = [one for one in featured() if one.title_id != IDS[4]]
    assert (
        choose_hero(left, SCORES, PROFILE, TODAY)[0]
        == choose_hero(featured(), SCORES, PROFILE, TODAY)[0]
    )
