"""Editors find people, rename them and merge two entries of the same person."""

from uuid import uuid4

from httpx import AsyncClient, Response

from matinee.runtime import Runtime
from tests.catalog.makers import ADMIN, CATALOG, Headers, make_person
from tests.makers import execute, make_title, scalar

PEOPLE = f"{ADMIN}/people"


async def merge(client: AsyncClient, editor: Headers, person_id: object, into: object) -> Response:
    body = {"into": str(into)}
    return await client.post(f"{PEOPLE}/{person_id}/merge", json=body, headers=editor)


async def test_people_are_found_by_any_part_of_the_name(
    runtime: Runtime, client: AsyncClient, editor: Headers
) -> None:
    title_id = await make_title(runtime)
    await make_person(runtime, "René Clair", title_id)
    await make_person(runtime, "Irène Duval")
    await make_person(runtime, "Fritz Lang")
    page = (await client.get(PEOPLE, params={"q": "RENE"}, headers=editor)).json()
    assert [(person["name"], person["credits"]) for person in page["items"]] == [
        ("Irène Duval", 0),
        ("René Clair", 1),
    ]


async def test_the_list_goes_on_by_cursor(
    runtime: Runtime, client: AsyncClient, editor: Headers
) -> None:
    for name in ("Cleo", "Ana", "Ben"):
        await make_person(runtime, name)
    first = (await client.get(PEOPLE, params={"page_size": 2}, headers=editor)).json()
    rest = await client.get(PEOPLE, params={"cursor": first["next_cursor"]}, headers=editor)
    assert [person["name"] for person in first["items"]] == ["Ana", "Ben"]
    assert [person["name"] for person in rest.json()["items"]] == ["Cleo"]


async def test_a_new_name_stands_in_all_titles(
    runtime: Runtime, client: AsyncClient, editor: Headers
) -> None:
    title_id = await make_title(runtime)
    person_id = await make_person(runtime, "Friz Lang", title_id)
    answer = await client.patch(
        f"{PEOPLE}/{person_id}", json={"name": "Fritz Lang"}, headers=editor
    )
    assert answer.status_code == 200, answer.text
    detail = (await client.get(f"{CATALOG}/titles/{title_id}")).json()
    assert [credit["name"] for credit in detail["credits"]] == ["Fritz Lang"]
    assert detail["version"] == 2


async def test_a_name_that_somebody_has_is_refused(
    runtime: Runtime, client: AsyncClient, editor: Headers
) -> None:
    await make_person(runtime, "Fritz Lang")
    person_id = await make_person(runtime, "F. Lang")
    answer = await client.patch(
        f"{PEOPLE}/{person_id}", json={"name": "FRITZ LANG"}, headers=editor
    )
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "conflict")


async def test_merging_moves_the_credits_and_repeats_none(
    runtime: Runtime, client: AsyncClient, editor: Headers
) -> None:
    both, one = await make_title(runtime, "Both"), await make_title(runtime, "One")
    kept = await make_person(runtime, "Fritz Lang", both, role="director")
    gone = await make_person(runtime, "F. Lang", both, one, role="director")
    await execute(
        runtime, 'UPDATE people SET external_ids = \'{"imdb": "nm1"}\' WHERE id = $1', gone
    )
    merged = (await merge(client, editor, gone, kept)).json()
    assert (merged["credits"], merged["external_ids"]) == (2, {"imdb": "nm1"})
    for title_id in (both, one):
        detail = (await client.get(f"{CATALOG}/titles/{title_id}")).json()
        assert [credit["person_id"] for credit in detail["credits"]] == [str(kept)]
    assert (await client.get(f"{CATALOG}/people/{gone}")).status_code == 404


async def test_a_merger_needs_two_people(
    runtime: Runtime, client: AsyncClient, editor: Headers
) -> None:
    person_id = await make_person(runtime, "Fritz Lang")
    itself = await merge(client, editor, person_id, person_id)
    missing = [
        await merge(client, editor, person_id, uuid4()),
        await merge(client, editor, uuid4(), person_id),
    ]
    assert (itself.status_code, [answer.status_code for answer in missing]) == (422, [404, 404])


async def test_changes_are_written_down(
    runtime: Runtime, client: AsyncClient, editor: Headers
) -> None:
    kept, gone = await make_person(runtime, "Ana"), await make_person(runtime, "Anna")
    await client.patch(f"{PEOPLE}/{kept}", json={"external_ids": {"tmdb": "1"}}, headers=editor)
    await merge(client, editor, gone, kept)
    written = await scalar(runtime, "SELECT array_agg(action ORDER BY id) FROM admin_audit_log")
    assert written == ["person.update", "person.merge"]
