"""What a list of titles can be filtered by, and the SQL condition of a filter."""

from collections.abc import Collection
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from matinee.accounts.viewer import Viewer
from matinee.catalog.schemas import TitleKind
from matinee.catalog.vocabulary import MOODS, THEMES
from matinee.core.schema import Input, Integer, Language, Year, text
from matinee.core.text import like_pattern, searchable
from matinee.entitlements.entitled import ENTITLED, entitled_parameters

Sort = Literal["newest", "name", "year", "oldest"]


def one_of(allowed: Collection[str]) -> AfterValidator:
    """Refuses a value outside `allowed` and tells which ones there are."""

    def check(value: str) -> str:
        if value not in allowed:
            raise PydanticCustomError(
                "unknown_value", "There is no such value", {"allowed": sorted(allowed)}
            )
        return value

    return AfterValidator(check)


Genre = Annotated[str, *text(max_length=80)]
Mood = Annotated[str, one_of(MOODS)]
Theme = Annotated[str, one_of(THEMES)]


class Filters(Input):
    """Which titles: values of one parameter are alternatives, all parameters must hold."""

    genre: Annotated[list[Genre], Field(max_length=20)] = Field(
        [], description="Slugs, e.g. `science-fiction`.", examples=[["comedy"]]
    )
    mood: Annotated[list[Mood], Field(max_length=20)] = Field(
        [], description="See `GET /catalog/moods` (A-03).", examples=[["cozy"]]
    )
    theme: Annotated[list[Theme], Field(max_length=20)] = Field(
        [], description="See `GET /catalog/themes` (A-03).", examples=[["space"]]
    )
    language: Annotated[list[Language], Field(max_length=20)] = Field(
        [], description="Original language (S-03).", examples=[["de"]]
    )
    audio: Annotated[list[Language], Field(max_length=20)] = Field(
        [], description="Can be heard in."
    )
    subtitles: Annotated[list[Language], Field(max_length=20)] = Field(
        [], description="Can be read in."
    )
    kind: Annotated[list[TitleKind], Field(max_length=2)] = []
    year_from: Year | None = None
    year_to: Year | None = None
    maturity_max: Annotated[Integer, Field(ge=0, le=21)] | None = Field(
        None, description="Only titles rated for this age or younger."
    )
    featured: bool | None = Field(None, description="Only featured titles, or only others.")
    q: Annotated[str, *text(max_length=100)] | None = Field(
        None, description="Part of the name, without regard to case and accents."
    )


class ViewerFilters(Filters):
    """Filters of one who asks: also by what he himself may do."""

    entitled: bool | None = Field(
        None, description="Only titles that the household may play now, or only others."
    )


class Browse(ViewerFilters):
    """A filtered, sorted page of titles."""

    sort: Sort = Field(
        "newest", description="Added last, by name, latest year first, earliest year first."
    )
    facets: bool = Field(False, description="Count values over the whole list.")
    cursor: Annotated[str, Field(max_length=500)] | None = Field(
        None, description="`next_cursor` of the page before."
    )
    page: Annotated[int, Field(ge=1, le=10_000)] | None = Field(
        None, description="Instead of a cursor."
    )
    page_size: Annotated[int, Field(ge=1, le=100)] = 24

    @model_validator(mode="after")
    def _continue_one_way(self) -> "Browse":
        if self.cursor is not None and self.page is not None:
            raise PydanticCustomError("page_and_cursor", "Give either cursor or page, not both")
        return self


_CONDITIONS = {
    "genre": "t.genres && :genre::text[]",
    "mood": "t.mood_tags && :mood::text[]",
    "theme": "t.theme_tags && :theme::text[]",
    "language": "t.language = ANY (:language::text[])",
    "audio": "t.audio_languages && :audio::text[]",
    "subtitles": "t.subtitle_languages && :subtitles::text[]",
    "kind": "t.kind = ANY (:kind::text[])",
    "year_from": "t.year >= :year_from::int",
    "year_to": "t.year <= :year_to::int",
    "maturity_max": "t.maturity_score <= :maturity_max::int",
    "featured": "t.is_featured = :featured::bool",
    "q": "t.folded_name LIKE '%' || :q::text || '%'",
}


def condition_for(
    viewer: Viewer, filters: Filters, *, suffix: str = ""
) -> tuple[str, dict[str, Any]]:
    """`condition_of` for a viewer; it stands beside the rule of visibility and its parameters."""
    sql, params = condition_of(filters, suffix=suffix)
    entitled = filters.entitled if isinstance(filters, ViewerFilters) else None
    if entitled is None:
        return sql, params
    rule = ENTITLED if entitled else f"NOT {ENTITLED}"
    return f"{sql} AND {rule}", params | entitled_parameters(viewer)


def condition_of(filters: Filters, *, suffix: str = "") -> tuple[str, dict[str, Any]]:
    """The SQL condition of some filters over `titles t`, and its parameters.

    `suffix` ends the names of the parameters, so that several filters fit into one statement.
    """
    given = {
        name: value
        for name in _CONDITIONS
        if (value := getattr(filters, name)) is not None and value != []
    }
    if "q" in given:
        given["q"] = like_pattern(searchable(given["q"]))
    parts = [_CONDITIONS[name].replace(f":{name}::", f":{name}{suffix}::") for name in given]
    sql = " AND ".join(parts) or "true"
    return sql, {f"{name}{suffix}": value for name, value in given.items()}
