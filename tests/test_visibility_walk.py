"""Nobody is told of a title that he may not see (C1): every address is asked, by every viewer.

A catalogue with titles hidden for every reason; whatever belongs to a hidden title carries a secret
word. Each viewer asks every address that viewers may GET, with the ids of what is hidden and with
searches for it. A new address or parameter that the walk does not know how to fill fails it.
"""

import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute
from httpx import AsyncClient, Response

from matinee.recommendations.layout import HEADINGS, SEVERAL
from matinee.runtime import Runtime
from tests.catalog.makers import Headers, make_genre
from tests.entitlements.makers import make_package
from tests.epg.makers import at
from tests.hidden_titles import (
    ADULT,
    CHILD,
    FRENCH,
    LISTED,
    REASONS,
    VISITOR,
    Secret,
    make_secret,
)
from tests.makers import (
    choose_profile,
    execute,
    make_profile,
    make_title,
    make_user,
    scalar,
    sign_in,
)
from tests.traces import leave_traces, like, recommend


@pytest.fixture
async def secrets(runtime: Runtime) -> list[Secret]:
    """One hidden title per reason, among titles that everybody sees."""
    await make_genre(runtime, "drama", "Drama")
    await make_package(runtime, "everything")
    seen = [await make_title(runtime, f"Seen {n}", genres=["drama"]) for n in range(3)]
    return [await make_secret(runtime, reason, seen[:2]) for reason in REASONS]


Answers = dict[tuple[str, str, str], Response]
"""By viewer, path and parameters."""


@dataclass(frozen=True)
class Asking:
    """A viewer, and the address of his own things."""

    name: str
    headers: Headers
    profile_id: UUID | None = None


@pytest.fixture
async def viewers(runtime: Runtime, client: AsyncClient, secrets: list[Secret]) -> list[Asking]:
    signed_in = [
        await sign_up(runtime, client, ADULT),
        await sign_up(
            runtime,
            client,
            CHILD,
            kind="kids",
            max_maturity=12,
            block_unrated=True,
            blocked_tags=["gore"],
        ),
        await sign_up(runtime, client, LISTED, max_maturity=12, allow_list_only=True),
        await sign_up(runtime, client, FRENCH, country="FR"),
    ]
    listed = next(asking for asking in signed_in if asking.name == LISTED)
    await execute(
        runtime,
        "INSERT INTO profile_allowed_titles (user_id, profile_id, title_id)"
        " SELECT p.user_id, p.id, t.id FROM profiles p, titles t"
        " WHERE p.id = $1 AND t.name <> 'The zqunlisted'",
        listed.profile_id,
    )
    return [*signed_in, Asking(VISITOR, {})]


async def sign_up(
    runtime: Runtime, client: AsyncClient, name: str, country: str = "US", **profile: Any
) -> Asking:
    email = f"{name.replace(' ', '-')}@example.com"
    user_id = await make_user(runtime, email, country=country)
    profile_id = await make_profile(runtime, user_id, **profile)
    headers = await choose_profile(client, await sign_in(client, email), profile_id)
    return Asking(name, headers, profile_id)


WRITTEN_BY_THEMSELVES = {"get_allowed_titles", "export_me", "list_search_history"}
"""Operations that give a household back what it wrote itself."""

Past = Callable[[Runtime, list[Asking], list[Secret]], Awaitable[None]]


REMEMBERING = {
    "list_watchlist",
    "list_rated_titles",
    "list_signals",
    "list_recently_browsed",
    "get_continue_watching",
    "get_history",
    "get_profile_stats",
}
"""Operations that name what a profile did, or said something about."""


def viewer_routes(app: FastAPI) -> list[APIRoute]:
    """Every address that somebody who is not staff may GET."""
    return [
        route
        for route in app.routes
        if isinstance(route, APIRoute)
        and "GET" in route.methods
        and route.path.startswith("/api/v1/")
        and not route.path.startswith("/api/v1/admin/")
    ]


def path_values(name: str, secret: Secret, asking: Asking) -> list[str]:
    """What to fill into a parameter of a path."""
    known = {
        "title_id": [secret.title_id],
        "person_id": [secret.person_id],
        "slug": [secret.word, f"{secret.word}-smart", "everything"],
        "rail_id": rails_of(secret),
        "profile_id": [asking.profile_id or uuid4()],
        "child_id": [asking.profile_id or uuid4()],
        "avatar_id": ["usherette"],
        "purchase_id": [uuid4()],
        "subscription_id": [uuid4()],
        "channel_id": [secret.channel_id],
        "airing_id": [secret.airing_id],
    }
    assert name in known, f"teach this walk what to fill into {{{name}}}"
    return [str(value) for value in known[name]]


def rails_of(secret: Secret) -> list[str]:
    """Rails by their own names, and those in which a secret stands."""
    return [
        *(rail for rail in HEADINGS if rail not in SEVERAL),
        f"genre:{secret.word}",
        "genre:drama",
        f"collection:{secret.word}",
        f"collection:{secret.word}-smart",
        f"because:{secret.title_id}",
    ]


def query_values(name: str, secret: Secret) -> list[str]:
    """What to ask for by a parameter of a query; none where it cannot find a title."""
    known = {
        "q": [secret.word, f"the {secret.word}", f"das {secret.word}"],
        "genre": [secret.word, "drama", "no such genre"],
        "mood": ["dark"],
        "theme": ["space"],
        "kind": ["series"],
        "sort": ["newest", "name", "year", "oldest"],
        "facets": ["true"],
        "maturity_max": ["21"],
        "featured": ["false"],
        "season": ["1"],
        "page": ["1", "2"],
        "page_size": ["1", "100"],
        "year_from": [],
        "year_to": [],
        "language": [],
        "audio": [],
        "subtitles": [],
        "cursor": [],
        "episode_id": [str(secret.episode_id)],
        "duration_max": ["600"],
        "range": ["all"],
        "kids": ["true"],
        "type": ["title", "person", "collection"],
        "remember": ["false"],
        "strict_language": ["true"],
        "entitled": ["true", "false"],
        "title_id": [str(secret.title_id)],
        "season_id": [],
        "package": ["everything"],
        "username": ["nobody"],
        "password": ["nothing"],
        "at": [],
        "user_id": [],
        "profile_id": [],
        "channel_id": [str(secret.channel_id)],
        "channel_ids": [str(secret.channel_id)],
        "from": [at(-60).isoformat()],
        "to": [at(60).isoformat()],
        "format": ["compact"],
        "since_rev": ["0"],
        "view": [],
        "date": [at(0).date().isoformat()],
        "tz": [],
        "group": [],
        "locked": ["hide"],
        "programme_genre": ["drama"],
        "device_id": ["a device"],
        "device_name": [],
        "take_over": [],
    }
    assert name in known, f"teach this walk what to ask for by ?{name}="
    return known[name]


def query_parameters(app: FastAPI, route: APIRoute, *, required: bool = False) -> list[str]:
    operation = app.openapi()["paths"][route.path_format]["get"]
    parts = [part for part in operation.get("parameters", ()) if part["in"] == "query"]
    return [part["name"] for part in parts if part.get("required") or not required]


def requests(
    app: FastAPI, route: APIRoute, secret: Secret, asking: Asking
) -> Iterator[tuple[str, dict[str, str]]]:
    """The paths and queries by which one address might betray a secret."""
    paths = [route.path]
    for name in re.findall(r"{(\w+)}", route.path):
        values = path_values(name, secret, asking)
        paths = [path.replace(f"{{{name}}}", value) for path in paths for value in values]
    required = query_parameters(app, route, required=True)
    least = {name: query_values(name, secret)[0] for name in required}
    for path in paths:
        yield path, least
        for name in query_parameters(app, route):
            for value in query_values(name, secret):
                yield path, least | {name: value}


async def walk(
    client: AsyncClient, app: FastAPI, asking: Asking, secret: Secret, answers: Answers
) -> AsyncIterator[tuple[APIRoute, Response]]:
    """Everything that a viewer is told when looking for a secret.

    What is asked in the same words for another secret is asked once.
    """
    for route in viewer_routes(app):
        for path, params in requests(app, route, secret, asking):
            words = (asking.name, path, str(params))
            if words not in answers:
                headers = asking.headers | {"Accept-Language": "de"}
                answers[words] = await client.get(path, params=params, headers=headers)
            yield route, answers[words]


async def nothing_happened(
    _runtime: Runtime, _viewers: list[Asking], _secrets: list[Secret]
) -> None:
    """Nobody watched anything."""


async def all_was_watched(runtime: Runtime, viewers: list[Asking], secrets: list[Secret]) -> None:
    """Everybody watched, listed and loved every title before it was hidden."""
    for asking in viewers:
        for secret in secrets:
            if asking.profile_id:
                await leave_traces(runtime, asking.profile_id, secret.title_id)


async def all_is_recommended(
    runtime: Runtime, viewers: list[Asking], secrets: list[Secret]
) -> None:
    """Everybody likes what everybody sees, and all that is learned leads from there to secrets."""
    seen = await scalar(
        runtime, "SELECT array_agg(id ORDER BY name) FROM titles WHERE name LIKE 'Seen %'"
    )
    await recommend(runtime, [secret.title_id for secret in secrets], fans_of=seen)
    for asking in viewers:
        if asking.profile_id:
            await like(runtime, asking.profile_id, seen[0])


@pytest.mark.parametrize("past", [nothing_happened, all_was_watched, all_is_recommended])
async def test_no_answer_betrays_a_hidden_title(
    app: FastAPI,
    client: AsyncClient,
    runtime: Runtime,
    secrets: list[Secret],
    viewers: list[Asking],
    past: Past,
) -> None:
    await past(runtime, viewers, secrets)
    betrayals = []
    answers: Answers = {}
    for asking in viewers:
        for secret in (secret for secret in secrets if secret.hidden_from(asking.name)):
            async for route, answer in walk(client, app, asking, secret, answers):
                if route.name in WRITTEN_BY_THEMSELVES:
                    continue
                if shown := [mark for mark in secret.marks if mark in answer.text]:
                    betrayals.append(f"{asking.name}: {secret.reason} by {answer.url}: {shown}")
    assert not betrayals


async def test_the_walk_finds_what_is_not_hidden(
    app: FastAPI,
    client: AsyncClient,
    runtime: Runtime,
    secrets: list[Secret],
    viewers: list[Asking],
) -> None:
    """Else it would prove nothing."""
    await all_was_watched(runtime, viewers, secrets)
    unseen = []
    answers: Answers = {}
    for asking in viewers:
        for secret in (secret for secret in secrets if not secret.hidden_from(asking.name)):
            found = [
                route.name
                async for route, answer in walk(client, app, asking, secret, answers)
                if answer.status_code == 200 and secret.word in answer.text
            ]
            wanted = {"list_titles", "get_title", "list_genres", "get_person", "get_collection"}
            if asking.name != VISITOR:
                wanted |= REMEMBERING
            if asking.name not in (VISITOR, CHILD):
                wanted |= {"list_purchases"}
            if asking.name != LISTED:
                wanted |= {"get_airing"}
            if asking.name != CHILD:
                wanted |= {"get_package"}
            if secret.reason == "promised":
                wanted = {"list_coming_soon"}
            if missing := wanted - set(found):
                unseen.append(f"{asking.name}: {secret.reason} not by {sorted(missing)}")
    assert not unseen


async def test_a_hidden_id_is_answered_like_a_missing_one(
    app: FastAPI, client: AsyncClient, secrets: list[Secret], viewers: list[Asking]
) -> None:
    differing = []
    for asking in viewers:
        for secret in (secret for secret in secrets if secret.hidden_from(asking.name)):
            for route in viewer_routes(app):
                for path, missing in direct_addresses(route, secret):
                    hidden = await client.get(path, headers=asking.headers)
                    nothing = await client.get(missing, headers=asking.headers)
                    refusals = {VISITOR: (401, 404), CHILD: (403, 404)}.get(asking.name, (404,))
                    if hidden.status_code not in refusals or told(hidden) != told(nothing):
                        differing.append(f"{asking.name}: {secret.reason} by {path}")
    assert not differing


def direct_addresses(route: APIRoute, secret: Secret) -> list[tuple[str, str]]:
    """Addresses of one hidden thing, each with the same address of nothing."""
    pairs = [
        ("{title_id}", str(secret.title_id), str(uuid4())),
        ("{person_id}", str(secret.person_id), str(uuid4())),
        ("{slug}", f"{secret.word}-smart", "no-such-slug"),
        ("{slug}", secret.word, "no-such-slug"),
        ("{rail_id}", f"genre:{secret.word}", "genre:no-such-genre"),
        ("{rail_id}", f"collection:{secret.word}", "collection:no-such-slug"),
        ("{rail_id}", f"because:{secret.title_id}", f"because:{uuid4()}"),
    ]
    return [
        (route.path.replace(name, hidden), route.path.replace(name, missing))
        for name, hidden, missing in pairs
        if name in route.path
    ]


def told(answer: Response) -> dict[str, Any]:
    """What an error says, but for the number of the request."""
    error: dict[str, Any] = answer.json()["error"]
    return {name: value for name, value in error.items() if name != "request_id"}
