"""A day of a channel (X-02)."""

from datetime import UTC, datetime
from uuid import UUID

import pytest
from httpx import AsyncClient

from matinee.runtime import Runtime
from tests.epg.guide.calls import ask, refused, see, titles
from tests.epg.makers import at, make_airing, make_channel
from tests.makers import as_viewer
from tests.viewing.makers import counted


@pytest.fixture
async def channel(runtime: Runtime) -> UUID:
    """An airing each at 3:30, 12:00 and 23:30 UTC, all an hour long."""
    channel_id = await make_channel(runtime)
    for hour, minute in ((3, 30), (12, 0), (23, 30)):
        begins = datetime(2030, 6, 10, hour, minute, tzinfo=UTC)
        await make_airing(runtime, channel_id, begins, 60, f"{hour}:{minute:02}")
    return channel_id


@pytest.mark.parametrize(
    ("day", "zone", "found"),
    [
        ("2030-06-10", "UTC", ["3:30", "12:00", "23:30"]),
        ("2030-06-11", "UTC", ["23:30"]),
        ("2030-06-10", "Europe/Berlin", ["3:30", "12:00"]),
        ("2030-06-11", "Europe/Berlin", ["23:30"]),
        ("2030-06-09", "America/New_York", ["3:30"]),
        ("2030-06-10", "America/New_York", ["3:30", "12:00", "23:30"]),
    ],
)
async def test_a_day_lasts_from_midnight_to_midnight_of_a_zone(
    client: AsyncClient, channel: UUID, day: str, zone: str, found: list[str]
) -> None:
    shown = await see(client, "/schedule", channel_id=channel, date=day, tz=zone)
    assert titles(shown["airings"]) == found


async def test_the_zone_is_the_profiles_unless_told(
    runtime: Runtime, client: AsyncClient, channel: UUID
) -> None:
    headers = await as_viewer(runtime, client, time_zone="Asia/Tokyo")
    shown = await see(client, "/schedule", headers, channel_id=channel, date="2030-06-11")
    assert (shown["time_zone"], titles(shown["airings"])) == ("Asia/Tokyo", ["23:30"])


async def test_a_day_may_have_another_length_than_24_hours(
    client: AsyncClient, channel: UUID
) -> None:
    for day, hours in (("2030-03-31", 23), ("2030-10-27", 25)):
        shown = await see(client, "/schedule", channel_id=channel, date=day, tz="Europe/Berlin")
        begins, ends = map(datetime.fromisoformat, (shown["starts_at"], shown["ends_at"]))
        assert (ends - begins).total_seconds() == hours * 3600


async def test_today_is_meant_unless_told(runtime: Runtime, client: AsyncClient) -> None:
    channel_id = await make_channel(runtime)
    await make_airing(runtime, channel_id, at(-1), 2, "Now")
    assert "Now" in titles((await see(client, "/schedule", channel_id=channel_id))["airings"])


async def test_a_day_is_read_once_for_everybody_who_sees_the_same(
    runtime: Runtime, client: AsyncClient, channel: UUID
) -> None:
    await see(client, "/schedule", channel_id=channel, date="2030-06-10")
    with counted(runtime) as statements:
        await see(client, "/schedule", channel_id=channel, date="2030-06-10")
    assert len(statements) == 1


async def test_a_change_is_seen_at_once(
    runtime: Runtime, client: AsyncClient, channel: UUID
) -> None:
    first = await ask(client, "/schedule", channel_id=channel, date="2030-06-10")
    headers = {"If-None-Match": first.headers["etag"]}
    again = await ask(client, "/schedule", headers, channel_id=channel, date="2030-06-10")
    assert again.status_code == 304
    await make_airing(runtime, channel, datetime(2030, 6, 10, 18, tzinfo=UTC), 60, "18:00")
    changed = await see(client, "/schedule", headers, channel_id=channel, date="2030-06-10")
    assert titles(changed["airings"]) == ["3:30", "12:00", "18:00", "23:30"]


async def test_a_hidden_channel_has_no_days(runtime: Runtime, client: AsyncClient) -> None:
    hidden = await make_channel(runtime, status="hidden")
    for channel_id in (hidden, UUID(int=7)):
        assert await refused(client, "/schedule", channel_id=channel_id) == (404, "not_found")
