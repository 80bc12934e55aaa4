"""The shape of one imported title: our own format, which all other shapes are turned into."""

import hashlib
from datetime import date
from typing import Annotated, Any, Literal

import orjson
from pydantic import AfterValidator, Field, StringConstraints, ValidationError

from matinee.catalog.vocabulary import MOODS, THEMES
from matinee.core.schema import Country, Input, Language, Line, Moment, Prose, Territory, Year, text
from matinee.models.catalog import ASSET_PROTOCOLS, CREDIT_ROLES, IMAGE_KINDS

MESSAGE_LIMIT = 200


def _known(labels: Any) -> Any:
    def check(value: str) -> str:
        if value not in labels:
            raise ValueError(f"unknown label {value!r}")
        return value

    return check


def _no_repeats(values: list[str]) -> list[str]:
    return list(dict.fromkeys(values))


Name = Annotated[str, *text(max_length=300)]
Url = Annotated[str, StringConstraints(pattern=r"^https?://[^\s]+$", max_length=2000)]
Names = Annotated[list[Line], Field(max_length=50), AfterValidator(_no_repeats)]
Languages = Annotated[list[Language], Field(max_length=100), AfterValidator(_no_repeats)]
Mood = Annotated[str, AfterValidator(_known(MOODS))]
Theme = Annotated[str, AfterValidator(_known(THEMES))]
ExternalId = Annotated[str, *text(max_length=200)]
Minutes = Annotated[int, Field(ge=1, le=10_000)]
Seconds = Annotated[int, Field(ge=0, le=600_000)]


class RatingRow(Input):
    """An age rating by system and label."""

    system: Line
    label: Line


class CreditRow(Input):
    """Somebody's part; people are the same where their folded names are."""

    name: Line
    role: Literal[CREDIT_ROLES]  # type: ignore[valid-type]
    character: Line | None = None


class LocalizationRow(Input):
    """Name and texts in one language."""

    language: Language
    name: Name | None = None
    tagline: Prose | None = None
    synopsis: Prose | None = None


class RightsRow(Input):
    """When and where the title may be shown."""

    territory: Territory = "**"
    available_from: Moment | None = None
    available_until: Moment | None = None
    announced: bool = False


class ImageRow(Input):
    """A picture."""

    kind: Literal[IMAGE_KINDS]  # type: ignore[valid-type]
    url: Url
    language: Language | None = None


class AssetRow(Input):
    """Something to play."""

    kind: Literal["main", "trailer", "extra"] = "main"
    name: Line | None = None
    protocol: Literal[ASSET_PROTOCOLS]  # type: ignore[valid-type]
    url: Annotated[str, *text(max_length=2000)]
    quality: Line | None = None
    duration_seconds: Seconds | None = None


class SegmentRow(Input):
    """A stretch of an episode."""

    kind: Literal["intro", "recap", "credits", "preview"]
    from_seconds: Seconds
    to_seconds: Seconds


class EpisodeRow(Input):
    """An episode of a season."""

    number: Annotated[int, Field(ge=0, le=100_000)]
    name: Name
    synopsis: Prose | None = None
    air_date: date | None = None
    runtime_minutes: Minutes | None = None
    segments: Annotated[list[SegmentRow], Field(max_length=20)] = []
    assets: Annotated[list[AssetRow], Field(max_length=20)] = []


class SeasonRow(Input):
    """A season; number 0 holds the specials."""

    number: Annotated[int, Field(ge=0, le=10_000)]
    name: Name | None = None
    synopsis: Prose | None = None
    year: Year | None = None
    episodes: Annotated[list[EpisodeRow], Field(max_length=5000)] = []


class TitleRow(Input):
    """One title as it is imported; a field that is absent leaves what is stored untouched."""

    external_id: ExternalId
    kind: Literal["movie", "series"] = "movie"
    name: Name
    original_name: Name | None = None
    tagline: Prose | None = None
    synopsis: Prose | None = None
    year: Year | None = None
    runtime_minutes: Minutes | None = None
    language: Language | None = None
    audio_languages: Languages = []
    subtitle_languages: Languages = []
    genres: Names = []
    countries: Annotated[list[Country], Field(max_length=50), AfterValidator(_no_repeats)] = []
    studios: Names = []
    tags: Names = []
    mood_tags: Annotated[list[Mood], Field(max_length=24), AfterValidator(_no_repeats)] = []
    theme_tags: Annotated[list[Theme], Field(max_length=60), AfterValidator(_no_repeats)] = []
    maturity: RatingRow | None = None
    is_featured: bool = False
    status: Literal["draft", "published"] = "published"
    external_ids: Annotated[dict[Line, Line], Field(max_length=50)] = {}
    people: Annotated[list[CreditRow], Field(max_length=500)] = []
    localizations: Annotated[list[LocalizationRow], Field(max_length=100)] = []
    rights: Annotated[list[RightsRow], Field(max_length=500)] = []
    images: Annotated[list[ImageRow], Field(max_length=100)] = []
    assets: Annotated[list[AssetRow], Field(max_length=100)] = []
    seasons: Annotated[list[SeasonRow], Field(max_length=500)] = []


class RowError(Input):
    """What is wrong with one row of a file; `index` counts from 0."""

    index: int
    external_id: str | None = None
    field: str | None = None
    code: str
    message: str


def read_row(index: int, raw: Any) -> TitleRow | RowError:
    """A row, or the first thing that is wrong with it."""
    if not isinstance(raw, dict):
        return RowError(index=index, code="malformed_json", message="The row is not an object.")
    try:
        return TitleRow.model_validate(raw)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
        code = "unknown_field" if first["type"] == "extra_forbidden" else "validation_failed"
        return RowError(
            index=index,
            external_id=_printable(raw.get("external_id")),
            field=_printable(".".join(str(part) for part in first["loc"])),
            code=code,
            message=_printable(first["msg"]) or "",
        )


def _printable(value: Any) -> str | None:
    if not isinstance(value, str):
        return None
    return value.encode("utf-8", "replace").decode().replace("\0", "�")[:MESSAGE_LIMIT]


def row_hash(row: TitleRow) -> bytes:
    """A fingerprint of what a row says; equal rows need not be written again."""
    said = row.model_dump(mode="json", exclude_unset=True)
    return hashlib.blake2b(orjson.dumps(said, option=orjson.OPT_SORT_KEYS), digest_size=16).digest()
