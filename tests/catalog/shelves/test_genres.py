"""Editors rename, merge and delete genres."""

from typing import Any

from httpx import AsyncClient, Response

from matinee.runtime import Runtime
from tests.catalog.makers import ADMIN, CATALOG, Headers, make_collection, make_genre, names
from tests.makers import as_viewer, execute, make_title, scalar

GENRES = f"{ADMIN}/genres"


async def merge(client: AsyncClient, editor: Headers, slug: str, into: str) -> Response:
    return await client.post(f"{GENRES}/{slug}/merge", json={"into": into}, headers=editor)


async def test_genres_are_listed_with_the_number_of_their_titles(
    runtime: Runtime, client: AsyncClient, editor: Headers
) -> None:
    await make_genre(runtime, "western", "Western")
    await make_genre(runtime, "comedy", "Comedy", de="Komödie")
    await make_title(runtime, genres=["comedy"], status="draft")
    listed = (await client.get(GENRES, headers=editor)).json()["items"]
    assert listed == [
        {"slug": "comedy", "name": "Comedy", "names": {"de": "Komödie"}, "titles": 1},
        {"slug": "western", "name": "Western", "names": {}, "titles": 0},
    ]


async def test_the_slug_of_a_new_genre_comes_from_its_name(
    client: AsyncClient, editor: Headers
) -> None:
    made = await client.post(GENRES, json={"name": "Film Noir"}, headers=editor)
    again = await client.post(GENRES, json={"name": "film-noir"}, headers=editor)
    assert (made.status_code, made.json()["slug"]) == (201, "film-noir")
    assert (again.status_code, again.json()["error"]["code"]) == (409, "conflict")


async def test_a_renamed_genre_keeps_its_titles(
    runtime: Runtime, client: AsyncClient, editor: Headers
) -> None:
    await make_genre(runtime, "science-fiction", "Science Fiction")
    await make_title(runtime, genres=["science-fiction"])
    await client.get(f"{CATALOG}/genres")
    answer = await client.patch(
        f"{GENRES}/science-fiction", json={"name": "Sci-Fi"}, headers=editor
    )
    assert answer.status_code == 200, answer.text
    assert (await client.get(f"{CATALOG}/genres")).json()["items"] == [
        {"slug": "science-fiction", "name": "Sci-Fi", "titles": 1}
    ]


async def test_merging_moves_titles_without_repeating_the_genre(
    runtime: Runtime, client: AsyncClient, editor: Headers
) -> None:
    await make_genre(runtime, "sci-fi", "Sci-Fi")
    await make_genre(runtime, "science-fiction", "Science Fiction")
    await make_title(runtime, "One", genres=["drama", "sci-fi"])
    await make_title(runtime, "Both", genres=["sci-fi", "drama", "science-fiction"])
    answer = await merge(client, editor, "sci-fi", "science-fiction")
    assert answer.json()["titles"] == 2
    genres = await scalar(runtime, "SELECT jsonb_object_agg(name, genres) FROM titles")
    assert genres == {"One": ["drama", "science-fiction"], "Both": ["science-fiction", "drama"]}
    assert await scalar(runtime, "SELECT array_agg(slug) FROM genres") == ["science-fiction"]


async def test_merging_moves_saved_filters(
    runtime: Runtime, client: AsyncClient, editor: Headers
) -> None:
    await make_genre(runtime, "sci-fi", "Sci-Fi")
    await make_genre(runtime, "science-fiction", "Science Fiction")
    await make_collection(runtime, "space", filter={"genre": ["sci-fi", "science-fiction"]})
    await merge(client, editor, "sci-fi", "science-fiction")
    stored = await scalar(runtime, "SELECT filter FROM collections")
    assert stored == {"genre": ["science-fiction"]}


async def test_who_blocked_a_genre_does_not_see_its_titles_after_a_merger(
    runtime: Runtime, client: AsyncClient, editor: Headers
) -> None:
    await make_genre(runtime, "horror", "Horror")
    await make_genre(runtime, "thriller", "Thriller")
    await make_title(runtime, "Nosferatu", genres=["horror"])
    await make_title(runtime, "Häxan", tags=["horror"])
    await make_title(runtime, "Safety Last!")
    child = await as_viewer(runtime, client, blocked_tags=["horror"])
    assert await names(client, child) == ["Safety Last!"]
    assert (await merge(client, editor, "horror", "thriller")).status_code == 200
    assert await names(client, child) == ["Safety Last!"]


async def test_who_blocked_as_much_as_possible_is_protected_too(
    runtime: Runtime, client: AsyncClient, editor: Headers
) -> None:
    await make_genre(runtime, "horror", "Horror")
    await make_genre(runtime, "thriller", "Thriller")
    await make_title(runtime, "Nosferatu", genres=["horror"])
    blocked = ["horror", *(f"tag {n}" for n in range(99))]
    child = await as_viewer(runtime, client, blocked_tags=blocked)
    assert (await merge(client, editor, "horror", "thriller")).status_code == 200
    assert await names(client, child) == []


async def test_likes_move_along(runtime: Runtime, client: AsyncClient, editor: Headers) -> None:
    await make_genre(runtime, "horror", "Horror")
    await make_genre(runtime, "thriller", "Thriller")
    await as_viewer(runtime, client)
    await execute(
        runtime,
        "INSERT INTO profile_preferences SELECT user_id, id, 'genre', 'horror', true FROM profiles",
    )
    await merge(client, editor, "horror", "thriller")
    assert await scalar(runtime, "SELECT array_agg(label) FROM profile_preferences") == ["thriller"]


async def test_a_merger_needs_two_genres(
    runtime: Runtime, client: AsyncClient, editor: Headers
) -> None:
    await make_genre(runtime, "horror", "Horror")
    itself = await merge(client, editor, "horror", "horror")
    missing = [
        await merge(client, editor, "horror", "x"),
        await merge(client, editor, "x", "horror"),
    ]
    assert (itself.status_code, [answer.status_code for answer in missing]) == (422, [404, 404])


async def test_only_an_unused_genre_is_deleted(
    runtime: Runtime, client: AsyncClient, editor: Headers
) -> None:
    await make_genre(runtime, "used", "Used")
    await make_genre(runtime, "unused", "Unused")
    await make_title(runtime, genres=["used"], status="draft")
    answers = [
        (await client.delete(f"{GENRES}/{slug}", headers=editor)).status_code
        for slug in ("used", "unused", "unused")
    ]
    assert answers == [409, 204, 404]


async def test_what_makes_no_sense_is_refused(
    runtime: Runtime, client: AsyncClient, editor: Headers
) -> None:
    await make_genre(runtime, "horror", "Horror")
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"name": None}, "invalid_value"),
        ({"name": ""}, "validation_failed"),
        ({"names": {"Deutsch": "Grusel"}}, "validation_failed"),
        ({"slug": "x"}, "unknown_field"),
    ]
    for body, code in wrong:
        answer = await client.patch(f"{GENRES}/horror", json=body, headers=editor)
        assert (answer.status_code, answer.json()["error"]["code"]) == (422, code), body
    for slug in ("%00", "%ff%00", "a" * 81):
        answers = [
            await client.patch(f"{GENRES}/{slug}", json={"name": "X"}, headers=editor),
            await client.delete(f"{GENRES}/{slug}", headers=editor),
            await merge(client, editor, slug, "horror"),
        ]
        assert {answer.status_code for answer in answers} == {422}, slug


async def test_every_change_is_written_down(
    runtime: Runtime, client: AsyncClient, editor: Headers
) -> None:
    for name in ("One", "Two"):
        await client.post(GENRES, json={"name": name}, headers=editor)
    await client.patch(f"{GENRES}/one", json={"name": "Uno"}, headers=editor)
    await merge(client, editor, "one", "two")
    await client.delete(f"{GENRES}/two", headers=editor)
    written = await scalar(runtime, "SELECT array_agg(action ORDER BY id) FROM admin_audit_log")
    assert written == [
        "genre.create", "genre.create", "genre.update", "genre.merge", "genre.delete",
    ]  # fmt: skip
