"""Addresses that people type: what is fetched, and every way to be sent elsewhere that is not."""

import asyncio
import gzip
import shutil
import ssl
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from matinee.core.errors import ProviderError, UrlNotAllowed
from matinee.core.safe_fetch import Reach, is_public, safe_fetch

Respond = Callable[[str, dict[str, str]], bytes]

HOSTS = {
    "tv.example": ["127.0.0.1"],
    "other.example": ["127.0.0.1"],
    "half-inside.example": ["127.0.0.1", "10.0.0.7"],
}


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("8.8.8.8", True),
        ("2606:4700::1", True),
        ("127.0.0.1", False),
        ("10.1.1.1", False),
        ("192.168.1.1", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("0.0.0.0", False),
        ("224.0.0.1", False),
        ("192.0.2.1", False),
        ("255.255.255.255", False),
        ("::1", False),
        ("::", False),
        ("::127.0.0.1", False),
        ("::ffff:127.0.0.1", False),
        ("::ffff:8.8.8.8", True),
        ("64:ff9b::7f00:1", False),
        ("64:ff9b:1::1", False),
        ("2002:7f00:1::", False),
        ("2001:0:53aa::1", False),
        ("fd00::1", False),
        ("fe80::1%eth0", False),
        ("ff02::1", False),
    ],
)
def test_only_addresses_of_the_open_internet_are_public(address: str, public: bool) -> None:
    assert is_public(address) is public


class Site:
    """A web server on this machine, and a reach in which it passes for the internet."""

    def __init__(self) -> None:
        self.port = 0
        self.respond: Respond = lambda _path, _headers: answer(b"ok")
        self.resolved: list[str] = []

    @property
    def reach(self) -> Reach:
        return Reach(self.resolve, lambda address: address == "127.0.0.1", lambda _port: True)

    async def resolve(self, host: str, _port: int) -> list[str]:
        self.resolved.append(host)
        return HOSTS.get(host, [host])

    def url(self, path: str = "/", host: str = "tv.example") -> str:
        return f"http://{host}:{self.port}{path}"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            request = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            first, *lines = request.splitlines()
            headers = dict(line.lower().split(": ", 1) for line in lines if line)
            writer.write(self.respond(first.split()[1], headers))
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()


def answer(body: bytes, status: str = "200 OK", **headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    site = Site()
    server = await asyncio.start_server(site.serve, "127.0.0.1", 0)
    site.port = server.sockets[0].getsockname()[1]
    yield site
    server.close()
    await server.wait_closed()


async def test_the_body_arrives_whole(site: Site) -> None:
    body = bytes(range(256)) * 2000
    site.respond = lambda _path, _headers: answer(body)

    assert (await safe_fetch(site.url(), reach=site.reach)).body == body


async def test_the_host_is_named_although_its_address_is_called(site: Site) -> None:
    site.respond = lambda _path, headers: answer(headers["host"].encode())

    assert (await safe_fetch(site.url(), reach=site.reach)).body.decode() == (
        f"tv.example:{site.port}"
    )


async def test_the_resolver_is_asked_once_so_that_its_answer_cannot_change(site: Site) -> None:
    await safe_fetch(site.url(), reach=site.reach)

    assert site.resolved == ["tv.example"]


async def test_a_packed_body_is_unpacked(site: Site) -> None:
    body = b"<programme/>" * 50_000
    site.respond = lambda _path, _headers: answer(gzip.compress(body), content_encoding="gzip")

    assert (await safe_fetch(site.url(), reach=site.reach)).body == body


async def test_a_redirect_is_followed(site: Site) -> None:
    site.respond = lambda path, _headers: (
        answer(b"there") if path == "/new" else answer(b"", "302 Found", location="/new")
    )

    found = await safe_fetch(site.url("/old"), reach=site.reach)

    assert (found.body, found.url) == (b"there", site.url("/new"))


async def test_an_unchanged_answer_says_so(site: Site) -> None:
    site.respond = lambda _path, headers: (
        answer(b"", "304 Not Modified") if headers.get("if-none-match") == '"7"' else answer(b"new")
    )

    found = await safe_fetch(site.url(), headers={"If-None-Match": '"7"'}, reach=site.reach)

    assert found.status == 304


async def test_headers_do_not_follow_a_redirect_to_another_site(site: Site) -> None:
    def respond(_path: str, headers: dict[str, str]) -> bytes:
        if headers["host"].startswith("tv.example"):
            return answer(b"", "302 Found", location=site.url(host="other.example"))
        return answer(headers.get("authorization", "none").encode())

    site.respond = respond

    found = await safe_fetch(site.url(), headers={"Authorization": "secret"}, reach=site.reach)

    assert found.body == b"none"


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "gopher://tv.example/",
        "ftp://tv.example/",
        "//tv.example/",
        "tv.example",
        "http://",
        "http://ana:secret@tv.example/",
        "http://tv.example:0/",
        "http://tv.example:99999/",
        "http://tv.example/\n",
        "http://[::1/",
        "http://" + "a" * 3000,
        "",
    ],
)
async def test_an_address_that_is_no_plain_web_address_is_refused(url: str) -> None:
    with pytest.raises(UrlNotAllowed):
        await safe_fetch(url)


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "localhost",
        "2130706433",
        "0x7f000001",
        "127.1",
        "0",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "169.254.169.254",
        "10.0.0.1",
    ],
)
async def test_a_host_of_this_machine_or_network_is_refused(host: str) -> None:
    with pytest.raises(UrlNotAllowed):
        await safe_fetch(f"http://{host}/")


@pytest.mark.parametrize("port", [22, 25, 445])
async def test_a_port_of_another_protocol_is_refused(port: int) -> None:
    with pytest.raises(UrlNotAllowed):
        await safe_fetch(f"http://8.8.8.8:{port}/")


async def test_a_host_with_one_address_inside_is_refused_whole(site: Site) -> None:
    with pytest.raises(UrlNotAllowed):
        await safe_fetch(site.url(host="half-inside.example"), reach=site.reach)


@pytest.mark.parametrize(
    "location",
    [
        "http://169.254.169.254/latest/meta-data",
        "http://10.0.0.1/",
        "file:///etc/passwd",
        "gopher://tv.example/",
        "http://a:b@tv.example/",
    ],
)
async def test_a_redirect_cannot_leave_the_internet(site: Site, location: str) -> None:
    site.respond = lambda _path, _headers: answer(b"", "302 Found", location=location)

    with pytest.raises(UrlNotAllowed):
        await safe_fetch(site.url(), reach=site.reach)


async def test_redirects_end_somewhere(site: Site) -> None:
    site.respond = lambda _path, _headers: answer(b"", "302 Found", location="/again")

    with pytest.raises(ProviderError):
        await safe_fetch(site.url(), reach=site.reach)


async def test_a_small_bomb_is_stopped_at_the_limit(site: Site) -> None:
    bomb = gzip.compress(b"\0" * 100_000_000, 9)
    site.respond = lambda _path, _headers: answer(bomb, content_encoding="gzip")

    with pytest.raises(ProviderError, match="larger than"):
        await safe_fetch(site.url(), most_bytes=1_000_000, reach=site.reach)


async def test_a_body_longer_than_the_limit_is_refused(site: Site) -> None:
    site.respond = lambda _path, _headers: answer(b"a" * 1001)

    with pytest.raises(ProviderError, match="larger than"):
        await safe_fetch(site.url(), most_bytes=1000, reach=site.reach)


@pytest.mark.parametrize(
    "response",
    [
        answer(b"no", "500 Internal Server Error"),
        answer(b"no", "404 Not Found"),
        answer(b"not gzip", content_encoding="gzip"),
        answer(gzip.compress(b"a" * 1000)[:-20], content_encoding="gzip"),
        answer(b"x", content_encoding="br"),
        answer(b"", "302 Found", location="http://[::1/"),
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\ncut",
        b"SSH-2.0-OpenSSH_9.9\r\n",
        b"",
    ],
    ids=[
        "500",
        "404",
        "not-gzip",
        "cut-gzip",
        "unasked-coding",
        "bad-location",
        "cut",
        "not-http",
        "silence",
    ],
)
async def test_a_bad_answer_is_the_fault_of_the_address(site: Site, response: bytes) -> None:
    site.respond = lambda _path, _headers: response

    with pytest.raises(ProviderError):
        await safe_fetch(site.url(), reach=site.reach)


async def test_an_address_that_never_answers_is_given_up() -> None:
    async def silent(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await ended.wait()
        writer.close()

    ended = asyncio.Event()
    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    try:
        with pytest.raises(ProviderError):
            await safe_fetch(f"http://127.0.0.1:{port}/", timeout=0.1, reach=Site().reach)
    finally:
        ended.set()
        server.close()
        await server.wait_closed()


async def test_a_host_that_does_not_exist_is_the_fault_of_the_address() -> None:
    async def unknown(_host: str, _port: int) -> list[str]:
        raise OSError

    with pytest.raises(ProviderError):
        await safe_fetch("https://no.example/", reach=Reach(resolve=unknown))


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate for tv.example that nobody vouches for, and its key."""
    if shutil.which("openssl") is None:
        pytest.skip("no openssl here to make a certificate with")
    folder = tmp_path_factory.mktemp("certificate")
    paths = folder / "cert.pem", folder / "key.pem"
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2"
    names = ["-subj", "/CN=tv.example", "-out", str(paths[0]), "-keyout", str(paths[1])]
    subprocess.run([*command.split(), *names], check=True, capture_output=True)
    return paths


async def test_tls_names_the_host_and_distrusts_its_certificate(
    site: Site, certificate: tuple[Path, Path]
) -> None:
    named: list[str | None] = []
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    context.sni_callback = lambda _socket, name, _context: named.append(name)
    handler: Callable[..., Awaitable[None]] = site.serve
    server = await asyncio.start_server(handler, "127.0.0.1", 0, ssl=context)
    port = server.sockets[0].getsockname()[1]
    try:
        with pytest.raises(ProviderError):
            await safe_fetch(f"https://tv.example:{port}/", reach=site.reach)
    finally:
        server.close()
        await server.wait_closed()

    assert named == ["tv.example"]
