"""The controlled labels of moods and themes, versioned in one file."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_FILE = Path(__file__).with_name("vocabulary.json")


@dataclass(frozen=True)
class Label:
    """One mood or theme: its identifier, its shown name, and what tells that a title has it."""

    id: str
    label: str
    prompts: tuple[str, ...]
    lexicon: str
    genre_weights: dict[str, float]


def _read(entries: list[dict[str, Any]]) -> dict[str, Label]:
    return {
        entry["id"]: Label(
            entry["id"],
            entry["label"],
            tuple(entry["prompts"]),
            entry["lexicon"],
            entry.get("genre_weights", {}),
        )
        for entry in entries
    }


_document = json.loads(_FILE.read_text(encoding="utf-8"))

VERSION: int = _document["version"]
MOODS: dict[str, Label] = _read(_document["moods"])
THEMES: dict[str, Label] = _read(_document["themes"])
