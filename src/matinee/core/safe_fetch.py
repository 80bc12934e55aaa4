"""Fetching addresses that a person typed, without being sent where only we can go (SSRF)."""

import asyncio
import ipaddress
import socket
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass

import httpx

from matinee.core.errors import ProviderError, UrlNotAllowed

MOST_BYTES = 50 * 1_048_576
MOST_REDIRECTS = 3
LONGEST_URL = 2048
TIMEOUT_SECONDS = 30.0
PIECE_BYTES = 65_536

_NETWORK = httpx.Timeout(10.0, connect=5.0)
_NAT64 = tuple(map(ipaddress.ip_network, ("64:ff9b::/96", "64:ff9b:1::/48")))
_GLOBAL_UNICAST = ipaddress.ip_network("2000::/3")


def is_public(address: str) -> bool:
    """Whether an address lies in the open internet, also behind the disguises of IPv6."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv4Address):
        return ip.is_global and not ip.is_multicast
    if embedded := ip.ipv4_mapped or ip.sixtofour:
        return is_public(str(embedded))
    if ip.teredo or any(ip in network for network in _NAT64):
        return False
    return ip in _GLOBAL_UNICAST and ip.is_global and not ip.is_multicast


def usual_port(port: int) -> bool:
    """The ports of the web, and those that anybody may serve on; not mail, shells and the like."""
    return port in (80, 443) or port >= 1024


async def resolve(host: str, port: int) -> list[str]:
    """All addresses of a host, by the system's resolver."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(item[4][0]) for item in found))


@dataclass(frozen=True)
class Reach:
    """Where we may go at all. Tests reach their own server by giving another one."""

    resolve: Callable[[str, int], Awaitable[list[str]]] = resolve
    may_connect: Callable[[str], bool] = is_public
    may_use_port: Callable[[int], bool] = usual_port


INTERNET = Reach()


@dataclass(frozen=True)
class Download:
    """An answer that is arriving: `pieces` are its decompressed bytes."""

    url: str
    status: int
    headers: Mapping[str, str]
    pieces: AsyncIterator[bytes]


@dataclass(frozen=True)
class Fetched:
    """An answer that has arrived; `status` is 200, or 304 where the headers asked for that."""

    url: str
    status: int
    headers: Mapping[str, str]
    body: bytes


async def safe_fetch(
    url: str,
    *,
    headers: Mapping[str, str] | None = None,
    most_bytes: int = MOST_BYTES,
    timeout: float = TIMEOUT_SECONDS,
    reach: Reach = INTERNET,
) -> Fetched:
    """The whole answer behind an address.

    Raises:
        UrlNotAllowed: it, or one it redirects to, is not a public http(s) address.
        ProviderError: it does not answer in `timeout` seconds, answers with an error, or with
            more than `most_bytes` (decompressed).
    """
    try:
        async with asyncio.timeout(timeout):
            download = open_safely(url, headers=headers, most_bytes=most_bytes, reach=reach)
            async with download as found:
                body = b"".join([piece async for piece in found.pieces])
    except TimeoutError:
        raise ProviderError(message="The address did not answer in time.") from None
    return Fetched(found.url, found.status, found.headers, body)


@asynccontextmanager
async def open_safely(
    url: str,
    *,
    headers: Mapping[str, str] | None = None,
    most_bytes: int = MOST_BYTES,
    reach: Reach = INTERNET,
) -> AsyncIterator[Download]:
    """The same, piece by piece; whoever opens it sets the time limit.

    Raises:
        UrlNotAllowed, ProviderError: as `safe_fetch`, also while the pieces are read.
    """
    asked = target = _parse(url)
    async with httpx.AsyncClient(timeout=_NETWORK, trust_env=False) as client:
        for _ in range(MOST_REDIRECTS + 1):
            addresses = await _checked_addresses(target, reach)
            same_origin = (target.scheme, target.netloc) == (asked.scheme, asked.netloc)
            sent = dict(headers or {}) if same_origin else {}
            response = await _send(client, target, addresses, sent)
            async with aclosing(response):
                if not response.has_redirect_location:
                    _refuse_failure(response)
                    pieces = _bounded(_decompressed(response), most_bytes)
                    yield Download(str(target), response.status_code, response.headers, pieces)
                    return
                target = _redirected(target, response.headers["location"])
    raise ProviderError(message=f"The address redirects more than {MOST_REDIRECTS} times.")


def _parse(url: str) -> httpx.URL:
    try:
        target = httpx.URL(url) if len(url) <= LONGEST_URL else httpx.URL()
        port = target.port
    except (httpx.InvalidURL, ValueError):
        raise UrlNotAllowed("url") from None
    plain = target.scheme in ("http", "https") and target.host and not target.userinfo
    if not plain or not (port is None or 0 < port < 65536):
        raise UrlNotAllowed("url", message="Only http and https addresses without a user name.")
    return target


def _redirected(target: httpx.URL, location: str) -> httpx.URL:
    try:
        return _parse(str(target.join(location)))
    except (httpx.InvalidURL, ValueError):
        raise UrlNotAllowed("url") from None


async def _checked_addresses(target: httpx.URL, reach: Reach) -> list[str]:
    """One answer of the resolver, all of it allowed: it is not asked again before connecting."""
    port = target.port or (443 if target.scheme == "https" else 80)
    if not reach.may_use_port(port):
        raise UrlNotAllowed("url", message="This port may not be used.")
    try:
        addresses = await reach.resolve(target.host, port)
    except (OSError, UnicodeError):
        raise ProviderError(message="The host of the address was not found.") from None
    if not addresses or not all(map(reach.may_connect, addresses)):
        raise UrlNotAllowed("url", message="The address does not lead to the public internet.")
    return addresses


async def _send(
    client: httpx.AsyncClient, target: httpx.URL, addresses: list[str], headers: dict[str, str]
) -> httpx.Response:
    """Ask the first of these addresses that can be connected to, by the name of the host."""
    asked = {**headers, "Host": target.netloc.decode("ascii"), "Accept-Encoding": "gzip"}
    for address in addresses:
        request = client.build_request(
            "GET",
            target.copy_with(host=address, fragment=None),
            headers=asked,
            extensions={"sni_hostname": target.host},
        )
        try:
            return await client.send(request, stream=True)
        except httpx.ConnectError as error:
            failure: Exception = error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            failure = error
            break
    raise ProviderError(message="The address does not answer.") from failure


def _refuse_failure(response: httpx.Response) -> None:
    if response.status_code not in (200, 304):
        raise ProviderError(message=f"The address answers with {response.status_code}.")


async def _decompressed(response: httpx.Response) -> AsyncIterator[bytes]:
    """The body in pieces of bounded size, however small a bomb it was packed into."""
    coding = response.headers.get("content-encoding", "identity").strip().lower()
    if coding not in ("identity", "gzip", "x-gzip"):
        raise ProviderError(message="The address answers in a compression we did not ask for.")
    gunzip = None if coding == "identity" else zlib.decompressobj(16 + zlib.MAX_WBITS)
    try:
        async for raw in response.aiter_raw(PIECE_BYTES):
            for piece in (raw,) if gunzip is None else _inflated(gunzip, raw):
                yield piece
    except (httpx.HTTPError, zlib.error) as error:
        raise ProviderError(message="The answer of the address breaks off.") from error
    if gunzip is not None and not gunzip.eof:
        raise ProviderError(message="The answer of the address breaks off.")


def _inflated(gunzip: "zlib._Decompress", raw: bytes) -> Iterator[bytes]:
    while raw and not gunzip.eof:
        piece = gunzip.decompress(raw, PIECE_BYTES)
        yield piece
        while len(piece) == PIECE_BYTES and not gunzip.unconsumed_tail and not gunzip.eof:
            piece = gunzip.decompress(b"", PIECE_BYTES)  # what did not fit, of input it has eaten
            yield piece
        raw = gunzip.unconsumed_tail


async def _bounded(pieces: AsyncIterator[bytes], most_bytes: int) -> AsyncIterator[bytes]:
    received = 0
    async for piece in pieces:
        received += len(piece)
        if received > most_bytes:
            raise ProviderError(message=f"The answer is larger than {most_bytes} bytes.")
        yield piece
