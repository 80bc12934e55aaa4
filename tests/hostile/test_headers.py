"""Header fields that nobody sends by accident."""

import base64
from itertools import product

import pytest
from httpx import AsyncClient

from tests.fuzzing import check_answer, refusal
from tests.world import World

pytestmark = pytest.mark.usefixtures("unchanged")

ASKED = ("/api/v1/catalog/titles", "/api/v1/catalog/genres", "/api/v1/profiles", "/api/v1/nowhere")


def token(header: bytes, claims: bytes, signature: bytes = b"x") -> bytes:
    """A bearer token made at home."""
    parts = [base64.urlsafe_b64encode(part).rstrip(b"=") for part in (header, claims, signature)]
    return b"Bearer " + b".".join(parts)


HOSTILE: dict[str, list[bytes]] = {
    "Accept": [b"\xff", b"*/*;q=nan", b"," * 9000, b"application/json" * 5000, b"text/html;;;=;"],
    "Accept-Encoding": [
        b"\xff", b"gzip;q=nan", b"gzip;q=-1", b"gzip;q=" + b"9" * 5000, b"*;q=0", b"identity;q=0",
        b"," * 9000, b"zstd" * 9000, b";q=", b"gzip;q=1;q=2;q=", b"gzip,gzip,gzip", b"=",
    ],
    "Accept-Language": [
        b"\xff\xfe", b"," * 9000, b"en;q=1e999", b"x" * 60_000, b"de-" + b"a-" * 5000, b"*;q=\xb2",
        b"e\xb2", b"-", b"de;q=0", b"en\t;\tq=1", b"%00", b"zxx-Aaaa-AA-aaaa-0000",
    ],
    "Authorization": [
        b"", b"Bearer", b"Bearer ", b"Bearer \xff", b"bearer  x", b"Basic YTpi", b"Bearer a.b.c",
        b"Bearer " + b"a." * 9000, b"Bearer " + b"x" * 60_000, b"Bearer ..", b"\0", b"Bearer \0",
        token(b"{}", b"{}", b""), token(b"\xff", b"\xff"), token(b"[" * 9000, b"{}"),
        token(b'{"alg":"none"}', b'{"sub":"x"}', b""), token(b'{"alg":1}', b"[]"),
        token(b'{"alg":"HS256","kid":"../../dev/null"}', b"{}"),
        token(b'{"alg":"HS256"}', b'{"exp":1e999}'), token(b'{"alg":"HS256"}', b'{"exp":"x"}'),
    ],
    "Content-Type": [b"\xff", b"application/json;" * 3000, b"text/\xff", b";"],
    "Cookie": [
        b"\xff", b"=", b";" * 9000, b"a=b; " * 9000, b"matinee_session=", b"matinee_session=\xff",
        b"__Host-matinee_session=x", b"matinee_session=" + b"x" * 60_000, b'a="\\', b"a=b\x00c",
        b"matinee_session=a.b.c; matinee_session=d.e.f",
    ],
    "Host": [b"", b"a b", b"\xff", b"[::1", b"x:99999", b"evil.example/path", b"x" * 60_000],
    "Idempotency-Key": [b"", b" ", b"\xff", b"x" * 60_000, b"\x00"],
    "If-Match": [
        b"", b"*", b'"-1"', b'"99999999999"', b"abc", b'"1", "2"', b"\xb2", b'"\xb9"', b'"' * 60,
        b"W/", b'W/"x', b"\xff", b"1" * 60_000,
    ],
    "If-None-Match": [
        b"", b"*", b'"' * 9000, b'W/"' * 9000, b"\xff", b'"x",' * 9000, b"*, *", b'"\xff"',
    ],
    "If-Modified-Since": [b"never", b"Thu, 99 Xxx 0000 99:99:99 GMT", b"\xff"],
    "Origin": [b"null", b"\xff", b"http://[", b"http://evil.example"],
    "Range": [b"bytes=0-", b"bytes=-1", b"bytes=9-1", b"bytes=" + b"0-1," * 9000, b"\xff"],
    "Traceparent": [b"00-0-0-00", b"\xff", b"00-" + b"0" * 60_000],
    "User-Agent": [b"", b"\xff" * 500, b"x" * 60_000, b"\x00"],
    "X-Forwarded-For": [
        b"", b"unknown", b"1.2.3.4:99999", b"[::1]:x", b"1.2.3.4," * 9000, b"\xff", b"999.1.1.1",
        b"::ffff:1.2.3.4", b"fe80::1%eth0",
    ],
    "X-Forwarded-Proto": [b"https", b"\xff", b"javascript"],
    "X-HTTP-Method-Override": [b"DELETE"],
    "X-Household-Proof": [b"\xff", b"x" * 60_000],
    "X-Request-ID": [b"\xff" * 8, b"x" * 60_000, b"a b c d e", b"${jndi:ldap://x}", b"\x00" * 8],
}  # fmt: skip


async def test_any_value_gets_a_proper_answer(
    client: AsyncClient, world: World, subtests: pytest.Subtests
) -> None:
    credential = world.headers["household"]["Authorization"].encode()
    for name, values in HOSTILE.items():
        with subtests.test(name):
            for value, path in product(values, ASKED):
                headers = {b"Authorization": credential, name.encode(): value}
                check_answer(await client.get(path, headers=headers))


async def test_no_forged_credential_opens_anything(client: AsyncClient, world: World) -> None:
    for name in ("Authorization", "Cookie"):
        for value in HOSTILE[name]:
            answer = await client.get("/api/v1/me", headers={name.encode(): value})
            assert refusal(answer)[0] == 401, value[:100]


async def test_of_two_credentials_none_is_chosen_by_chance(
    client: AsyncClient, world: World
) -> None:
    good = world.headers["household"]["Authorization"].encode()
    for pair in ((good, b"Bearer x"), (b"Bearer x", good)):
        headers = [(b"Authorization", value) for value in pair]
        answers = {(await client.get("/api/v1/me", headers=headers)).status_code for _ in range(3)}
        assert len(answers) == 1


async def test_what_is_no_version_changes_nothing(
    client: AsyncClient, world: World, subtests: pytest.Subtests
) -> None:
    credential = world.headers["admin"]["Authorization"].encode()
    for value in HOSTILE["If-Match"]:
        if value not in (b"", b"*"):
            with subtests.test(repr(value[:20])):
                answer = await client.patch(
                    f"/api/v1/admin/titles/{world.ids['title_id']}",
                    json={"name": "Changed"},
                    headers={b"Authorization": credential, b"If-Match": value},
                )
                assert refusal(answer)[1] in ("version_conflict", "validation_failed")


async def test_a_length_that_is_none_is_no_reason_to_fail(
    client: AsyncClient, world: World
) -> None:
    for length in (b"", b"x", b"-1", b"1e3", b"+2", b"9" * 30, b"0x2", b"\xb2"):
        answer = await client.post(
            "/api/v1/auth/login",
            content=b"{}",
            headers={b"Content-Type": b"application/json", b"Content-Length": length},
        )
        assert refusal(answer)[0] in (413, 422)
