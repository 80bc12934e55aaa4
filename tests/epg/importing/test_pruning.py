"""The guide of the past is kept for some days, then forgotten."""

from datetime import timedelta
from typing import Any

import pytest

from matinee.epg.importing import normalising
from matinee.epg.importing.pruning import prune_guide
from matinee.runtime import Runtime
from tests.epg.importing.makers import MORNING, guide, guide_of, import_guide, make_fed_channel
from tests.epg.makers import at, make_airing, make_channel, make_programme
from tests.makers import execute, scalar

DAY = 24 * 60


async def test_airings_are_kept_for_as_long_as_it_says(runtime: Runtime) -> None:
    channel_id = await make_channel(runtime)
    days = runtime.settings.guide_days_kept
    for age in (days + 2, days - 1):
        await make_airing(runtime, channel_id, at(-age * DAY), title=f"{age} days ago")
    await make_airing(runtime, channel_id, at(60), title="soon")
    await prune_guide(runtime, None)
    assert [title for *_, title in await guide_of(runtime, channel_id)] == [
        f"{days - 1} days ago",
        "soon",
    ]


async def test_revisions_of_forgotten_days_are_forgotten(runtime: Runtime) -> None:
    channel_id = await make_channel(runtime)
    old = at(-(runtime.settings.guide_days_kept + 3) * DAY)
    await make_airing(runtime, channel_id, old)
    await make_airing(runtime, channel_id, at(60))
    await prune_guide(runtime, None)
    assert (
        await scalar(runtime, "SELECT min(day) FROM guide_days") > (old + timedelta(days=1)).date()
    )


async def test_programmes_without_airings_are_forgotten_when_they_are_old(
    runtime: Runtime,
) -> None:
    channel_id = await make_channel(runtime)
    await make_programme(runtime, "Lost")
    await make_airing(runtime, channel_id, at(60), title="Aired")
    await execute(runtime, "UPDATE programmes SET created_at = now() - interval '2 days'")
    await make_programme(runtime, "New")
    await prune_guide(runtime, None)
    titles = await scalar(runtime, "SELECT array_agg(title ORDER BY title) FROM programmes")
    assert titles == ["Aired", "New"]


async def test_a_refresh_after_pruning_writes_nothing(runtime: Runtime) -> None:
    one, source_id = await make_fed_channel(runtime)
    old = -24 * (runtime.settings.guide_days_kept + 3)
    text = guide(one=[(old, old + 1, "Old"), *MORNING])
    await import_guide(runtime, source_id, text)
    await prune_guide(runtime, None)
    done = await import_guide(runtime, source_id, text)
    assert done.report.channels_changed == 0
    assert await guide_of(runtime, one) == MORNING


async def test_a_programme_that_is_pruned_under_an_import_is_stored_anew(
    runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, source_id = await make_fed_channel(runtime)
    text = guide(one=MORNING)
    await import_guide(runtime, source_id, text)
    await execute(runtime, "DELETE FROM schedule_entries")
    await execute(runtime, "UPDATE programmes SET created_at = now() - interval '2 days'")
    fill, times = normalising.fill_difference, []

    async def fill_and_prune(*given: Any) -> None:
        """The night's job comes between two statements of the import, once."""
        await fill(*given)
        times.append(1)
        if len(times) == 1:
            await prune_guide(runtime, None)

    monkeypatch.setattr(normalising, "fill_difference", fill_and_prune)
    await import_guide(runtime, source_id, text)
    assert await guide_of(runtime, one) == MORNING
    assert len(times) == 2
