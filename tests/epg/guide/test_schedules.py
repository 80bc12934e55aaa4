"""Schedules of several channels (L-02): windows, forms, what changed, what is not looked at."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from httpx import AsyncClient

from matinee.catalog.tags import CATALOG
from matinee.runtime import Runtime
from tests.epg.guide.calls import ask, multi, titles, window
from tests.epg.makers import EPG, FLAGS, at, make_airing, make_channel, make_programme
from tests.makers import as_viewer, execute, make_title, scalar

NOON = datetime(2030, 6, 10, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture
async def channel(runtime: Runtime) -> UUID:
    """Four programmes of an hour from eleven o'clock on, with a gap after the second."""
    channel_id = await make_channel(runtime)
    for hours, title in ((-1, "Eleven"), (0, "Noon"), (2, "Two"), (3, "Three")):
        await make_airing(runtime, channel_id, NOON + hours * HOUR, 60, title)
    return channel_id


@pytest.mark.parametrize(
    ("begin", "end", "found"),
    [
        (0, 1, ["Noon"]),
        (-0.5, 0.5, ["Eleven", "Noon"]),
        (1, 2, []),
        (1, 2.01, ["Two"]),
        (-1, 4, ["Eleven", "Noon", "Two", "Three"]),
        (0.99, 1.5, ["Noon"]),
        (4, 5, []),
    ],
)
async def test_a_window_shows_whatever_is_on_at_some_time_of_it(
    client: AsyncClient, channel: UUID, begin: float, end: float, found: list[str]
) -> None:
    shown = await multi(client, channel, **window(NOON + begin * HOUR, NOON + end * HOUR))
    assert titles(shown["channels"][0]["airings"]) == found


async def test_an_airing_of_a_day_is_found_at_its_end(
    runtime: Runtime, client: AsyncClient
) -> None:
    channel_id = await make_channel(runtime)
    await make_airing(runtime, channel_id, NOON, 24 * 60, "Marathon")
    last_minute = window(NOON + timedelta(hours=23, minutes=59), NOON + 24 * HOUR)
    shown = await multi(client, channel_id, **last_minute)
    assert titles(shown["channels"][0]["airings"]) == ["Marathon"]


async def test_channels_come_in_the_order_asked_for_and_once(
    runtime: Runtime, client: AsyncClient
) -> None:
    one, two = await make_channel(runtime, "One"), await make_channel(runtime, "Two")
    answer = await client.get(
        f"{EPG}/schedule/multi",
        params={"channel_ids": [str(two), f"{one},{two}"]} | window(),
    )
    assert [item["channel_id"] for item in answer.json()["channels"]] == [str(two), str(one)]


async def test_unknown_and_hidden_channels_are_left_out(
    runtime: Runtime, client: AsyncClient, channel: UUID
) -> None:
    hidden = await make_channel(runtime, "Hidden", status="hidden")
    shown = await multi(client, hidden, channel, UUID(int=7), **window(NOON, NOON + HOUR))
    assert [item["channel_id"] for item in shown["channels"]] == [str(channel)]


async def test_a_rating_of_a_title_counts_however_late_it_is_stored(
    runtime: Runtime, client: AsyncClient
) -> None:
    """An older change can be committed after a newer one of another title."""
    channel_id = await make_channel(runtime)
    for hours, name in enumerate(("Early", "Late")):
        title_id = await make_title(runtime, name, maturity_score=0)
        begin, link = NOON + hours * HOUR, {"title_id": title_id, "link_method": "manual"}
        await make_airing(runtime, channel_id, begin, 60, name, **link)
    await execute(
        runtime, "UPDATE titles SET updated_at = now() + interval '1 h' WHERE name = 'Late'"
    )
    child = await as_viewer(runtime, client, max_maturity=9)
    span = window(NOON, NOON + 2 * HOUR)
    assert "Early" in str(await multi(client, channel_id, headers=child, **span))
    rated = "maturity_score = 18, updated_at = now() + interval '1 minute'"
    await execute(runtime, f"UPDATE titles SET {rated} WHERE name = 'Early'")
    await runtime.cache.invalidate({CATALOG})
    assert titles(
        (await multi(client, channel_id, headers=child, **span))["channels"][0]["airings"]
    ) == ["Late"]


async def test_what_a_child_may_not_see_is_a_gap(runtime: Runtime, client: AsyncClient) -> None:
    channel_id = await make_channel(runtime)
    await make_airing(runtime, channel_id, NOON, 60, "Cartoon")
    await make_airing(runtime, channel_id, NOON + HOUR, 60, "Horror", maturity_score=18)
    span = window(NOON, NOON + 2 * HOUR)
    child = await as_viewer(runtime, client, kind="kids", max_maturity=9)
    adult = await as_viewer(runtime, client, "adult@example.com")
    for form in ("objects", "compact"):
        shown = await multi(client, channel_id, headers=child, format=form, **span)
        assert "Cartoon" in str(shown)
        assert "Horror" not in str(shown)
        assert "Horror" in str(await multi(client, channel_id, headers=adult, format=form, **span))


async def test_the_compact_form_says_the_same_in_minutes(
    runtime: Runtime, client: AsyncClient
) -> None:
    channel_id = await make_channel(runtime)
    programme_id = await make_programme(runtime, "Quoted \"and\" \\ 'so'", season=2, episode=5)
    begins = NOON + timedelta(seconds=30)
    first = await make_airing(
        runtime, channel_id, begins, 45, programme_id=programme_id, flags=FLAGS["live"]
    )
    second = await make_airing(
        runtime,
        channel_id,
        begins + timedelta(minutes=45),
        30,
        programme_id=programme_id,
        start_over=False,
        catch_up=False,
    )
    shown = await multi(client, channel_id, format="compact", **window(NOON, NOON + 3 * HOUR))
    minute = int(NOON.timestamp()) // 60
    assert shown["channels"][str(channel_id)] == [
        [first, minute, 45, programme_id, 8],
        [second, minute + 45, 30, programme_id, 128 + 256],
    ]
    assert shown["programmes"] == {str(programme_id): ["Quoted \"and\" \\ 'so'", None, 2, 5]}
    assert (shown["days"], shown["complete"]) == (None, True)


async def test_what_follows_without_a_gap_does_so_in_minutes(
    runtime: Runtime, client: AsyncClient
) -> None:
    channel_id = await make_channel(runtime)
    for n in range(10):
        await make_airing(runtime, channel_id, NOON + n * timedelta(seconds=1_234.5), 20.575)
    shown = await multi(client, channel_id, format="compact", **window(NOON, NOON + 5 * HOUR))
    airings = shown["channels"][str(channel_id)]
    assert [start + length for _, start, length, *_ in airings][:-1] == [
        start for _, start, *_ in airings
    ][1:]


async def test_long_lists_of_channels_can_be_posted(
    runtime: Runtime, client: AsyncClient, channel: UUID
) -> None:
    body = {"channel_ids": [str(channel)], **window(NOON, NOON + HOUR)}
    answer = await client.post(f"{EPG}/schedule/multi", json=body)
    assert titles(answer.json()["channels"][0]["airings"]) == ["Noon"]


async def test_only_days_that_changed_come_with_since_rev(
    runtime: Runtime, client: AsyncClient, channel: UUID
) -> None:
    other = await make_channel(runtime, "Other")
    await make_airing(runtime, other, NOON, 60, "Elsewhere")
    span = window(NOON, NOON + timedelta(days=3))
    before = await multi(client, channel, other, **span)
    known = {"since_rev": before["rev"], "view": before["view"], **span}
    assert (await multi(client, channel, other, **known))["channels"] == []

    await make_airing(runtime, channel, NOON + timedelta(days=1), 60, "Tomorrow")
    for form in ("objects", "compact"):
        changes = await multi(client, channel, other, format=form, **known)
        assert changes["complete"] is False
        assert changes["rev"] > before["rev"]
        assert "Tomorrow" in str(changes)
        assert "Noon" not in str(changes)
        assert "Elsewhere" not in str(changes)
    [item] = (await multi(client, channel, other, **known))["channels"]
    assert (item["channel_id"], item["days"]) == (str(channel), ["2030-06-11"])


async def test_a_day_that_was_emptied_is_told(
    runtime: Runtime, client: AsyncClient, channel: UUID
) -> None:
    span = window(NOON - HOUR, NOON + 4 * HOUR)
    before = await multi(client, channel, **span)
    await execute(runtime, "DELETE FROM schedule_entries")
    await execute(runtime, "UPDATE guide_revision SET rev = rev + 1")
    await execute(runtime, "UPDATE guide_days SET rev = (SELECT rev FROM guide_revision)")
    [item] = (await multi(client, channel, since_rev=before["rev"], **span))["channels"]
    assert (item["days"], item["airings"]) == (["2030-06-10"], [])


async def test_everything_comes_where_other_things_may_be_seen_by_now(
    runtime: Runtime, client: AsyncClient, channel: UUID
) -> None:
    headers = await as_viewer(runtime, client)
    span = window(NOON, NOON + HOUR)
    before = await multi(client, channel, headers=headers, **span)
    known = {"since_rev": before["rev"], "view": before["view"], **span}
    child = await as_viewer(runtime, client, "kid@example.com", max_maturity=9)
    after = await multi(client, channel, headers=child, **known)
    assert (after["complete"], len(after["channels"])) == (True, 1)


async def test_everything_comes_where_a_revision_is_of_the_future(
    client: AsyncClient, channel: UUID
) -> None:
    shown = await multi(client, channel, since_rev=2**63 - 1, **window(NOON, NOON + HOUR))
    assert shown["complete"] is True


async def looked_at(runtime: Runtime) -> int:
    """How often airings were looked for, by any index or none."""
    await execute(runtime, "SELECT pg_stat_force_next_flush()")
    return int(
        await scalar(
            runtime,
            "SELECT seq_scan + coalesce(idx_scan, 0) FROM pg_stat_user_tables"
            " WHERE relname = 'schedule_entries'",
        )
    )


async def test_who_has_it_already_is_answered_without_a_look_at_airings(
    runtime: Runtime, client: AsyncClient, channel: UUID
) -> None:
    params: dict[str, Any] = {"channel_ids": str(channel)} | window(NOON, NOON + HOUR)
    first = await ask(client, "/schedule/multi", **params)
    runtime.cache._memory._entries.clear()
    before = await looked_at(runtime)
    headers = {"If-None-Match": first.headers["etag"]}
    again = await ask(client, "/schedule/multi", headers, **params)
    assert (again.status_code, again.content) == (304, b"")
    assert await looked_at(runtime) == before
    await make_airing(runtime, channel, NOON + HOUR, 60, "New")
    assert (await ask(client, "/schedule/multi", headers, **params)).status_code == 200


async def test_a_change_of_another_channel_leaves_an_answer_as_it_is(
    runtime: Runtime, client: AsyncClient, channel: UUID
) -> None:
    params: dict[str, Any] = {"channel_ids": str(channel)} | window(NOON, NOON + HOUR)
    first = await ask(client, "/schedule/multi", **params)
    other = await make_channel(runtime, "Other")
    await make_airing(runtime, other, NOON, 60)
    headers = {"If-None-Match": first.headers["etag"]}
    assert (await ask(client, "/schedule/multi", headers, **params)).status_code == 304


async def test_an_answer_of_one_profile_is_no_answer_for_another(
    runtime: Runtime, client: AsyncClient
) -> None:
    channel_id = await make_channel(runtime)
    await make_airing(runtime, channel_id, at(-5), 60, "Horror", maturity_score=18)
    adult = await as_viewer(runtime, client)
    child = await as_viewer(runtime, client, "kid@example.com", max_maturity=9)
    params: dict[str, Any] = {"channel_ids": str(channel_id)} | window()
    etag = (await ask(client, "/schedule/multi", adult, **params)).headers["etag"]
    answer = await ask(client, "/schedule/multi", child | {"If-None-Match": etag}, **params)
    assert answer.status_code == 200
    assert "Horror" not in answer.text
