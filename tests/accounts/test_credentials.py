"""Attacks on what devices show: forged, foreign, expired and mutilated credentials."""

import base64
import json
import warnings
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import jwt
import pytest
from httpx import AsyncClient

from matinee.accounts import credentials
from matinee.accounts.credentials import TokenInvalid, make_cookie, new_secret, open_cookie
from matinee.core.security import Tokens
from matinee.runtime import Runtime
from tests.makers import make_user, sign_in

ME = "/api/v1/me"
SECRET = "a secret of the test suite, long enough"
ISSUER = "http://testserver"


def tokens(secret: str = SECRET, *previous: str, issuer: str = ISSUER) -> Tokens:
    return Tokens(secret, previous=previous, issuer=issuer)


def access_token(
    maker: Tokens,
    user_id: UUID | None = None,
    session_id: UUID | None = None,
    expires_in: timedelta = timedelta(minutes=10),
) -> str:
    now = datetime.now(UTC)
    return credentials.make_access_token(
        maker, user_id or uuid4(), session_id or uuid4(), now=now, expires_at=now + expires_in
    )


async def code_of(client: AsyncClient, token: str, scheme: str = "Bearer") -> str:
    header = f"{scheme} {token}".encode("latin-1")
    answer = await client.get(ME, headers={"Authorization": header})
    assert answer.status_code == 401, answer.text
    code: str = answer.json()["error"]["code"]
    return code


@pytest.fixture
async def session(runtime: Runtime, client: AsyncClient) -> dict[str, Any]:
    """The claims of a session that is really signed in."""
    await make_user(runtime)
    headers = await sign_in(client)
    token = headers["Authorization"].removeprefix("Bearer ")
    claims: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    return claims


def unsigned(header: dict[str, Any], claims: dict[str, Any]) -> str:
    parts = [json.dumps(part).encode() for part in (header, claims)]
    return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts) + "."


@pytest.mark.parametrize("algorithm", ["none", "None", "NONE", "", "HS512", "RS256", None, 7, []])
async def test_only_one_algorithm_is_believed(
    client: AsyncClient, session: dict[str, Any], algorithm: Any
) -> None:
    forged = unsigned({"alg": algorithm, "typ": "JWT"}, session)
    assert await code_of(client, forged) == "token_invalid"


@pytest.mark.parametrize("algorithm", ["HS256", "HS384", "HS512"])
@pytest.mark.parametrize("key", [SECRET, "", "matinee access"])
async def test_the_secret_itself_signs_no_access_token(
    client: AsyncClient, session: dict[str, Any], algorithm: str, key: str
) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        forged = jwt.encode(session, key or "x", algorithm=algorithm)
    assert await code_of(client, forged) == "token_invalid"


@pytest.mark.parametrize("missing", ["iss", "sub", "sid", "iat", "exp"])
async def test_every_claim_is_required(
    client: AsyncClient, session: dict[str, Any], missing: str
) -> None:
    claims = {name: value for name, value in session.items() if name != missing}
    forged = jwt.encode(claims, tokens()._keys("access")[0], algorithm="HS256")
    assert await code_of(client, forged) == "token_invalid"


@pytest.mark.parametrize(
    ("claim", "value"),
    [("sub", "nobody"), ("sid", 7), ("sid", None), ("exp", 1e400), ("exp", "soon")],
)
async def test_claims_of_the_wrong_form_are_no_error_of_ours(
    client: AsyncClient, session: dict[str, Any], claim: str, value: Any
) -> None:
    forged = jwt.encode(session | {claim: value}, tokens()._keys("access")[0], algorithm="HS256")
    assert await code_of(client, forged) == "token_invalid"


async def test_a_token_of_another_installation_is_refused(client: AsyncClient) -> None:
    assert await code_of(client, access_token(tokens("another secret of another house"))) == (
        "token_invalid"
    )
    assert await code_of(client, access_token(tokens(issuer="http://elsewhere"))) == "token_invalid"


async def test_an_expired_token_says_that_it_can_be_refreshed(
    client: AsyncClient, session: dict[str, Any]
) -> None:
    expired = access_token(
        tokens(), UUID(session["sub"]), UUID(session["sid"]), expires_in=-timedelta(seconds=1)
    )
    assert await code_of(client, expired) == "token_expired"


async def test_a_well_signed_token_of_no_session_is_revoked(client: AsyncClient) -> None:
    assert await code_of(client, access_token(tokens())) == "session_revoked"


@pytest.mark.parametrize(
    "token",
    [
        "",
        ".",
        "..",
        "a.b.c",
        "é.ü.ß",
        "a" * 7000,
        base64.urlsafe_b64encode(b"[" * 500).decode() + ".e30.AAAA",
        base64.urlsafe_b64encode(b'{"a":' * 150).decode() + ".e30.AAAA",
        "eyJhbGciOiJIUzI1NiJ9.e30.",
        "eyJhbGciOiJIUzI1NiIsImI2NCI6ZmFsc2UsImNyaXQiOlsiYjY0Il19..AAAA",
    ],
)
async def test_junk_is_no_token(client: AsyncClient, token: str) -> None:
    assert await code_of(client, token) == "token_invalid"


@pytest.mark.parametrize("scheme", ["Basic", "Token", "bearer", "BEARER"])
async def test_only_bearer_tokens_are_taken(client: AsyncClient, scheme: str) -> None:
    assert await code_of(client, "junk", scheme) == "token_invalid"


async def test_no_credential_at_all_asks_for_one(client: AsyncClient) -> None:
    assert (await client.get(ME)).json()["error"]["code"] == "not_authenticated"


async def test_a_key_that_was_replaced_is_still_believed(session: dict[str, Any]) -> None:
    old = access_token(tokens())
    rotated = tokens("the new secret of this house, also long", SECRET)
    assert credentials.open_access_token(rotated, old).user_id
    with pytest.raises(TokenInvalid):
        credentials.open_access_token(tokens("the new secret of this house, also long"), old)


def test_an_expired_token_of_a_replaced_key_can_be_refreshed_too() -> None:
    old = access_token(tokens(), expires_in=-timedelta(seconds=1))
    with pytest.raises(credentials.TokenExpired):
        credentials.open_access_token(
            tokens("the new secret of this house, also long", SECRET), old
        )


def test_a_cookie_names_its_session() -> None:
    user_id, session_id, secret = uuid4(), uuid4(), new_secret()
    opened = open_cookie(tokens(), make_cookie(tokens(), user_id, session_id, secret))
    assert (opened.user_id, opened.session_id, opened.secret) == (user_id, session_id, secret)


def test_no_bit_of_a_cookie_can_be_changed() -> None:
    packed = base64.urlsafe_b64decode(make_cookie(tokens(), uuid4(), uuid4(), new_secret()))
    for place in range(len(packed)):
        changed = bytearray(packed)
        changed[place] ^= 1
        with pytest.raises(TokenInvalid):
            open_cookie(tokens(), base64.urlsafe_b64encode(changed).decode())


@pytest.mark.parametrize("cookie", ["", "x", "A" * 128, "é" * 128, "A" * 127 + "=", "A" * 10_000])
def test_junk_is_no_cookie(cookie: str) -> None:
    with pytest.raises(TokenInvalid):
        open_cookie(tokens(), cookie)


def test_what_is_signed_for_one_use_is_worth_nothing_for_another() -> None:
    assert not tokens().is_mac("refresh", b"message", tokens().mac("cookie", b"message"))
