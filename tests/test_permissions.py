"""Who may call what: every route stands in one table, and does what the table says.

A route that is missing there fails the first test; think of who may call it before you add it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, get_args
from uuid import UUID, uuid4

import pytest
from fastapi import FastAPI
from httpx import AsyncClient, Response

from matinee.accounts.audit import AuditedWrite
from matinee.runtime import Runtime
from tests.catalog.makers import make_genre, make_person
from tests.enrichment.conftest import Notebook
from tests.fuzzing import refusal
from tests.makers import PASSWORD, insert, scalar
from tests.snapshot import contents
from tests.walking import address_of, asker_of, method_of, routes_of
from tests.world import ROLES, Headers, World, make_world

EVERYBODY = frozenset(ROLES)
SIGNED_IN = EVERYBODY - {"anonymous"}
GROWN_UPS = SIGNED_IN - {"kids"}
STAFF = frozenset({"support", "analyst", "editor", "admin"})
SUPPORT = frozenset({"support", "admin"})
EDITORS = frozenset({"editor", "admin"})
ADMINS = frozenset({"admin"})

Ids = dict[str, UUID | str]

WHY = "Because of the test"


@dataclass(frozen=True)
class Rule:
    """Who may call an operation, and a query and body with which it does something."""

    roles: frozenset[str]
    body: dict[str, Any] | Callable[[Ids], dict[str, Any]] | None = None
    query: str = ""

    def said(self, ids: Ids) -> dict[str, Any]:
        """What httpx is to send."""
        if self.body is None:
            return {}
        return {"json": self.body(ids) if callable(self.body) else self.body}


RULES = {
    "register": Rule(EVERYBODY),
    "login": Rule(EVERYBODY),
    "refresh_tokens": Rule(EVERYBODY),
    "logout": Rule(EVERYBODY),
    "forgot_password": Rule(EVERYBODY),
    "reset_password": Rule(EVERYBODY),
    "request_device_code": Rule(EVERYBODY),
    "poll_device_token": Rule(EVERYBODY),
    "set_up": Rule(EVERYBODY),
    "list_sessions": Rule(SIGNED_IN),
    "end_session": Rule(GROWN_UPS),
    "change_password": Rule(
        GROWN_UPS, {"current_password": PASSWORD, "new_password": "another good password"}
    ),
    "approve_device": Rule(GROWN_UPS, {"user_code": "BCDF-GHJK"}),
    "get_me": Rule(SIGNED_IN),
    "update_me": Rule(GROWN_UPS, {"country": "FR"}),
    "delete_me": Rule(GROWN_UPS, {"password": PASSWORD}),
    "export_me": Rule(GROWN_UPS),
    "list_profiles": Rule(SIGNED_IN),
    "create_profile": Rule(SIGNED_IN, {"name": "Zoe"}),
    "get_profile": Rule(SIGNED_IN),
    "update_profile": Rule(SIGNED_IN, {"name": "Zoe"}),
    "delete_profile": Rule(SIGNED_IN),
    "select_profile": Rule(SIGNED_IN, {}),
    "set_profile_pin": Rule(SIGNED_IN, {"pin": "4711"}),
    "delete_profile_pin": Rule(SIGNED_IN, {"password": PASSWORD}),
    "get_preferences": Rule(SIGNED_IN),
    "put_preferences": Rule(SIGNED_IN, {"liked_genres": ["comedy"]}),
    "get_allowed_titles": Rule(SIGNED_IN),
    "put_allowed_titles": Rule(GROWN_UPS, {"title_ids": []}),
    "start_session": Rule(
        SIGNED_IN,
        lambda ids: {"title_id": str(ids["title_id"]), "device_id": "tv", "device_name": "TV"},
    ),
    "send_heartbeat": Rule(SIGNED_IN, {"position_seconds": 60, "state": "playing"}),
    "stop_session": Rule(SIGNED_IN, {"position_seconds": 60}),
    "get_limits": Rule(SIGNED_IN),
    "put_limits": Rule(GROWN_UPS, {"days": [{"weekday": "monday", "minutes": 60}]}),
    "list_avatars": Rule(EVERYBODY),
    "get_avatar": Rule(EVERYBODY),
    "list_watchlist": Rule(SIGNED_IN),
    "add_to_watchlist": Rule(SIGNED_IN),
    "remove_from_watchlist": Rule(SIGNED_IN),
    "list_rated_titles": Rule(SIGNED_IN),
    "rate_title": Rule(SIGNED_IN, {"value": 1}),
    "clear_rating": Rule(SIGNED_IN),
    "list_not_interested": Rule(SIGNED_IN),
    "add_not_interested": Rule(SIGNED_IN),
    "remove_not_interested": Rule(SIGNED_IN),
    "list_signals": Rule(SIGNED_IN),
    "reset_taste": Rule(SIGNED_IN),
    "ignore_signal": Rule(SIGNED_IN),
    "heed_signal": Rule(SIGNED_IN),
    "list_recently_browsed": Rule(SIGNED_IN),
    "clear_recently_browsed": Rule(SIGNED_IN),
    "get_profile_stats": Rule(GROWN_UPS),
    "get_child_stats": Rule(GROWN_UPS),
    "get_child_history": Rule(GROWN_UPS),
    "list_titles": Rule(EVERYBODY),
    "get_title": Rule(EVERYBODY),
    "list_seasons": Rule(EVERYBODY),
    "list_episodes": Rule(EVERYBODY),
    "list_extras": Rule(EVERYBODY),
    "list_coming_soon": Rule(EVERYBODY),
    "list_genres": Rule(EVERYBODY),
    "list_moods": Rule(EVERYBODY),
    "list_themes": Rule(EVERYBODY),
    "get_person": Rule(EVERYBODY),
    "list_collections": Rule(EVERYBODY),
    "get_collection": Rule(EVERYBODY),
    "list_ratings": Rule(EVERYBODY),
    "search_catalog": Rule(EVERYBODY, query="?q=fantomas"),
    "suggest": Rule(EVERYBODY, query="?q=fan"),
    "search_by_meaning": Rule(EVERYBODY, query="?q=a+thief+in+a+mask"),
    "list_search_history": Rule(SIGNED_IN),
    "forget_searches": Rule(SIGNED_IN),
    "rebuild_search": Rule(EDITORS, {}),
    "list_search_queries": Rule(STAFF),
    "list_search_pins": Rule(STAFF),
    "put_search_pin": Rule(
        EDITORS, lambda ids: {"query": "masks", "title_ids": [str(ids["title_id"])]}
    ),
    "delete_search_pin": Rule(EDITORS, query="?q=masks"),
    "find_users": Rule(SUPPORT),
    "get_user": Rule(SUPPORT),
    "update_user": Rule(SUPPORT, {"status": "disabled", "reason": WHY}),
    "list_staff": Rule(ADMINS),
    "appoint_staff": Rule(ADMINS, {"role": "editor", "reason": WHY}),
    "dismiss_staff": Rule(ADMINS, query=f"?reason={WHY}"),
    "list_audit": Rule(ADMINS),
    "export_audit": Rule(ADMINS),
    "verify_audit": Rule(ADMINS),
    "list_jobs": Rule(EDITORS),
    "get_job": Rule(EDITORS),
    "cancel_job": Rule(EDITORS),
    "retry_job": Rule(EDITORS),
    "get_status": Rule(EDITORS),
    "list_invariants": Rule(EDITORS),
    "get_embeddings": Rule(STAFF),
    "generate_embeddings": Rule(EDITORS, {}),
    "list_admin_titles": Rule(STAFF),
    "get_completeness": Rule(STAFF),
    "export_completeness": Rule(STAFF),
    "get_admin_title": Rule(STAFF),
    "list_admin_seasons": Rule(STAFF),
    "list_admin_episodes": Rule(STAFF),
    "list_admin_genres": Rule(STAFF),
    "list_admin_people": Rule(STAFF),
    "list_admin_collections": Rule(STAFF),
    "get_admin_collection": Rule(STAFF),
    "list_imports": Rule(STAFF),
    "get_import": Rule(STAFF),
    "create_title": Rule(EDITORS, {"kind": "movie", "name": "Cops"}),
    "update_title": Rule(EDITORS, {"name": "The Goat"}),
    "change_title_status": Rule(EDITORS, {"status": "draft", "reason": WHY}),
    "create_season": Rule(EDITORS, {"number": 2}),
    "update_season": Rule(EDITORS, {"name": "The first"}),
    "create_episode": Rule(EDITORS, {"number": 2, "name": "Juve contre Fantômas"}),
    "update_episode": Rule(EDITORS, {"name": "Fantômas"}),
    "order_episodes": Rule(EDITORS, lambda ids: {"episode_ids": [str(ids["episode_id"])]}),
    "delete_episode": Rule(EDITORS),
    "delete_season": Rule(EDITORS),
    "delete_title": Rule(EDITORS),
    "import_titles": Rule(EDITORS),
    "cancel_import": Rule(EDITORS),
    "create_genre": Rule(EDITORS, {"name": "Western"}),
    "update_genre": Rule(EDITORS, {"name": "Comedies"}),
    "merge_genre": Rule(EDITORS, {"into": "drama"}),
    "delete_genre": Rule(EDITORS),
    "update_person": Rule(EDITORS, {"name": "Navarre"}),
    "merge_person": Rule(EDITORS, lambda ids: {"into": str(ids["namesake_id"])}),
    "create_collection": Rule(EDITORS, {"slug": "westerns", "name": "Westerns"}),
    "update_collection": Rule(EDITORS, {"name": "Laughs"}),
    "put_collection_items": Rule(EDITORS, {"title_ids": []}),
    "delete_collection": Rule(EDITORS),
    "get_home": Rule(SIGNED_IN),
    "get_rail": Rule(SIGNED_IN),
    "get_trending": Rule(SIGNED_IN),
    "get_top_rated": Rule(SIGNED_IN),
    "get_new_episodes": Rule(SIGNED_IN),
    "get_post_play": Rule(SIGNED_IN),
    "get_for_you": Rule(SIGNED_IN),
    "get_similar": Rule(SIGNED_IN),
    "get_mood_answer": Rule(SIGNED_IN),
    "get_continue_watching": Rule(SIGNED_IN),
    "dismiss_continue_watching": Rule(SIGNED_IN),
    "get_next_episode": Rule(SIGNED_IN),
    "get_history": Rule(SIGNED_IN),
    "clear_history": Rule(SIGNED_IN),
    "delete_from_history": Rule(SIGNED_IN),
    "upload_bookmarks": Rule(
        SIGNED_IN,
        lambda ids: {
            "bookmarks": [
                {
                    "title_id": str(ids["title_id"]),
                    "episode_id": str(ids["episode_id"]),
                    "position_seconds": 600,
                    "at": "2026-01-01T00:00:00Z",
                }
            ]
        },
    ),
    "list_home_layouts": Rule(STAFF),
    "put_home_layout": Rule(EDITORS, {"audience": "kids", "rails": [{"rail": "for-you"}]}),
    "get_hero_pins": Rule(STAFF),
    "train_recommendations": Rule(EDITORS),
    "roll_back_recommendations": Rule(EDITORS),
    "list_recommendation_models": Rule(frozenset({"analyst", "editor", "admin"})),
    "explain_recommendation": Rule(SUPPORT, query=f"?profile_id={uuid4()}&title_id={uuid4()}"),
    "get_recommendation_quality": Rule(frozenset({"analyst", "editor", "admin"})),
    "record_impressions": Rule(
        SIGNED_IN,
        lambda ids: {
            "recommendation_id": str(uuid4()),
            "rail": "for-you",
            "title_ids": [str(ids["title_id"])],
        },
    ),
    "put_hero_pins": Rule(EDITORS, lambda ids: {"title_ids": [str(ids["title_id"])]}),
    "explain_access": Rule(GROWN_UPS, query=f"?title_id={uuid4()}"),
    "confirm_practice_payment": Rule(EVERYBODY, {"outcome": "ok"}),
    "dispute_practice_payment": Rule(EVERYBODY, {"outcome": "open"}),
    "advance_practice_subscription": Rule(EVERYBODY),
    "list_subscriptions": Rule(GROWN_UPS),
    "get_subscription": Rule(GROWN_UPS),
    "create_subscription": Rule(GROWN_UPS, {"package": "basic", "payment_method": "tok_ok"}),
    "quote_change": Rule(GROWN_UPS, query="?package=basic"),
    "change_subscription": Rule(GROWN_UPS, {"package": "basic"}),
    "cancel_subscription": Rule(GROWN_UPS),
    "resume_subscription": Rule(GROWN_UPS, {}),
    "pause_subscription": Rule(GROWN_UPS),
    "redeem_code": Rule(GROWN_UPS, {"code": "WINTER-2027"}),
    "purchase_title": Rule(GROWN_UPS, {"offer_type": "rent", "payment_method": "tok_ok"}),
    "list_purchases": Rule(GROWN_UPS),
    "get_purchase": Rule(GROWN_UPS),
    "refund_purchase": Rule(GROWN_UPS),
    "list_household_purchases": Rule(SUPPORT),
    "get_household_purchase": Rule(SUPPORT),
    "refund_household_purchase": Rule(SUPPORT, {"reason": WHY}),
    "confirm_household_purchase": Rule(SUPPORT, {"reason": WHY}),
    "cancel_household_purchase": Rule(SUPPORT, {"reason": WHY}),
    "list_holds": Rule(SUPPORT),
    "place_hold": Rule(SUPPORT, {"blocks_playback": True, "reason": WHY}),
    "lift_hold": Rule(SUPPORT, query=f"?reason={WHY}"),
    "list_household_timeline": Rule(SUPPORT),
    "list_household_subscriptions": Rule(SUPPORT),
    "grant_subscription": Rule(SUPPORT, {"package": "basic", "reason": WHY}),
    "withdraw_subscription": Rule(SUPPORT, query=f"?reason={WHY}"),
    "cancel_household_subscription": Rule(SUPPORT, {"reason": WHY}),
    "confirm_subscription_payment": Rule(
        SUPPORT, {"paid_until": "2099-01-01T00:00:00Z", "reason": WHY}
    ),
}

UNKNOWN = ("not_authenticated", "token_expired", "token_invalid", "session_revoked")
"""Codes for somebody who is not signed in."""

REFUSALS = {
    True: {(401, "not_authenticated")},
    False: {(403, "forbidden"), (403, "purchase_not_allowed")},
}
"""How somebody is refused, by whether he has not signed in."""

FILES = {"import_titles": "application/x-ndjson"}
"""Operations that take a file."""


@pytest.fixture
async def world(runtime: Runtime, client: AsyncClient) -> World:
    world = await make_world(runtime, client)
    await make_genre(runtime, "drama", "Drama")
    await make_genre(runtime, "noir", "Noir")
    world.ids["namesake_id"] = await make_person(runtime, "R. Navarre")
    return world


async def call(
    client: AsyncClient, app: FastAPI, name: str, ids: Ids, headers: Headers
) -> Response:
    """Call an operation with what its rule says."""
    route = next(route for route in routes_of(app) if route.name == name)
    rule = RULES[name]
    body = rule.said(ids)
    if name in FILES:
        headers = headers | {"Content-Type": FILES[name]}
        body = {"content": b'{"external_id": "film:1", "name": "Cops"}\n'}
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
    put_home_layout put_hero_pins appoint_staff dismiss_staff update_user cancel_job retry_job
    generate_embeddings
    train_recommendations roll_back_recommendations
    rebuild_search put_search_pin delete_search_pin
    create_title update_title change_title_status create_season update_season order_episodes
    create_episode update_episode import_titles cancel_import create_genre update_genre
    update_person create_collection update_collection put_collection_items delete_collection
    delete_episode delete_season delete_title delete_genre merge_genre merge_person
    confirm_subscription_payment cancel_household_subscription
    grant_subscription withdraw_subscription
    cancel_household_purchase confirm_household_purchase refund_household_purchase
    place_hold lift_hold
""".split()
"""In an order in which each finds what it needs."""

WRITTEN_OTHERWISE = {"import_titles", "cancel_household_subscription"}
"""Work in several transactions of their own, and write down what they are about to change."""

GUARD = get_args(AuditedWrite)[1].dependency


def test_every_change_by_staff_is_in_the_list(app: FastAPI) -> None:
    of_staff = [route for route in routes_of(app) if asker_of(route) == "admin"]
    changes = {route.name for route in of_staff if method_of(route) != "GET"}
    assert changes == set(CHANGES_BY_STAFF)


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
