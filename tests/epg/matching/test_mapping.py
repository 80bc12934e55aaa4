"""Staff says what fills which channel."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest
from httpx import AsyncClient

from matinee.runtime import Runtime
from tests.epg.makers import make_channel
from tests.epg.matching.makers import make_source, map_of, match, name_channel
from tests.makers import execute, scalar

MAP = "/api/v1/admin/epg/map"
QUEUED = "SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'epg.refresh_source'"

Headers = dict[str, str]


@dataclass(frozen=True)
class Scene:
    """A source that names `arte` something like ours, and two channels that it could fill."""

    source_id: UUID
    arte: UUID
    phoenix: UUID

    @property
    def address(self) -> str:
        return f"{MAP}/{self.source_id}/arte"


@pytest.fixture
async def scene(runtime: Runtime) -> Scene:
    source_id = await make_source(runtime, kind="url", url="https://epg.example.com/guide.xml")
    await name_channel(runtime, source_id, "arte", "Arte Kulturkanal", "5")
    arte = await make_channel(runtime, "Arte Kulturkanall")
    scene = Scene(source_id, arte, await make_channel(runtime, "Phoenix"))
    await match(runtime, source_id)
    return scene


async def listed(client: AsyncClient, editor: Headers, query: str = "") -> list[dict[str, Any]]:
    answer = await client.get(f"{MAP}{query}", headers=editor)
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


async def choose(
    client: AsyncClient, editor: Headers, scene: Scene, *channels: UUID, shift: int = 0
) -> None:
    chosen = [{"channel_id": str(each), "shift_minutes": shift} for each in channels]
    answer = await client.put(scene.address, json={"channels": chosen}, headers=editor)
    assert answer.status_code == 200, answer.text


async def test_what_fills_nothing_is_listed_with_its_suggestions(
    client: AsyncClient, editor: Headers, scene: Scene
) -> None:
    [item] = await listed(client, editor, "?unmatched=true")
    [suggestion] = item["matches"]
    assert (suggestion["channel_id"], suggestion["state"]) == (str(scene.arte), "suggested")


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("?state=suggested", 1), ("?state=applied", 0), ("?unmatched=false", 0), ("?q=kultur", 1),
        ("?q=%25", 0), ("?source_id=00000000-0000-0000-0000-000000000001", 0),
    ],
)  # fmt: skip
async def test_a_filter_leaves_the_others_out(
    client: AsyncClient, editor: Headers, scene: Scene, query: str, count: int
) -> None:
    assert len(await listed(client, editor, query)) == count


async def test_pages_hold_every_channel_once(
    runtime: Runtime, client: AsyncClient, editor: Headers, scene: Scene
) -> None:
    for number in range(4):
        await name_channel(runtime, scene.source_id, f"c{number}", "C")
    first = (await client.get(f"{MAP}?page_size=3", headers=editor)).json()
    rest = await listed(client, editor, f"?page_size=3&cursor={first['next_cursor']}")
    ids = [item["xmltv_id"] for item in first["items"] + rest]
    assert ids == ["arte", "c0", "c1", "c2", "c3"]


async def test_a_choice_is_locked_and_matching_leaves_it_alone(
    runtime: Runtime, client: AsyncClient, editor: Headers, scene: Scene
) -> None:
    await choose(client, editor, scene, scene.phoenix)
    await match(runtime, scene.source_id)
    assert await map_of(runtime) == [("arte", scene.phoenix, "manual", "applied", True)]


async def test_a_choice_has_its_own_shift(
    runtime: Runtime, client: AsyncClient, editor: Headers, scene: Scene
) -> None:
    await choose(client, editor, scene, scene.phoenix, shift=-60)
    await match(runtime, scene.source_id)
    assert await scalar(runtime, "SELECT shift_minutes FROM channel_epg_map") == -60


async def test_a_choice_teaches_other_sources(
    runtime: Runtime, client: AsyncClient, editor: Headers, scene: Scene
) -> None:
    await choose(client, editor, scene, scene.phoenix)
    other = await make_source(runtime, "Other")
    await name_channel(runtime, other, "x", "ARTE Kulturkanal")
    await name_channel(runtime, other, "y", "5")
    await match(runtime, other)
    assert ("x", scene.phoenix, "alias", "applied", False) in await map_of(runtime)
    assert (await match(runtime, other)).unmatched == 1


async def test_another_choice_takes_the_alias_back(
    runtime: Runtime, client: AsyncClient, editor: Headers, scene: Scene
) -> None:
    await choose(client, editor, scene, scene.phoenix)
    await choose(client, editor, scene, scene.arte)
    assert await scalar(runtime, "SELECT array_agg(channel_id) FROM channel_aliases") == [
        scene.arte
    ]


async def test_one_can_fill_several(
    runtime: Runtime, client: AsyncClient, editor: Headers, scene: Scene
) -> None:
    await choose(client, editor, scene, scene.arte, scene.phoenix)
    assert len(await map_of(runtime)) == 2


async def test_what_filled_a_chosen_channel_by_itself_fills_it_no_more(
    runtime: Runtime, client: AsyncClient, editor: Headers, scene: Scene
) -> None:
    await name_channel(runtime, scene.source_id, "ph", "Phoenix")
    await match(runtime, scene.source_id)
    await choose(client, editor, scene, scene.phoenix)
    await match(runtime, scene.source_id)
    assert ("ph", scene.phoenix, "name", "suggested", False) in await map_of(runtime)


async def test_a_confirmed_suggestion_is_as_if_it_were_chosen(
    runtime: Runtime, client: AsyncClient, editor: Headers, scene: Scene
) -> None:
    wish = {"channel_id": str(scene.arte)}
    await client.post(f"{scene.address}/confirm", json=wish, headers=editor)
    assert await map_of(runtime) == [("arte", scene.arte, "manual", "applied", True)]


async def test_a_rejected_suggestion_never_comes_back(
    runtime: Runtime, client: AsyncClient, editor: Headers, scene: Scene
) -> None:
    wish = {"channel_id": str(scene.arte)}
    await client.post(f"{scene.address}/reject", json=wish, headers=editor)
    await execute(
        runtime, "UPDATE channels SET name = 'Arte Kulturkanal' WHERE id = $1", scene.arte
    )
    await match(runtime, scene.source_id)
    assert [(state, locked) for *_, state, locked in await map_of(runtime)] == [("rejected", False)]


async def test_what_was_said_can_be_taken_back(
    runtime: Runtime, client: AsyncClient, editor: Headers, scene: Scene
) -> None:
    await choose(client, editor, scene, scene.phoenix)
    answer = await client.delete(scene.address, headers=editor)
    await match(runtime, scene.source_id)
    assert answer.status_code == 204
    assert await map_of(runtime) == [("arte", scene.arte, "fuzzy", "suggested", False)]
    assert await scalar(runtime, "SELECT count(*) FROM channel_aliases") == 0


@pytest.mark.parametrize("kind", ["missing", "linear"])
async def test_only_channels_that_guides_can_fill_are_chosen(
    runtime: Runtime, client: AsyncClient, editor: Headers, scene: Scene, kind: str
) -> None:
    channel_id = UUID(int=1)
    if kind == "linear":
        channel_id = await make_channel(runtime, "Ours", kind="linear", hls_live_url=None)
    wish = {"channels": [{"channel_id": str(channel_id)}]}
    answer = await client.put(scene.address, json=wish, headers=editor)
    assert answer.json()["error"]["code"] == "invalid_value"


async def test_a_channel_that_the_source_does_not_name_is_not_there(
    client: AsyncClient, editor: Headers, scene: Scene
) -> None:
    wish = {"channels": [{"channel_id": str(scene.arte)}]}
    answer = await client.put(f"{MAP}/{scene.source_id}/none", json=wish, headers=editor)
    assert answer.status_code == 404


async def test_a_choice_has_the_source_imported_anew(
    runtime: Runtime, client: AsyncClient, editor: Headers, scene: Scene
) -> None:
    await choose(client, editor, scene, scene.phoenix)
    assert await scalar(runtime, QUEUED) == 1


async def test_an_uploaded_source_is_not_imported_anew(
    runtime: Runtime, client: AsyncClient, editor: Headers, scene: Scene
) -> None:
    await execute(runtime, "UPDATE epg_sources SET kind = 'upload', url = NULL")
    await choose(client, editor, scene, scene.phoenix)
    assert await scalar(runtime, QUEUED) == 0


async def test_a_choice_is_written_down(
    runtime: Runtime, client: AsyncClient, editor: Headers, scene: Scene
) -> None:
    await choose(client, editor, scene, scene.phoenix)
    changes = await scalar(
        runtime, "SELECT changes FROM admin_audit_log WHERE action = 'epg_map.choose'"
    )
    assert changes["matches"][1][0]["channel"] == "Phoenix"
