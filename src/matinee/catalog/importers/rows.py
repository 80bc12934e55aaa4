"""The shape of one imported title: our own format, which all other shapes are turned into."""

import hashlib
from collections.abc import Iterable
from datetime import UTC, date, datetime
from itertools import pairwise
from typing import Annotated, Any, Literal

import orjson
from pydantic import AfterValidator, Field, StringConstraints, ValidationError
from pydantic_core import PydanticCustomError

from matinee.catalog.importers.problems import InvalidRow, Unreadable
from matinee.catalog.vocabulary import MOODS, THEMES
from matinee.core.schema import (
    Country,
    Input,
    Integer,
    Language,
    Line,
    Moment,
    Output,
    Prose,
    Territory,
    Year,
    text,
)
from matinee.models.catalog import ASSET_PROTOCOLS, CREDIT_ROLES, IMAGE_KINDS

MESSAGE_LIMIT = 200

# what the database driver stores as -infinity and infinity
BEGINNING_OF_TIME = datetime.min.replace(tzinfo=UTC)
END_OF_TIME = datetime.max.replace(tzinfo=UTC)


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
Minutes = Annotated[Integer, Field(ge=1, le=10_000)]
Seconds = Annotated[Integer, Field(ge=0, le=600_000)]


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

    @property
    def start(self) -> datetime:
        """The first moment, or the beginning of time."""
        return self.available_from or BEGINNING_OF_TIME

    @property
    def end(self) -> datetime:
        """The moment after the last one, or the end of time."""
        return self.available_until or END_OF_TIME


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
    """A stretch of a movie or an episode."""

    kind: Literal["intro", "recap", "credits", "preview"]
    from_seconds: Seconds
    to_seconds: Seconds


def _forwards(segments: list[SegmentRow]) -> list[SegmentRow]:
    if any(part.from_seconds >= part.to_seconds for part in segments):
        raise PydanticCustomError("segment_order", "A segment must end after it begins")
    return segments


Segments = Annotated[list[SegmentRow], Field(max_length=20), AfterValidator(_forwards)]


class EpisodeRow(Input):
    """An episode of a season."""

    number: Annotated[int, Field(ge=0, le=100_000)]
    name: Name
    synopsis: Prose | None = None
    air_date: date | None = None
    runtime_minutes: Minutes | None = None
    segments: Segments = []
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
    segments: Segments = []
    status: Literal["draft", "published"] = "published"
    external_ids: Annotated[dict[Line, Line], Field(max_length=50)] = {}
    people: Annotated[list[CreditRow], Field(max_length=500)] = []
    localizations: Annotated[list[LocalizationRow], Field(max_length=100)] = []
    rights: Annotated[list[RightsRow], Field(max_length=500)] = []
    images: Annotated[list[ImageRow], Field(max_length=100)] = []
    assets: Annotated[list[AssetRow], Field(max_length=100)] = []
    seasons: Annotated[list[SeasonRow], Field(max_length=500)] = []


class RowError(Output):
    """What is wrong with one row of a file."""

    index: int = Field(description="Place in the file, from 0.")
    external_id: str | None = None
    field: str | None = Field(None, description="Dotted path inside the row.")
    code: str
    message: str


def row_error(index: int, external_id: str | None, problem: InvalidRow) -> RowError:
    """A problem of one row as it is reported."""
    return RowError(
        index=index,
        external_id=printable(external_id) if external_id else None,
        field=problem.field,
        code=problem.code,
        message=str(problem),
    )


def title_of(said: Any) -> TitleRow:
    """What a row says, checked.

    Raises:
        InvalidRow: with the first thing that is wrong.
    """
    if isinstance(said, Unreadable):
        raise InvalidRow("malformed_json", said.message)
    if not isinstance(said, dict):
        raise InvalidRow("malformed_json", "The row is not an object.")
    try:
        row = TitleRow.model_validate(said)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
        code = "unknown_field" if first["type"] == "extra_forbidden" else "validation_failed"
        where = ".".join(str(part) for part in first["loc"])
        raise InvalidRow(code, printable(first["msg"]), printable(where) or None) from None
    if field := _contradiction(row):
        raise InvalidRow("rule_violated", CONTRADICTIONS[field], field)
    return row


CONTRADICTIONS = {
    "localizations": "A language stands there twice.",
    "rights": "A window ends before it begins, or two of one territory overlap.",
    "seasons": "A season or episode number stands there twice.",
}


def _contradiction(row: TitleRow) -> str | None:
    """The field that contradicts itself, as the tables would refuse it."""
    if _repeats(text.language for text in row.localizations):
        return "localizations"
    if _repeats(season.number for season in row.seasons) or any(
        _repeats(episode.number for episode in season.episodes) for season in row.seasons
    ):
        return "seasons"
    return "rights" if _windows_clash(row.rights) else None


def _repeats(values: Iterable[Any]) -> bool:
    listed = list(values)
    return len(set(listed)) < len(listed)


def _windows_clash(rights: Iterable[RightsRow]) -> bool:
    """Whether a window is empty, or two of one territory overlap."""
    windows = sorted((right.territory, right.start, right.end) for right in rights)
    return any(start >= end for _, start, end in windows) or any(
        territory == following and end > start
        for (territory, _, end), (following, start, _) in pairwise(windows)
    )


def printable(text: str) -> str:
    """Text that can be stored and shown, whatever the file said."""
    return text.encode("utf-8", "replace").decode().replace("\0", "�")[:MESSAGE_LIMIT]


def fingerprint(said: Any) -> bytes:
    """What makes two rows say the same; equal rows need not be checked and written again."""
    try:
        text = orjson.dumps(said, option=orjson.OPT_SORT_KEYS)
    except orjson.JSONEncodeError:
        return b""
    return hashlib.blake2b(text, digest_size=16).digest()
