"""Standard Webhooks: what we sign is what others check, and nothing else is believed."""

import base64
import hmac
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matinee.core.errors import NotFound
from matinee.integrations.payments.protocol import BadSignature
from matinee.integrations.payments.signatures import BadSecret, StandardWebhooks, StripeSignatures

NOW = datetime(2026, 4, 7, 10, 0, tzinfo=UTC)
BODY = b'{"test": 2432232314}'


def secret(letter: str) -> str:
    """A secret of its own."""
    return "whsec_" + base64.b64encode(letter.encode() * 32).decode()


def test_the_example_of_the_specification_is_signed_alike() -> None:
    webhooks = StandardWebhooks(["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"])
    at = datetime.fromtimestamp(1614265330, UTC)
    headers = webhooks.sign("msg_p5jXN8AQM9LWM0D4loKWxJek", BODY, at)
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_the_signature_is_an_hmac_of_id_time_and_body() -> None:
    headers = StandardWebhooks([secret("a")]).sign("evt_1", BODY, NOW)
    text = f"evt_1.{int(NOW.timestamp())}.".encode() + BODY
    digest = hmac.new(b"a" * 32, text, sha256).digest()
    assert headers["webhook-signature"] == f"v1,{base64.b64encode(digest).decode()}"


@given(
    body=st.binary(max_size=200), message_id=st.from_regex(r"[A-Za-z0-9_-]{1,60}", fullmatch=True)
)
def test_what_is_signed_is_believed(body: bytes, message_id: str) -> None:
    webhooks = StandardWebhooks([secret("a")])
    assert webhooks.verify(webhooks.sign(message_id, body, NOW), body, NOW) == message_id


def test_all_secrets_are_believed_and_the_first_one_signs() -> None:
    rotating = StandardWebhooks([secret("b"), secret("a")])
    old, new = StandardWebhooks([secret("a")]), StandardWebhooks([secret("b")])
    assert rotating.verify(old.sign("evt_1", BODY, NOW), BODY, NOW)
    assert new.verify(rotating.sign("evt_1", BODY, NOW), BODY, NOW)


def test_one_right_signature_among_several_is_enough() -> None:
    webhooks = StandardWebhooks([secret("a")])
    headers = webhooks.sign("evt_1", BODY, NOW)
    headers["webhook-signature"] = f"v1a,xyz v1,AAAA {headers['webhook-signature']}"
    assert webhooks.verify(headers, BODY, NOW)


@pytest.mark.parametrize("seconds", [-300, 300])
def test_five_minutes_are_tolerated_both_ways(seconds: int) -> None:
    webhooks = StandardWebhooks([secret("a")])
    headers = webhooks.sign("evt_1", BODY, NOW + timedelta(seconds=seconds))
    assert webhooks.verify(headers, BODY, NOW)


@pytest.mark.parametrize("seconds", [-301, 301])
def test_too_old_and_too_new_is_refused(seconds: int) -> None:
    webhooks = StandardWebhooks([secret("a")])
    headers = webhooks.sign("evt_1", BODY, NOW + timedelta(seconds=seconds))
    with pytest.raises(BadSignature):
        webhooks.verify(headers, BODY, NOW)


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("webhook-id", "evt_2"),
        ("webhook-id", ""),
        ("webhook-id", "x" * 256),
        ("webhook-timestamp", "1775556001"),
        ("webhook-timestamp", ""),
        ("webhook-timestamp", "soon"),
        ("webhook-timestamp", "-1"),
        ("webhook-timestamp", "²"),
        ("webhook-timestamp", "9" * 30),
        ("webhook-signature", ""),
        ("webhook-signature", "v1"),
        ("webhook-signature", "v1,"),
        ("webhook-signature", "v1,not base64"),
        ("webhook-signature", "v1,\xe9"),
        ("webhook-signature", "v1," + "A" * 43 + "="),
    ],
)
def test_a_changed_or_malformed_header_is_refused(header: str, value: str) -> None:
    webhooks = StandardWebhooks([secret("a")])
    headers = webhooks.sign("evt_1", BODY, NOW) | {header: value}
    with pytest.raises(BadSignature):
        webhooks.verify(headers, BODY, NOW)


@pytest.mark.parametrize("header", ["webhook-id", "webhook-timestamp", "webhook-signature"])
def test_a_missing_header_is_refused(header: str) -> None:
    webhooks = StandardWebhooks([secret("a")])
    headers = webhooks.sign("evt_1", BODY, NOW)
    del headers[header]
    with pytest.raises(BadSignature):
        webhooks.verify(headers, BODY, NOW)


def test_a_body_cannot_be_cut_to_pass_for_a_later_message() -> None:
    webhooks = StandardWebhooks([secret("a")])
    now = int(NOW.timestamp())
    long_ago = NOW - timedelta(days=1)
    headers = webhooks.sign("evt_1", f"{now}.{{}}".encode(), long_ago)
    headers |= {"webhook-id": f"evt_1.{int(long_ago.timestamp())}", "webhook-timestamp": str(now)}
    with pytest.raises(BadSignature):
        webhooks.verify(headers, b"{}", NOW)


def test_without_a_secret_there_is_nothing() -> None:
    with pytest.raises(NotFound):
        StandardWebhooks([]).verify({}, BODY, NOW)


@pytest.mark.parametrize("broken", ["", "whsec_", "whsec_!!!", "whsec_c2hvcnQ="])
def test_a_secret_that_is_none_is_refused_at_the_start(broken: str) -> None:
    with pytest.raises(BadSecret):
        StandardWebhooks([broken])


def test_an_empty_secret_of_stripe_is_refused_at_the_start() -> None:
    with pytest.raises(BadSecret):
        StripeSignatures([""])


@given(message_id=st.text(max_size=20), timestamp=st.text(max_size=20), signature=st.text())
def test_no_header_does_more_than_be_refused(
    message_id: str, timestamp: str, signature: str
) -> None:
    headers = {
        "webhook-id": message_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": f"v1,{signature}",
        "stripe-signature": f"t={timestamp},v1={signature}",
    }
    for scheme in (StandardWebhooks([secret("a")]), StripeSignatures(["whsec_a"])):
        with pytest.raises(BadSignature):
            scheme.verify(headers, BODY, NOW)
