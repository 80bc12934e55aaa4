"""Who really asks: headers are believed only as far as proxies of ours vouch for them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.types import Scope

from matinee.core.client_address import TrustedProxies, parse_address, subscriber_of

PROXIES = TrustedProxies(["10.0.0.0/8", "2001:db8:ffff::/48"])


def request(peer: str | None, *forwarded: str) -> Scope:
    headers = [(b"x-forwarded-for", line.encode("latin-1")) for line in forwarded]
    return {"client": (peer, 1234) if peer else None, "headers": headers}


@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [
        ("198.51.100.7", [], "198.51.100.7"),
        ("198.51.100.7", ["203.0.113.1"], "198.51.100.7"),
        ("10.0.0.1", [], "10.0.0.1"),
        ("10.0.0.1", ["203.0.113.1"], "203.0.113.1"),
        ("10.0.0.1", ["1.2.3.4, 203.0.113.1"], "203.0.113.1"),
        ("10.0.0.1", ["1.2.3.4, 203.0.113.1, 10.9.9.9"], "203.0.113.1"),
        ("10.0.0.1", ["1.2.3.4", "203.0.113.1"], "203.0.113.1"),
        ("10.0.0.1", ["10.2.2.2, 10.3.3.3"], "10.2.2.2"),
        ("10.0.0.1", ["203.0.113.1:5555"], "203.0.113.1"),
        ("10.0.0.1", ["[2001:db8::5]:443"], "2001:db8::5"),
        ("10.0.0.1", ["2001:db8::5"], "2001:db8::5"),
        ("10.0.0.1", ["unknown, 10.5.5.5"], "10.5.5.5"),
        ("10.0.0.1", ["203.0.113.1, _hidden"], "10.0.0.1"),
        ("10.0.0.1", [""], "10.0.0.1"),
        ("10.0.0.1", ["ÿ\x00"], "10.0.0.1"),
        ("2001:db8:ffff::1", ["203.0.113.1"], "203.0.113.1"),
        ("::ffff:10.0.0.1", ["203.0.113.1"], "203.0.113.1"),
        ("::ffff:198.51.100.7", [], "198.51.100.7"),
        (None, ["203.0.113.1"], None),
        ("testclient", ["203.0.113.1"], None),
    ],
)
def test_the_client_is_the_first_from_the_right_that_is_no_proxy_of_ours(
    peer: str | None, forwarded: list[str], client: str | None
) -> None:
    assert PROXIES.client_of(request(peer, *forwarded)) == client


def test_without_proxies_nothing_is_believed() -> None:
    assert TrustedProxies([]).client_of(request("10.0.0.1", "203.0.113.1")) == "10.0.0.1"


def test_a_chain_of_made_up_hops_is_followed_only_so_far() -> None:
    chain = ", ".join(["203.0.113.1", *["10.1.1.1"] * 5000])

    assert PROXIES.client_of(request("10.0.0.1", chain)) == "10.1.1.1"


@given(st.lists(st.text(st.characters(max_codepoint=255)), max_size=3))
def test_any_header_gives_an_address(forwarded: list[str]) -> None:
    assert parse_address(PROXIES.client_of(request("10.0.0.1", *forwarded)) or "") is not None


def test_a_network_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError):
        TrustedProxies(["10.0.0.0/8", "everybody"])


def test_all_addresses_of_one_ipv6_subscriber_count_as_one() -> None:
    first, second = "2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff"

    assert subscriber_of(first) == subscriber_of(second) != subscriber_of("2001:db8:1:3::1")
