"""Matching a whole source, again and again."""

from matinee.runtime import Runtime
from tests.epg.makers import make_channel
from tests.epg.matching.makers import make_source, map_of, match, name_channel
from tests.makers import execute, scalar


async def test_a_source_is_matched_and_counted(runtime: Runtime) -> None:
    arte, kika = await make_channel(runtime, "Arte"), await make_channel(runtime, "Kika Germany")
    source_id = await make_source(runtime)
    await name_channel(runtime, source_id, "1", "ARTE HD")
    await name_channel(runtime, source_id, "2", "Kika Germani")
    await name_channel(runtime, source_id, "3", "Somebody else")
    found = await match(runtime, source_id)
    assert (found.channels, found.applied, found.suggested, found.unmatched) == (3, 1, 1, 1)
    assert await map_of(runtime) == [
        ("1", arte, "name", "applied", False),
        ("2", kika, "fuzzy", "suggested", False),
    ]


async def test_matching_again_writes_nothing(runtime: Runtime) -> None:
    await make_channel(runtime, "Arte")
    source_id = await make_source(runtime)
    await name_channel(runtime, source_id, "1", "Arte")
    first, again = await match(runtime, source_id), await match(runtime, source_id)
    assert (first.changed, again.changed) == (1, 0)


async def test_one_channel_of_a_source_fills_ours_the_more_certain(runtime: Runtime) -> None:
    arte = await make_channel(runtime, "Arte", tvg_id="Arte.de")
    source_id = await make_source(runtime)
    await name_channel(runtime, source_id, "a", "Arte")
    await name_channel(runtime, source_id, "arte.de", "Something")
    await match(runtime, source_id)
    assert await map_of(runtime) == [
        ("a", arte, "name", "suggested", False),
        ("arte.de", arte, "tvg_id", "applied", False),
    ]


async def test_the_country_of_the_source_breaks_ties(runtime: Runtime) -> None:
    await make_channel(runtime, "ABC", slug="abc-us", country="US")
    australian = await make_channel(runtime, "ABC", slug="abc-au", country="AU")
    source_id = await make_source(runtime, country="AU")
    await name_channel(runtime, source_id, "1", "ABC")
    await match(runtime, source_id)
    assert await map_of(runtime) == [("1", australian, "name", "applied", False)]


async def test_a_channel_that_was_renamed_is_matched_anew(runtime: Runtime) -> None:
    await make_channel(runtime, "Arte")
    source_id = await make_source(runtime)
    await name_channel(runtime, source_id, "1", "Arte")
    await match(runtime, source_id)
    await execute(runtime, "UPDATE channels SET name = 'Phoenix'")
    await match(runtime, source_id)
    assert await map_of(runtime) == []


async def test_channels_of_our_own_media_are_not_matched(runtime: Runtime) -> None:
    await make_channel(runtime, "Arte", kind="linear", hls_live_url=None)
    source_id = await make_source(runtime)
    await name_channel(runtime, source_id, "1", "Arte")
    assert (await match(runtime, source_id)).unmatched == 1


async def test_the_shift_of_a_channel_becomes_that_of_its_guide(runtime: Runtime) -> None:
    await make_channel(runtime, "Arte", guide_shift_minutes=60)
    source_id = await make_source(runtime)
    await name_channel(runtime, source_id, "1", "Arte")
    await match(runtime, source_id)
    assert await scalar(runtime, "SELECT shift_minutes FROM channel_epg_map") == 60


async def test_a_source_without_names_is_matched_by_its_identifiers(runtime: Runtime) -> None:
    arte = await make_channel(runtime, "Arte")
    source_id = await make_source(runtime)
    await name_channel(runtime, source_id, "ARTE")
    await match(runtime, source_id)
    assert await map_of(runtime) == [("ARTE", arte, "name", "applied", False)]


async def test_a_large_source_takes_as_few_statements_as_a_small_one(runtime: Runtime) -> None:
    source_id = await make_source(runtime)
    statements: list[int] = []
    runtime.database.on_statement = lambda: statements.append(1)
    await match(runtime, source_id)
    few = len(statements)
    for number in range(50):
        await make_channel(runtime, f"Channel {number}")
        await name_channel(runtime, source_id, str(number), f"Channel {number}")
    statements.clear()
    found = await match(runtime, source_id)
    assert (len(statements), found.applied) == (few, 50)
