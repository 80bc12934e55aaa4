"""Media that staff register, list and delete."""

import os
from collections.abc import Awaitable, Callable

import pytest
from httpx import AsyncClient

from matinee.runtime import Runtime
from tests.epg.makers import at, make_channel, make_programme
from tests.makers import as_staff, execute, insert, make_title, scalar
from tests.playback.media.makers import write_media
from tests.world import Headers

MEDIA = "/api/v1/admin/media"

Play = Callable[[Runtime], Awaitable[None]]


@pytest.fixture
async def staff(runtime: Runtime, client: AsyncClient) -> Headers:
    write_media(runtime.settings.media_dir, "clip")
    return await as_staff(runtime, client)


async def register(client: AsyncClient, staff: Headers, slug: str = "clip") -> None:
    answer = await client.post(MEDIA, headers=staff, json={"slug": slug})
    assert answer.status_code == 201, answer.text


async def test_registered_media_are_listed_with_their_renditions(
    client: AsyncClient, staff: Headers
) -> None:
    await register(client, staff)
    (media,) = (await client.get(MEDIA, headers=staff)).json()["items"]
    assert (media["slug"], media["segment_count"], media["duration_seconds"]) == ("clip", 4, 16.0)
    assert [rendition["name"] for rendition in media["renditions"]] == ["v360", "audio"]


async def test_the_list_has_pages(runtime: Runtime, client: AsyncClient, staff: Headers) -> None:
    for slug in ("a", "b", "c"):
        write_media(runtime.settings.media_dir, slug)
        await register(client, staff, slug)
    first = (await client.get(f"{MEDIA}?page_size=2", headers=staff)).json()
    second = await client.get(f"{MEDIA}?cursor={first['next_cursor']}", headers=staff)
    slugs = [media["slug"] for media in [*first["items"], *second.json()["items"]]]
    assert slugs == ["a", "b", "c"]


async def test_only_folders_of_media_can_be_registered(
    runtime: Runtime, client: AsyncClient, staff: Headers
) -> None:
    (write_media(runtime.settings.media_dir, "broken") / "media.json").write_text("{}")
    for slug in ("none", "broken"):
        answer = await client.post(MEDIA, headers=staff, json={"slug": slug})
        assert (answer.status_code, answer.json()["error"]["code"]) == (422, "no_such_media")


async def test_deleted_media_lose_their_folder(
    runtime: Runtime, client: AsyncClient, staff: Headers
) -> None:
    await register(client, staff)
    assert (await client.delete(f"{MEDIA}/clip", headers=staff)).status_code == 200
    await runtime.worker.drain()
    assert os.listdir(runtime.settings.media_dir) == []
    assert (await client.delete(f"{MEDIA}/clip", headers=staff)).status_code == 404


async def test_media_registered_again_meanwhile_keep_their_folder(
    runtime: Runtime, client: AsyncClient, staff: Headers
) -> None:
    await register(client, staff)
    await client.delete(f"{MEDIA}/clip", headers=staff)
    await register(client, staff)
    await runtime.worker.drain()
    assert (runtime.settings.media_dir / "clip" / "media.json").exists()


async def play_by_title(runtime: Runtime) -> None:
    title_id = await make_title(runtime, "Cops")
    await insert(runtime, "media_assets", title_id=title_id, protocol="builtin", url="clip")


async def play_as_filler(runtime: Runtime) -> None:
    sql = "INSERT INTO linear_plans (channel_id, kind, filler) VALUES ($1, 'loop', 'clip')"
    await execute(runtime, sql, await make_channel(runtime, "Cinema"))


async def play_by_plan(runtime: Runtime) -> None:
    sql = """
        WITH slate AS (
            INSERT INTO media_files (slug, name, segment_count, size_bytes)
            VALUES ('slate', 'Slate', 1, 1) RETURNING slug
        )
        INSERT INTO linear_plans (channel_id, kind, filler, plan)
        SELECT $1, 'blocks', slug, '{"blocks": [{"media": ["clip"]}]}' FROM slate
    """
    await execute(runtime, sql, await make_channel(runtime, "Cinema"))


async def play_in_a_slot(runtime: Runtime) -> None:
    sql = """
        INSERT INTO linear_slots (channel_id, starts_at, ends_at, programme_id, media,
                                  content_segments, plan_version)
        VALUES ($1, $2, $3, $4, '{clip}', 4, 1)
    """
    channel_id, programme_id = await make_channel(runtime, "Cinema"), await make_programme(runtime)
    await execute(runtime, sql, channel_id, at(0), at(30), programme_id)


async def play_in_a_run(runtime: Runtime) -> None:
    sql = """
        INSERT INTO playout_runs (channel_id, first_sequence, segment_count, media, media_segments,
                                  first_discontinuity)
        VALUES ($1, 1, 4, '{clip}', '{4}', 0)
    """
    await execute(runtime, sql, await make_channel(runtime, "Cinema"))


@pytest.mark.parametrize(
    ("play", "by"),
    [
        (play_by_title, "titles"),
        (play_as_filler, "plans"),
        (play_by_plan, "plans"),
        (play_in_a_slot, "broadcasts"),
        (play_in_a_run, "broadcasts"),
    ],
)
async def test_media_that_are_played_stay(
    runtime: Runtime, client: AsyncClient, staff: Headers, play: Play, by: str
) -> None:
    await register(client, staff)
    await play(runtime)
    answer = await client.delete(f"{MEDIA}/clip", headers=staff)
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "media_in_use")
    assert answer.json()["error"]["details"]["by"] == [by]
    assert await scalar(runtime, "SELECT count(*) FROM media_files WHERE slug = 'clip'") == 1
