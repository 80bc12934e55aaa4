"""Who lives in the demo: one household of four profiles, and the operator's staff."""

from dataclasses import dataclass
from typing import Any

PASSWORD = "popcorn at seven"
PIN = "2580"


@dataclass(frozen=True)
class DemoAccount:
    """Somebody who can sign in to the demo, and what for."""

    email: str
    purpose: str
    role: str | None = None


HOUSEHOLD = DemoAccount("ana@matinee.example", "a household with four profiles")
STAFF = (
    DemoAccount("admin@matinee.example", "may do everything", "admin"),
    DemoAccount("editor@matinee.example", "edits the catalogue", "editor"),
    DemoAccount("support@matinee.example", "helps households", "support"),
    DemoAccount("analyst@matinee.example", "looks at figures", "analyst"),
)

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
