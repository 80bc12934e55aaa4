"""What comes next, held against a plain model over many series and histories drawn at random."""

import random
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from httpx import AsyncClient

from matinee.runtime import Runtime
from tests.makers import execute
from tests.viewing.progress.makers import Somebody, make_numbered_series, watch
from tests.viewing.progress.test_next_episode import numbers_after

TODAY = datetime.now(UTC).date()
Number = tuple[int, int]


class State(NamedTuple):
    """What is known of an episode."""

    status: str
    air_date: date | None
    finished: bool


def expected(states: dict[Number, State], current: Number) -> Number | str:
    """R-04 as it is told."""
    later = sorted(
        number
        for number, state in states.items()
        if number > current
        and (number[0] == 0) == (current[0] == 0)
        and state.status == "published"
    )
    for number in later:
        aired = states[number].air_date is None or states[number].air_date <= TODAY
        if aired and not states[number].finished:
            return number
    upcoming = [number for number in later if (states[number].air_date or TODAY) > TODAY]
    return "next_airs" if upcoming else "related"


async def test_it_is_what_the_rule_says(
    runtime: Runtime, client: AsyncClient, ana: Somebody
) -> None:
    chance = random.Random(11)
    for series_number in range(12):
        sizes = {f"s{season}": chance.randint(0, 3) for season in range(4)}
        series, episodes = await make_numbered_series(runtime, f"Series {series_number}", **sizes)
        states = {
            number: await draw(runtime, chance, ana, series, episode_id)
            for number, episode_id in episodes.items()
        }
        for number, state in states.items():
            if state.status == "published":
                found = await numbers_after(client, ana, series, episodes[number])
                assert found == expected(states, number), (states, number)


async def draw(
    runtime: Runtime, chance: random.Random, who: Somebody, series: UUID, episode_id: UUID
) -> State:
    """Let an episode be in one of many states."""
    state = State(
        chance.choice(["published", "published", "published", "draft", "takedown"]),
        chance.choice([None, TODAY, TODAY - timedelta(days=1), TODAY + timedelta(days=1)]),
        chance.random() < 0.3,
    )
    await execute(
        runtime,
        "UPDATE episodes SET status = $2, air_date = $3 WHERE id = $1",
        episode_id,
        state.status,
        state.air_date,
    )
    if state.finished:
        await watch(runtime, who, series, episode_id)
    return state
