"""Several sources know one channel: locks, priorities and scores say which of them fills it."""

from itertools import permutations
from uuid import UUID

import pytest

from matinee.runtime import Runtime
from tests.epg.importing.makers import (
    Plan,
    guide,
    guide_of,
    ids_of,
    import_guide,
    make_source,
    map_channel,
    rows_of,
)
from tests.epg.makers import make_channel
from tests.makers import execute

SHORT: Plan = [(6, 7, "Good News"), (7, 8, "Good Film")]
LONG: Plan = [(5, 6.5, "Early"), (6.5, 7.5, "Middle"), (7.5, 9, "Across"), (9, 10, "Late")]
FILLED = [*SHORT, (9, 10, "Late")]


async def two_sources(
    runtime: Runtime, better: dict[str, object], worse: dict[str, object]
) -> tuple[UUID, UUID, UUID]:
    """A channel and the two sources that know it; the priority is the source's, else the map's."""
    channel_id = await make_channel(runtime)
    sources = []
    for name, rank in (("Better", better), ("Worse", worse)):
        source_id = await make_source(runtime, name, priority=rank.get("priority", 0))
        mapping = {key: value for key, value in rank.items() if key != "priority"}
        await map_channel(runtime, source_id, "one", channel_id, **mapping)
        sources.append(source_id)
    return channel_id, sources[0], sources[1]


RANKS = [
    ({}, {"priority": 9, "locked": False}),
    ({"priority": 5}, {"priority": 1}),
    ({"priority": 5, "score": 0.5}, {"priority": 1, "score": 1}),
    ({"score": 1}, {"score": 0.8}),
    ({}, {}),
]


@pytest.mark.parametrize("order", list(permutations("bw")), ids="".join)
@pytest.mark.parametrize(("better", "worse"), RANKS, ids=lambda rank: "-".join(rank) or "older")
async def test_the_better_source_fills_and_the_other_goes_on_behind_it(
    runtime: Runtime, better: dict[str, object], worse: dict[str, object], order: tuple[str, ...]
) -> None:
    channel_id, good, bad = await two_sources(runtime, better, worse)
    feeds = {"b": (good, SHORT), "w": (bad, LONG)}
    for name in order:
        source_id, plan = feeds[name]
        await import_guide(runtime, source_id, guide(one=plan))
    filled = await guide_of(runtime, channel_id)
    assert [airing for airing in filled if airing[0] >= 6] == FILLED


async def test_refreshing_both_again_changes_nothing(runtime: Runtime) -> None:
    channel_id, good, bad = await two_sources(runtime, {"priority": 5}, {})
    for source_id, plan in ((good, SHORT), (bad, LONG)):
        await import_guide(runtime, source_id, guide(one=plan))
    before = await rows_of(runtime, channel_id)
    for source_id, plan in ((bad, LONG), (good, SHORT)):
        done = await import_guide(runtime, source_id, guide(one=plan))
        assert done.report.channels_changed == 0
    assert await rows_of(runtime, channel_id) == before


async def test_a_channel_that_the_better_source_has_nothing_for_is_filled(
    runtime: Runtime,
) -> None:
    channel_id, good, bad = await two_sources(runtime, {"priority": 5}, {})
    await import_guide(runtime, good, guide(other=SHORT))
    await import_guide(runtime, bad, guide(one=LONG))
    assert await guide_of(runtime, channel_id) == LONG


async def test_the_better_source_takes_over_what_both_say_with_its_ids(runtime: Runtime) -> None:
    channel_id, good, bad = await two_sources(runtime, {"priority": 5}, {})
    await import_guide(runtime, bad, guide(one=SHORT))
    before = await ids_of(runtime, channel_id)
    await import_guide(runtime, good, guide(one=SHORT))
    rows = await rows_of(runtime, channel_id)
    assert {row["title"]: row["id"] for row in rows} == before
    assert {row["source_id"] for row in rows} == {good}


async def test_a_source_that_is_switched_off_stands_below(runtime: Runtime) -> None:
    channel_id, good, bad = await two_sources(runtime, {"priority": 5}, {})
    await import_guide(runtime, good, guide(one=SHORT))
    await execute(runtime, "UPDATE epg_sources SET active = false WHERE id = $1", good)
    await import_guide(runtime, bad, guide(one=LONG))
    assert await guide_of(runtime, channel_id) == LONG


async def test_what_a_source_said_before_it_was_unmapped_is_replaced(runtime: Runtime) -> None:
    channel_id, good, bad = await two_sources(runtime, {"priority": 5}, {})
    await import_guide(runtime, good, guide(one=[*SHORT, (12, 13, "Afternoon")]))
    await execute(runtime, "DELETE FROM channel_epg_map WHERE source_id = $1", good)
    await import_guide(runtime, bad, guide(one=LONG))
    assert await guide_of(runtime, channel_id) == LONG


async def test_of_two_channels_of_one_source_the_locked_mapping_counts(runtime: Runtime) -> None:
    channel_id = await make_channel(runtime)
    source_id = await make_source(runtime)
    await map_channel(runtime, source_id, "one", channel_id, locked=False)
    await map_channel(runtime, source_id, "two", channel_id, score=0.5)
    await import_guide(runtime, source_id, guide(one=SHORT, two=LONG))
    assert await guide_of(runtime, channel_id) == LONG
