"""Browsers: the cookie, and pages of other origins that would like to use it."""

from http.cookies import SimpleCookie
from typing import Any
from uuid import UUID

import pytest
from httpx import ASGITransport, AsyncClient

from matinee.accounts.credentials import cookie_name, make_cookie, new_secret, open_cookie
from matinee.core.security import token_hash
from matinee.core.settings import Settings
from matinee.main import create_app
from matinee.runtime import Runtime
from tests.makers import PASSWORD, make_user, scalar

SAME_ORIGIN = {"Sec-Fetch-Site": "same-origin"}
LOGIN = {"email": "ana@example.com", "password": PASSWORD, "client": "web"}


@pytest.fixture
async def browser(runtime: Runtime, client: AsyncClient) -> AsyncClient:
    """A browser that has signed in."""
    await make_user(runtime)
    answer = await client.post("/api/v1/auth/login", json=LOGIN)
    assert answer.status_code == 200
    return client


async def change(browser: AsyncClient, **headers: str) -> Any:
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return await browser.patch("/api/v1/me", json={"country": "DE"}, headers=names)


async def test_the_cookie_is_for_http_only_and_for_this_site(
    runtime: Runtime, client: AsyncClient
) -> None:
    await make_user(runtime)
    answer = await client.post("/api/v1/auth/login", json=LOGIN)
    cookie = SimpleCookie(answer.headers["Set-Cookie"])["matinee"]
    assert cookie["httponly"]
    assert cookie["samesite"] == "lax"
    assert cookie["path"] == "/"
    assert not cookie["domain"]


async def test_with_tls_the_cookie_is_bound_to_its_host(settings: Settings) -> None:
    secure = settings.model_copy(update={"public_url": "https://tv.example.com"})
    assert cookie_name(secure) == "__Host-matinee"


async def test_with_tls_the_cookie_is_secure(settings: Settings) -> None:
    secure = settings.model_copy(update={"public_url": "https://tv.example.com"})
    runtime = Runtime(secure)
    await runtime.open()
    try:
        await make_user(runtime)
        transport = ASGITransport(create_app(runtime=runtime))
        async with AsyncClient(transport=transport, base_url="https://tv.example.com") as client:
            answer = await client.post("/api/v1/auth/login", json=LOGIN)
            cookie = SimpleCookie(answer.headers["Set-Cookie"])["__Host-matinee"]
            assert cookie["secure"]
            assert cookie["path"] == "/"
            assert not cookie["domain"]
            assert (await client.get("/api/v1/me")).status_code == 200
    finally:
        await runtime.close()


async def test_only_the_hash_of_the_secret_is_stored(
    runtime: Runtime, browser: AsyncClient
) -> None:
    secret = open_cookie(runtime.tokens, browser.cookies["matinee"]).secret
    assert secret is not None
    assert len(secret) == 32
    assert await scalar(runtime, "SELECT secret_hash FROM auth_sessions") == token_hash(secret)


async def test_signing_in_again_makes_a_new_cookie(browser: AsyncClient) -> None:
    """Nobody can plant a session that the victim then signs in to (fixation)."""
    planted = browser.cookies["matinee"]
    await browser.post("/api/v1/auth/login", json=LOGIN)
    assert browser.cookies["matinee"] != planted


async def test_a_cookie_of_one_session_does_not_open_another(
    runtime: Runtime, browser: AsyncClient
) -> None:
    mine = open_cookie(runtime.tokens, browser.cookies["matinee"])
    guess = make_cookie(runtime.tokens, mine.user_id, mine.session_id, new_secret())
    answer = await browser.get("/api/v1/me", headers={"Cookie": f"matinee={guess}"})
    assert answer.json()["error"]["code"] == "session_revoked"


async def test_a_session_of_tokens_is_not_opened_by_a_cookie(
    runtime: Runtime, client: AsyncClient
) -> None:
    await make_user(runtime)
    answer = (await client.post("/api/v1/auth/login", json=LOGIN | {"client": "app"})).json()
    forged = make_cookie(
        runtime.tokens, UUID(answer["user_id"]), UUID(answer["session_id"]), new_secret()
    )
    got = await client.get("/api/v1/me", headers={"Cookie": f"matinee={forged}"})
    assert got.json()["error"]["code"] == "session_revoked"


async def test_our_own_page_may_change_things(browser: AsyncClient) -> None:
    assert (await change(browser, Sec_Fetch_Site="same-origin")).status_code == 200
    assert (await change(browser, Origin="http://testserver")).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": "null"},
        {"Origin": "https://evil.example"},
        {"Origin": "http://testserver.evil.example"},
        {"Origin": "http://testserver:81"},
        {"Origin": "https://testserver"},
        {"Sec_Fetch_Site": "cross-site"},
        {"Sec_Fetch_Site": "same-site"},
        {"Sec_Fetch_Site": "none"},
        {"Sec_Fetch_Site": "cross-site", "Origin": "https://evil.example"},
        {"Referer": "http://testserver/"},
    ],
)
async def test_a_foreign_page_may_not(
    runtime: Runtime, browser: AsyncClient, headers: dict[str, str]
) -> None:
    answer = await change(browser, **headers)
    assert answer.status_code == 403
    assert answer.json()["error"]["code"] == "csrf_failed"
    assert await scalar(runtime, "SELECT country FROM users") == "US"


async def test_an_allowed_origin_may(settings: Settings) -> None:
    allowed = settings.model_copy(update={"allowed_origins": ["https://app.example.com"]})
    runtime = Runtime(allowed)
    await runtime.open()
    try:
        await make_user(runtime)
        transport = ASGITransport(create_app(runtime=runtime))
        async with AsyncClient(transport=transport, base_url="http://testserver") as browser:
            await browser.post("/api/v1/auth/login", json=LOGIN)
            answer = await change(browser, Origin="https://app.example.com")
            assert answer.status_code == 200
    finally:
        await runtime.close()


@pytest.mark.parametrize(
    "content_type",
    ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/plain", None],
)
async def test_forms_change_nothing(
    runtime: Runtime, browser: AsyncClient, content_type: str | None
) -> None:
    headers = SAME_ORIGIN | ({"Content-Type": content_type} if content_type else {})
    answer = await browser.patch("/api/v1/me", content=b'{"country": "DE"}', headers=headers)
    assert answer.status_code == 415
    assert await scalar(runtime, "SELECT country FROM users") == "US"


@pytest.mark.parametrize("content_type", ["application/x-www-form-urlencoded", "text/plain"])
async def test_a_form_signs_nobody_in(
    runtime: Runtime, client: AsyncClient, content_type: str
) -> None:
    """Else a foreign page could sign its visitor in to the attacker's account."""
    await make_user(runtime)
    body = b'{"email": "ana@example.com", "password": "%s", "client": "web"}' % PASSWORD.encode()
    answer = await client.post(
        "/api/v1/auth/login", content=body, headers={"Content-Type": content_type}
    )
    assert answer.status_code == 415
    assert "Set-Cookie" not in answer.headers


async def test_reading_needs_no_origin(browser: AsyncClient) -> None:
    assert (await browser.get("/api/v1/me")).status_code == 200


async def test_tokens_need_no_origin(runtime: Runtime, client: AsyncClient) -> None:
    await make_user(runtime)
    answer = await client.post("/api/v1/auth/login", json=LOGIN | {"client": "app"})
    headers = {"Authorization": f"Bearer {answer.json()['access_token']}"}
    assert (await client.patch("/api/v1/me", json={}, headers=headers)).status_code == 200


async def test_a_foreign_page_signs_nobody_out(browser: AsyncClient) -> None:
    answer = await browser.post("/api/v1/auth/logout", headers={"Origin": "https://evil.example"})
    assert answer.json()["error"]["code"] == "csrf_failed"
    assert (await browser.get("/api/v1/me")).status_code == 200


async def test_signing_out_takes_the_cookie_back(browser: AsyncClient) -> None:
    assert (await browser.post("/api/v1/auth/logout", headers=SAME_ORIGIN)).status_code == 204
    assert "matinee" not in browser.cookies


async def test_a_dead_cookie_can_be_given_back(runtime: Runtime, browser: AsyncClient) -> None:
    cookie = browser.cookies["matinee"]
    await browser.post("/api/v1/auth/logout", headers=SAME_ORIGIN)
    answer = await browser.post(
        "/api/v1/auth/logout", headers=SAME_ORIGIN | {"Cookie": f"matinee={cookie}"}
    )
    assert answer.status_code == 204
    assert "matinee=" in answer.headers["Set-Cookie"]
