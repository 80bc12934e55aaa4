"""Where a request really comes from, behind proxies that we trust and headers that we do not."""

import ipaddress
from collections.abc import Iterable
from functools import lru_cache

from starlette.types import Scope

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

LONGEST = 80
MOST_HOPS = 20
"""Proxies in a row that we follow; whoever sends more is making them up."""


class TrustedProxies:
    """The networks of proxies whose X-Forwarded-For is believed."""

    def __init__(self, networks: Iterable[str]) -> None:
        """Raises: ValueError: one of them is not an address or CIDR."""
        self._networks = tuple(ipaddress.ip_network(cidr) for cidr in networks)

    def client_of(self, scope: Scope) -> str | None:
        """The address of the client; None where the server does not know (unix sockets).

        The header is read from the right: each trusted proxy vouches for the address to its left,
        and the first address that is no proxy of ours is the client, whatever stands before it.
        """
        peer = scope.get("client")
        address = parse_address(peer[0]) if peer else None
        if address is None or not self._networks:
            return _text(address) if address else None
        hops = self._forwarded(scope) if self._trusts(address) else []
        for hop in hops:
            stated = parse_address(hop)
            if stated is None:
                break
            address = stated
            if not self._trusts(address):
                break
        return _text(address)

    def _trusts(self, address: Address) -> bool:
        return any(address in network for network in self._networks)

    @staticmethod
    def _forwarded(scope: Scope) -> list[str]:
        """The addresses of the header, nearest first."""
        lines = [value for name, value in scope["headers"] if name == b"x-forwarded-for"]
        hops = b",".join(lines).decode("latin-1").rsplit(",", MOST_HOPS)
        return hops[: -MOST_HOPS - 1 : -1] if len(hops) > MOST_HOPS else hops[::-1]


@lru_cache(maxsize=8192)
def _text(address: Address) -> str:
    return str(address)


def parse_address(text: str) -> Address | None:
    """An address as proxies write it: with or without a port, brackets, a zone.

    >>> parse_address("[2001:db8::1]:443"), parse_address("::ffff:192.0.2.1"), parse_address("me")
    (IPv6Address('2001:db8::1'), IPv4Address('192.0.2.1'), None)
    """
    return _parse(text.strip()) if len(text) <= LONGEST else None


@lru_cache(maxsize=8192)
def _parse(bare: str) -> Address | None:
    if bare.startswith("["):
        bare = bare[1:].partition("]")[0]
    elif bare.count(":") == 1:
        bare = bare.partition(":")[0]
    try:
        address = ipaddress.ip_address(bare.partition("%")[0])
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        return address.ipv4_mapped
    return address


@lru_cache(maxsize=8192)
def subscriber_of(address: str | None) -> str:
    """What one subscriber controls: an IPv4 address, but a whole /64 of IPv6.

    >>> subscriber_of("192.0.2.1"), subscriber_of("2001:db8:1:2:3:4:5:6"), subscriber_of(None)
    ('192.0.2.1', '2001:db8:1:2::/64', 'unknown')
    """
    if address is None:
        return "unknown"
    if ":" not in address:
        return address
    return str(ipaddress.ip_network((address, 64), strict=False))
