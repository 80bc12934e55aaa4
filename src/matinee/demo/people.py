"""Who lives in the demo: a household of four profiles, one of every state, and staff."""

from dataclasses import dataclass
from typing import Any

PASSWORD = "popcorn at seven"
PIN = "2580"
GIFT_CODE = "MATINEE-GIFT"


@dataclass(frozen=True)
class DemoAccount:
    """Somebody who can sign in to the demo, and what for."""

    email: str
    purpose: str
    role: str | None = None


HOUSEHOLD = DemoAccount("ana@matinee.example", "a household with four profiles and Premium")
STAFF = (
    DemoAccount("admin@matinee.example", "may do everything", "admin"),
    DemoAccount("editor@matinee.example", "edits the catalogue", "editor"),
    DemoAccount("support@matinee.example", "helps households", "support"),
    DemoAccount("analyst@matinee.example", "looks at figures", "analyst"),
)
CUSTOMERS = (
    DemoAccount("trial@matinee.example", "tries Basic for nothing"),
    DemoAccount("active@matinee.example", "pays for Premium with the sports add-on"),
    DemoAccount("grace@matinee.example", "could not pay for Premium, and has days to do so"),
    DemoAccount("canceled@matinee.example", "has canceled, and watches to the end of the month"),
    DemoAccount("expired@matinee.example", "had Premium"),
    DemoAccount("rented@matinee.example", "has rented Metropolis, and not begun it"),
    DemoAccount("started@matinee.example", "has begun to watch a rental"),
    DemoAccount("owned@matinee.example", "has bought Metropolis"),
    DemoAccount("refunded@matinee.example", "bought a film, and got the money back"),
    DemoAccount("disputed@matinee.example", "disputes a payment at the bank"),
    DemoAccount("gift@matinee.example", "was given a month of Premium"),
    DemoAccount("held@matinee.example", "is on hold: plays and buys nothing"),
)
"""Households in every state that paying can bring about; the last one is the last to be made."""

PROFILES: tuple[dict[str, Any], ...] = (
    {"name": "Ana", "avatar_id": "usherette", "pin": PIN},
    {
        "name": "Ben",
        "avatar_id": "detective",
        "preferred_language": "de",
        "audio_languages": ["de", "en"],
    },
    {"name": "Mia", "avatar_id": "fox", "kind": "kids", "max_maturity": 9, "block_unrated": True},
    {"name": "Guests", "avatar_id": "popcorn", "max_maturity": 13, "autoplay": False},
)
