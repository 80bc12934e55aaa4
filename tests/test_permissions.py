"""Every route stands in the table of who may call what, and does what the table says."""

from typing import get_args
from uuid import uuid4

import pytest
from fastapi import FastAPI
from httpx import AsyncClient, Response

from matinee.accounts.audit import AuditedWrite
from matinee.runtime import Read, Runtime
from tests.catalog.makers import make_genre, make_person
from tests.enrichment.conftest import Notebook
from tests.fuzzing import refusal
from tests.makers import insert, scalar
from tests.permissions import EVERYBODY, RULES, Ids
from tests.playback.media.makers import write_media
from tests.snapshot import contents
from tests.walking import address_of, asker_of, method_of, routes_of
from tests.world import Headers, World, make_world

UNKNOWN = ("not_authenticated", "token_expired", "token_invalid", "session_revoked")
"""Codes for somebody who is not signed in."""

REFUSALS = {
    True: {(401, "not_authenticated")},
    False: {(403, "forbidden"), (403, "purchase_not_allowed")},
}
"""How somebody is refused, by whether he has not signed in."""

FILES = {
    "import_titles": ("application/x-ndjson", b'{"external_id": "film:1", "name": "Cops"}\n'),
    "import_channels": (
        "audio/x-mpegurl", b"#EXTM3U\n#EXTINF:-1,Three\nhttps://live.example.com/3.m3u8\n",
    ),
}  # fmt: skip
"""Operations that take a file."""


@pytest.fixture
async def world(runtime: Runtime, client: AsyncClient) -> World:
    world = await make_world(runtime, client)
    await make_genre(runtime, "drama", "Drama")
    await make_genre(runtime, "noir", "Noir")
    world.ids["namesake_id"] = await make_person(runtime, "R. Navarre")
    write_media(runtime.settings.media_dir, "spare")
    return world


async def call(
    client: AsyncClient, app: FastAPI, name: str, ids: Ids, headers: Headers
) -> Response:
    """Call an operation with what its rule says."""
    route = next(route for route in routes_of(app) if route.name == name)
    rule = RULES[name]
    body = rule.said(ids)
    if name in FILES:
        media_type, content = FILES[name]
        headers = headers | {"Content-Type": media_type}
        body = {"content": content}
    address = address_of(route, ids) + rule.query
    headers = headers | {"Idempotency-Key": str(uuid4())}
    return await client.request(method_of(route), address, headers=headers, **body)


def test_every_route_stands_in_the_table(app: FastAPI) -> None:
    assert {route.name for route in routes_of(app)} == RULES.keys()


async def test_nobody_else_may_call_it_and_nothing_happens(
    runtime: Runtime, app: FastAPI, client: AsyncClient, world: World
) -> None:
    before = await contents(runtime)
    admitted = []
    for name, rule in RULES.items():
        for role in sorted(EVERYBODY - rule.roles):
            answer = await call(client, app, name, world.ids, world.headers[role])
            if answer.status_code < 400 or refusal(answer) not in REFUSALS[role == "anonymous"]:
                admitted.append((role, name, answer.status_code))
    assert not admitted
    assert await contents(runtime) == before


async def test_who_may_is_not_refused(app: FastAPI, client: AsyncClient, world: World) -> None:
    """With ids of nothing and without a body, so that nobody stands in the way of the next one."""
    nothing = {name: str(uuid4()) for name in world.ids} | {"job_id": "999999"}
    refused = []
    for route in routes_of(app):
        for role in sorted(RULES[route.name].roles):
            if route.name != "logout":  # which would end what the next ones need
                answer = await client.request(
                    method_of(route), address_of(route, nothing), headers=world.headers[role]
                )
                if answer.status_code >= 400 and code_of(answer) in ("forbidden", *UNKNOWN):
                    refused.append((role, route.name, answer.status_code))
    assert not refused


def code_of(answer: Response) -> str:
    """The code of an error."""
    return str(answer.json()["error"]["code"])


CHANGES_BY_STAFF = """
    replay_payment_event ignore_payment_event reconcile_payments
    put_home_layout put_hero_pins appoint_staff dismiss_staff update_user cancel_job retry_job
    generate_embeddings
    assign_package_channels put_package_channel remove_package_channels
    create_package update_package assign_package_titles remove_package_titles put_package_title
    delete_package_title create_package_rule put_package_rule delete_package_rule delete_package
    create_offer update_offer delete_offer create_codes disable_codes
    create_blackout put_blackout delete_blackout
    train_recommendations roll_back_recommendations
    rebuild_search put_search_pin delete_search_pin
    create_title update_title change_title_status create_season update_season order_episodes
    create_episode update_episode import_titles cancel_import create_genre update_genre
    update_person create_collection update_collection put_collection_items delete_collection
    delete_episode delete_season delete_title delete_genre merge_genre merge_person
    stop_household_stream confirm_subscription_payment cancel_household_subscription
    grant_subscription withdraw_subscription
    cancel_household_purchase confirm_household_purchase refund_household_purchase
    place_hold lift_hold
    register_media delete_media
    put_linear_plan rebuild_linear_channel create_recording delete_recording
    put_epg_map confirm_epg_match reject_epg_match delete_epg_map put_programme_link
    create_guide_source update_guide_source import_guide delete_guide_source
    create_channel update_channel number_channels change_channel_status import_channels
    delete_channel
""".split()
"""In an order in which each finds what it needs."""

ONLY_READ = {"preview_linear_plan"}
"""Take a body, but change nothing."""

WRITTEN_OTHERWISE = {
    "import_titles", "import_guide", "import_channels", "cancel_household_subscription",
}  # fmt: skip
"""Work in several transactions of their own, and write down what they are about to change."""

GUARD = get_args(AuditedWrite)[1].dependency


def test_every_change_by_staff_is_in_the_list(app: FastAPI) -> None:
    of_staff = [route for route in routes_of(app) if asker_of(route) == "admin"]
    changes = {route.name for route in of_staff if method_of(route) != "GET"}
    assert changes == set(CHANGES_BY_STAFF) | ONLY_READ


@pytest.mark.parametrize("name", sorted(ONLY_READ))
def test_what_only_reads_cannot_write(app: FastAPI, name: str) -> None:
    route = next(route for route in routes_of(app) if route.name == name)
    assert get_args(Read)[1].dependency in {one.call for one in route.dependant.dependencies}


@pytest.mark.parametrize("name", sorted(set(CHANGES_BY_STAFF) - WRITTEN_OTHERWISE))
def test_a_change_by_staff_is_guarded(app: FastAPI, name: str) -> None:
    route = next(route for route in routes_of(app) if route.name == name)
    assert GUARD in {dependency.call for dependency in route.dependant.dependencies}


async def test_the_guard_undoes_what_nobody_wrote_down(
    runtime: Runtime, app: FastAPI, client: AsyncClient, world: World
) -> None:
    @app.delete("/forgetful")
    async def forget(tx: AuditedWrite) -> None:
        await tx.execute("UPDATE titles SET is_featured = true")

    before = await contents(runtime)
    answer = await client.delete("/forgetful")
    assert (answer.status_code, code_of(answer)) == (500, "audit_missing")
    assert await contents(runtime) == before


async def test_every_change_by_staff_is_written_down(
    runtime: Runtime, app: FastAPI, client: AsyncClient, world: World, subtests: pytest.Subtests
) -> None:
    runtime.embedder = Notebook()
    await insert(runtime, "recommendation_models", state="previous", source="matinee")
    for name in CHANGES_BY_STAFF:
        with subtests.test(name):
            ids = world.ids | ({"slug": "noir"} if name == "delete_genre" else {})
            answer = await call(client, app, name, ids, world.headers["admin"])
            assert answer.status_code < 300, answer.text
            written = await scalar(
                runtime,
                "SELECT count(*) FROM admin_audit_log WHERE request_id = $1 AND role = 'admin'",
                answer.headers["x-request-id"],
            )
            assert written == 1
