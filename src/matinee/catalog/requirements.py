"""What a title of each kind should have, and the SQL that finds what one lacks (A-04)."""

from dataclasses import dataclass
from typing import Literal

from pydantic import Field

from matinee.catalog.schemas import TitleKind
from matinee.core.schema import Output

Severity = Literal["blocking", "warning"]


@dataclass(frozen=True)
class Requirement:
    """A field that titles of some kinds should have, and the SQL over `titles t` that misses it."""

    field: str
    severity: Severity
    missing: str
    kinds: tuple[TitleKind, ...] = ("movie", "series")

    @property
    def sql(self) -> str:
        """The condition of a title that lacks the field."""
        kinds = ", ".join(f"'{kind}'" for kind in self.kinds)
        return f"(t.kind IN ({kinds}) AND {self.missing})"


_NO_MAIN_ASSET = """NOT EXISTS (
    SELECT FROM media_assets m WHERE m.title_id = t.id AND m.kind = 'main'
)"""
_NO_EPISODE = """NOT EXISTS (
    SELECT FROM episodes e WHERE e.title_id = t.id AND e.status = 'published'
)"""
_EPISODE_WITHOUT_ASSET = """EXISTS (
    SELECT FROM episodes e WHERE e.title_id = t.id AND e.status = 'published'
      AND NOT EXISTS (SELECT FROM media_assets m WHERE m.episode_id = e.id AND m.kind = 'main')
)"""

REQUIREMENTS = (
    Requirement("playable_source", "blocking", _NO_MAIN_ASSET, ("movie",)),
    Requirement("episodes", "blocking", _NO_EPISODE, ("series",)),
    Requirement("playable_episodes", "blocking", _EPISODE_WITHOUT_ASSET, ("series",)),
    Requirement("maturity", "blocking", "t.maturity_score IS NULL"),
    Requirement(
        "poster",
        "warning",
        "NOT EXISTS (SELECT FROM title_images i WHERE i.title_id = t.id AND i.kind = 'poster')",
    ),
    Requirement("synopsis", "warning", "coalesce(t.synopsis, '') = ''"),
    Requirement("genres", "warning", "t.genres = '{}'"),
    Requirement("moods", "warning", "t.mood_tags = '{}'"),
    Requirement("subtitles", "warning", "t.subtitle_languages = '{}'"),
    Requirement("runtime", "warning", "t.runtime_minutes IS NULL", ("movie",)),
    Requirement(
        "embedding",
        "warning",
        "NOT EXISTS (SELECT FROM content_embeddings c WHERE c.title_id = t.id"
        " AND c.purpose = 'search')",
    ),
)
BY_FIELD = {requirement.field: requirement for requirement in REQUIREMENTS}

_CASES = ", ".join(
    f"CASE WHEN {requirement.sql} THEN '{requirement.field}' END" for requirement in REQUIREMENTS
)
MISSING = f"array_remove(ARRAY[{_CASES}], NULL)"
"""SQL over `titles t`: the fields that a title lacks, blocking ones first."""


class Gap(Output):
    """A field that a title lacks."""

    field: str = Field(examples=["poster"])
    severity: Severity


def gaps_of(missing: list[str]) -> list[Gap]:
    """What `MISSING` found, with its severity."""
    return [Gap(field=field, severity=BY_FIELD[field].severity) for field in missing]
