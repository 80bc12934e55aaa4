"""What is kept of what providers send: nothing that names people or cards, nothing unstorable."""

from collections.abc import Mapping
from typing import Any

MASKED = "***"
DEEPEST = 32

PRIVATE = frozenset(
    """
    billing_details payment_method_details payment_method_data payment_method_options
    card card_present source sources default_source last4 fingerprint client_secret evidence
    shipping shipping_details receipt_email receipt_url hosted_invoice_url invoice_pdf
    customer_details customer_email customer_name customer_phone customer_address
    customer_shipping customer_tax_ids email phone address ip ip_address
    """.split()
)
"""Fields, at any depth, whose values we have no use for."""


def harmless(payload: Mapping[str, Any]) -> dict[str, Any]:
    """What was sent, with private fields masked."""
    shown: dict[str, Any] = storable(payload, private=PRIVATE)
    return shown


def storable(value: Any, *, private: frozenset[str] = frozenset(), depth: int = 0) -> Any:
    """A JSON value that PostgreSQL can hold: no zero bytes, cut off where it is nested deeply."""
    if isinstance(value, str):
        return value.replace("\0", "�")
    if depth >= DEEPEST and isinstance(value, Mapping | list):
        return MASKED
    if isinstance(value, Mapping):
        return {
            storable(str(name)): MASKED
            if name in private and inner is not None
            else storable(inner, private=private, depth=depth + 1)
            for name, inner in value.items()
        }
    if isinstance(value, list):
        return [storable(inner, private=private, depth=depth + 1) for inner in value]
    return value
