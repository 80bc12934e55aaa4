"""Editors create, change, publish, take down and delete titles."""

import asyncio
from typing import Any
from uuid import UUID, uuid4

import pytest
from httpx import AsyncClient, Response

from matinee.runtime import Runtime
from tests.catalog.makers import ADMIN, CATALOG, Headers, make_asset, make_genre, refusal
from tests.makers import as_staff, as_viewer, execute, make_title, scalar

TITLES = f"{ADMIN}/titles"

FULL: dict[str, Any] = {
    "name": "Metropolis",
    "original_name": "Metropolis",
    "tagline": "The mediator between head and hands must be the heart.",
    "synopsis": "A city of two worlds.",
    "year": 1927,
    "runtime_minutes": 153,
    "language": "de",
    "audio_languages": ["de"],
    "subtitle_languages": ["en", "fr"],
    "genres": ["Science Fiction", "drama"],
    "countries": ["DE"],
    "studios": ["UFA"],
    "tags": ["restored"],
    "mood_tags": ["epic"],
    "theme_tags": ["dystopia"],
    "maturity": {"system": "US-MPAA", "label": "PG"},
    "is_featured": True,
    "segments": [{"kind": "credits", "from_seconds": 9000, "to_seconds": 9180}],
    "external_ids": {"imdb": "tt0017136"},
    "people": [
        {"name": "Fritz Lang", "role": "director", "character": None},
        {"name": "Brigitte Helm", "role": "actor", "character": "Maria"},
    ],
    "localizations": [{"language": "fr", "name": "Métropolis", "tagline": None, "synopsis": "…"}],
    "rights": [
        {
            "territory": "US",
            "available_from": None,
            "available_until": "2099-01-01T00:00:00Z",
            "announced": False,
        }
    ],
    "images": [
        {"kind": "thumb", "url": "https://img.example.com/t.webp", "language": None},
        {"kind": "poster", "url": "https://img.example.com/p.webp", "language": "de"},
    ],
    "assets": [
        {
            "kind": "main",
            "name": None,
            "protocol": "hls",
            "url": "https://media.example.com/m.m3u8",
            "quality": "1080p",
            "duration_seconds": 9180,
        }
    ],
}


async def create(client: AsyncClient, editor: Headers, **fields: Any) -> dict[str, Any]:
    answer = await client.post(TITLES, json={"name": "Metropolis"} | fields, headers=editor)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def patch(
    client: AsyncClient,
    editor: Headers,
    title_id: object,
    if_match: str | None = None,
    **fields: Any,
) -> Response:
    headers = editor | ({"If-Match": if_match} if if_match else {})
    return await client.patch(f"{TITLES}/{title_id}", json=fields, headers=headers)


async def put_status(
    client: AsyncClient, editor: Headers, title_id: object, status: str, reason: str | None = None
) -> Response:
    body = {"status": status, "reason": reason}
    return await client.post(f"{TITLES}/{title_id}/status", json=body, headers=editor)


async def audited(runtime: Runtime) -> list[str]:
    async with runtime.database.read() as tx:
        rows = await tx.all("SELECT action FROM admin_audit_log ORDER BY id")
    return [row["action"] for row in rows]


async def test_a_new_title_is_a_draft_with_everything_that_was_said(
    runtime: Runtime, client: AsyncClient, editor: Headers
) -> None:
    made = await create(client, editor, **FULL)
    said = FULL | {"genres": ["science-fiction", "drama"]}
    assert {name: made[name] for name in said} == said
    assert (made["status"], made["version"], made["maturity_score"]) == ("draft", 1, 7)
    answer = await client.get(f"{TITLES}/{made['id']}", headers=editor)
    assert answer.json() == made
    assert answer.headers["etag"] == '"1"'
    assert await refusal(client, f"{CATALOG}/titles/{made['id']}") == (404, "not_found")


async def test_what_was_read_can_be_sent_back(client: AsyncClient, editor: Headers) -> None:
    made = await create(client, editor, **FULL)
    again = {name: made[name] for name in FULL}
    answer = await patch(client, editor, made["id"], **again)
    assert answer.status_code == 200, answer.text
    assert {name: answer.json()[name] for name in FULL} == again


async def test_only_what_is_given_changes(client: AsyncClient, editor: Headers) -> None:
    made = await create(client, editor, **FULL)
    changed = (await patch(client, editor, made["id"], synopsis="Shorter.")).json()
    differing = {name for name in made if made[name] != changed[name]}
    assert differing == {"synopsis", "version", "updated_at"}


async def test_null_clears_and_empties(client: AsyncClient, editor: Headers) -> None:
    made = await create(client, editor, **FULL)
    cleared: dict[str, Any] = {
        "tagline": None, "year": None, "maturity": None, "people": None, "rights": None,
        "external_ids": None, "genres": None, "segments": None,
    }  # fmt: skip
    changed = (await patch(client, editor, made["id"], **cleared)).json()
    assert {name: changed[name] for name in cleared} == {
        "tagline": None, "year": None, "maturity": None, "people": [], "rights": [],
        "external_ids": {}, "genres": [], "segments": [],
    }  # fmt: skip


async def test_a_list_replaces_the_list_there_was(client: AsyncClient, editor: Headers) -> None:
    made = await create(client, editor, **FULL)
    people = [{"name": "Thea von Harbou", "role": "writer", "character": None}]
    changed = (await patch(client, editor, made["id"], people=people)).json()
    assert changed["people"] == people


async def test_the_article_of_the_title_s_language_does_not_sort(
    runtime: Runtime, client: AsyncClient, editor: Headers
) -> None:
    made = await create(client, editor, name="Der müde Tod", language="de")
    await patch(client, editor, made["id"], synopsis="Three lights.")
    assert await scalar(runtime, "SELECT sort_name FROM titles") == "mude tod"


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"name": None}, "rule_violated"),
    ({"name": "  "}, "validation_failed"),
    ({"name": "nul\0"}, "validation_failed"),
    ({"year": 10**40}, "validation_failed"),
    ({"year": True}, "validation_failed"),
    ({"runtime_minutes": -1}, "validation_failed"),
    ({"language": "german"}, "validation_failed"),
    ({"countries": ["XX"]}, "validation_failed"),
    ({"mood_tags": ["grumpy"]}, "validation_failed"),
    ({"maturity": {"system": "US-MPAA", "label": "XXX"}}, "invalid_value"),
    ({"maturity": {"system": "US-MPAA"}}, "validation_failed"),
    ({"people": [{"name": "Ana", "role": "cook"}]}, "invalid_value"),
    ({"people": "Ana"}, "validation_failed"),
    ({"images": [{"kind": "poster", "url": "javascript:alert(1)"}]}, "validation_failed"),
    ({"localizations": [{"language": "de"}, {"language": "de"}]}, "rule_violated"),
    ({"rights": [{"territory": "US"}, {"territory": "US"}]}, "rule_violated"),
    (
        {
            "rights": [
                {
                    "available_from": "2026-02-01T00:00:00Z",
                    "available_until": "2026-01-01T00:00:00Z",
                }
            ]
        },
        "rule_violated",
    ),
    ({"rights": [{"available_from": "2026-02-01T00:00:00"}]}, "validation_failed"),
    ({"status": "published"}, "unknown_field"),
    ({"version": 7}, "unknown_field"),
]


async def test_what_makes_no_sense_is_refused_and_nothing_changes(
    client: AsyncClient, editor: Headers
) -> None:
    made = await create(client, editor, **FULL)
    for fields, code in WRONG:
        answer = await patch(client, editor, made["id"], **fields)
        assert (answer.status_code, answer.json()["error"]["code"]) == (422, code), fields
    assert (await client.get(f"{TITLES}/{made['id']}", headers=editor)).json() == made


async def test_a_change_of_an_old_version_is_refused(client: AsyncClient, editor: Headers) -> None:
    made = await create(client, editor)
    first = await patch(client, editor, made["id"], '"1"', year=1926)
    second = await patch(client, editor, made["id"], '"1"', year=1927)
    assert (first.status_code, first.headers["etag"]) == (200, '"2"')
    assert (second.status_code, second.json()["error"]["code"]) == (412, "version_conflict")
    assert second.json()["error"]["details"]["version"] == 2
    for nonsense in ('"x"', '""', "W/1.5", '"99999999999999999999"'):
        answer = await patch(client, editor, made["id"], nonsense, year=1927)
        assert answer.status_code == 412, nonsense


async def test_of_two_editors_at_once_one_is_refused(client: AsyncClient, editor: Headers) -> None:
    made = await create(client, editor)
    answers = await asyncio.gather(
        *(patch(client, editor, made["id"], '"1"', year=1920 + n) for n in range(5))
    )
    assert sorted(answer.status_code for answer in answers) == [200, 412, 412, 412, 412]


async def test_an_external_id_names_one_title(client: AsyncClient, editor: Headers) -> None:
    await create(client, editor, external_id="imdb:1")
    answer = await client.post(
        TITLES, json={"name": "Other", "external_id": "imdb:1"}, headers=editor
    )
    assert (answer.status_code, answer.json()["error"]["field"]) == (409, "external_id")


async def test_a_title_without_an_external_id_can_be_changed(
    runtime: Runtime, client: AsyncClient, editor: Headers
) -> None:
    title_id = await make_title(runtime)
    changed = await patch(client, editor, title_id, year=1927)
    assert (changed.status_code, changed.json()["year"]) == (200, 1927)
    assert await scalar(runtime, "SELECT count(*) FROM titles") == 1


async def test_publishing_shows_a_title_and_tells_what_it_lacks(
    client: AsyncClient, editor: Headers
) -> None:
    made = await create(client, editor, maturity={"system": "US-MPAA", "label": "G"})
    answer = await put_status(client, editor, made["id"], "published")
    assert answer.status_code == 200, answer.text
    assert {"field": "playable_source", "severity": "blocking"} in answer.json()["gaps"]
    assert (await client.get(f"{CATALOG}/titles/{made['id']}")).status_code == 200


async def test_a_title_is_new_when_it_is_published(
    runtime: Runtime, client: AsyncClient, editor: Headers
) -> None:
    made = await create(client, editor)
    await execute(runtime, "UPDATE titles SET added_at = '2000-01-01'")
    published = (await put_status(client, editor, made["id"], "published")).json()
    assert published["added_at"] > made["added_at"]


async def test_a_takedown_needs_a_reason_and_hides_at_once(
    runtime: Runtime, client: AsyncClient, editor: Headers
) -> None:
    title_id = await make_title(runtime)
    refused = await put_status(client, editor, title_id, "takedown")
    assert (refused.status_code, refused.json()["error"]["field"]) == (422, "reason")
    taken = await put_status(client, editor, title_id, "takedown", "A court order")
    assert taken.json()["status"] == "takedown"
    assert await refusal(client, f"{CATALOG}/titles/{title_id}") == (404, "not_found")
    assert await scalar(runtime, "SELECT reason FROM admin_audit_log") == "A court order"


async def test_a_title_taken_down_can_be_changed_and_stays_down(
    runtime: Runtime, client: AsyncClient, editor: Headers
) -> None:
    title_id = await make_title(runtime, status="takedown")
    assert (await patch(client, editor, title_id, year=1927)).json()["status"] == "takedown"


async def test_a_published_title_must_be_withdrawn_before_it_is_deleted(
    runtime: Runtime, client: AsyncClient, editor: Headers
) -> None:
    title_id = await make_title(runtime)
    await make_asset(runtime, title_id)
    refused = await client.delete(f"{TITLES}/{title_id}", headers=editor)
    await put_status(client, editor, title_id, "draft")
    deleted = await client.delete(f"{TITLES}/{title_id}", headers=editor)
    assert (refused.status_code, deleted.status_code) == (409, 204)
    assert await scalar(runtime, "SELECT count(*) FROM media_assets") == 0


async def test_every_change_is_written_down_and_no_refusal_is(
    runtime: Runtime, client: AsyncClient, editor: Headers
) -> None:
    made = await create(client, editor)
    await patch(client, editor, made["id"], year=1927, reason="Found the censor's card")
    await patch(client, editor, made["id"], '"1"', year=1928)
    await put_status(client, editor, made["id"], "published")
    await put_status(client, editor, made["id"], "draft")
    await put_status(client, editor, made["id"], "takedown", "Rights")
    await client.delete(f"{TITLES}/{made['id']}", headers=editor)
    assert await audited(runtime) == [
        "title.create", "title.update", "title.publish", "title.unpublish", "title.takedown",
        "title.delete",
    ]  # fmt: skip
    changes = await scalar(
        runtime, "SELECT changes FROM admin_audit_log WHERE action = 'title.update'"
    )
    assert changes["year"] == [None, 1927]


async def test_the_list_is_searched_and_filtered_last_changed_first(
    runtime: Runtime, client: AsyncClient, editor: Headers
) -> None:
    await make_title(runtime, "Nosferatu", status="draft")
    await make_title(runtime, "Der Golem", kind="series")
    await make_title(runtime, "Nosferatu restored")
    lists = [
        ({}, ["Nosferatu restored", "Der Golem", "Nosferatu"]),
        ({"q": "NOSFÉRATU"}, ["Nosferatu restored", "Nosferatu"]),
        ({"status": "draft"}, ["Nosferatu"]),
        ({"kind": "series"}, ["Der Golem"]),
    ]
    for params, found in lists:
        page = (await client.get(TITLES, params=params, headers=editor)).json()
        assert [row["name"] for row in page["items"]] == found, params


async def test_the_list_goes_on_by_cursor(
    runtime: Runtime, client: AsyncClient, editor: Headers
) -> None:
    for number in range(3):
        await make_title(runtime, f"Film {number}")
    first = (await client.get(TITLES, params={"page_size": 2}, headers=editor)).json()
    rest = await client.get(
        TITLES, params={"page_size": 2, "cursor": first["next_cursor"]}, headers=editor
    )
    assert [row["name"] for row in first["items"]] == ["Film 2", "Film 1"]
    assert [row["name"] for row in rest.json()["items"]] == ["Film 0"]


async def test_a_missing_title_is_404(client: AsyncClient, editor: Headers) -> None:
    path = f"{TITLES}/{uuid4()}"
    answers = [
        await client.get(path, headers=editor),
        await client.patch(path, json={"year": 1927}, headers=editor),
        await client.post(f"{path}/status", json={"status": "draft"}, headers=editor),
        await client.delete(path, headers=editor),
        await client.get(f"{path}/seasons", headers=editor),
        await client.post(f"{path}/seasons", json={"number": 1}, headers=editor),
    ]
    assert {(one.status_code, one.json()["error"]["code"]) for one in answers} == {
        (404, "not_found")
    }


@pytest.fixture
async def strangers(runtime: Runtime, client: AsyncClient) -> dict[str, Headers]:
    return {
        "not_authenticated": {},
        "forbidden": await as_viewer(runtime, client),
    }


async def test_only_editors_may_change_titles(
    runtime: Runtime, client: AsyncClient, strangers: dict[str, Headers]
) -> None:
    title_id: UUID = await make_title(runtime)
    analyst = await as_staff(runtime, client, "analyst")
    for code, headers in strangers.items():
        for path in (TITLES, f"{TITLES}/{title_id}", f"{TITLES}/completeness"):
            assert (await refusal(client, path, headers=headers))[1] == code
        assert (await patch(client, headers, title_id, year=1)).json()["error"]["code"] == code
    assert (await client.get(TITLES, headers=analyst)).status_code == 200
    assert (await patch(client, analyst, title_id, year=1927)).status_code == 403


async def test_a_genre_is_named_by_slug_or_name(
    runtime: Runtime, client: AsyncClient, editor: Headers
) -> None:
    await make_genre(runtime, "science-fiction", "Sci-Fi")
    made = await create(client, editor, genres=["science-fiction", "Science Fiction"])
    assert made["genres"] == ["science-fiction"]
    assert await scalar(runtime, "SELECT name FROM genres") == "Sci-Fi"
