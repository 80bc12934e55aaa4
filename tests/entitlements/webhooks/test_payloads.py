"""What is kept of a payload names nobody and can be stored."""

from typing import Any

import pytest

from matinee.entitlements.webhooks.payloads import DEEPEST, harmless

CHARGE = {
    "id": "ch_1",
    "amount": 999,
    "billing_details": {"name": "Ana", "email": "ana@example.com"},
    "payment_method_details": {"card": {"brand": "visa", "last4": "4242"}},
    "receipt_email": None,
    "refunds": [{"id": "re_1", "destination_details": {"card": {"reference": "x"}}}],
}


def test_private_fields_are_masked_at_any_depth() -> None:
    assert harmless({"data": {"object": CHARGE}})["data"]["object"] == {
        "id": "ch_1",
        "amount": 999,
        "billing_details": "***",
        "payment_method_details": "***",
        "receipt_email": None,
        "refunds": [{"id": "re_1", "destination_details": {"card": "***"}}],
    }


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ({"text": "a\0b"}, {"text": "a�b"}),
        ({"a\0b": 1}, {"a�b": 1}),
        ({"list": ["\0"]}, {"list": ["�"]}),
        ({"n": [1, 1.5, True, None]}, {"n": [1, 1.5, True, None]}),
    ],
)
def test_zero_bytes_are_replaced_and_all_else_stays(
    sent: dict[str, Any], kept: dict[str, Any]
) -> None:
    assert harmless(sent) == kept


def test_what_is_nested_too_deeply_is_cut_off() -> None:
    bomb: list[Any] = []
    for _ in range(900):
        bomb = [bomb]
    kept: Any = harmless({"bomb": bomb})["bomb"]
    for _ in range(DEEPEST - 1):
        [kept] = kept
    assert kept == "***"
