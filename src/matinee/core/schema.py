"""What every shape on the wire is made of: strict bases, hostile-proof input types, pages."""

import contextlib
import math
import re
import unicodedata
from datetime import UTC, datetime
from typing import Annotated, Any, Generic, Protocol, TypeVar
from uuid import UUID

from fastapi import Header, Path, Query, Response
from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    EmailStr,
    Field,
    StringConstraints,
)
from pydantic_core import PydanticCustomError

from matinee.core.codes import COUNTRIES
from matinee.core.errors import VersionConflict

Item = TypeVar("Item")

INT4_MAX = 2_147_483_647

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ]")


class Input(BaseModel):
    """A body that clients send: unknown fields and non-finite numbers are refused."""

    model_config = ConfigDict(
        extra="forbid", allow_inf_nan=False, str_strip_whitespace=True, frozen=True
    )


class Output(BaseModel):
    """A body that we send."""

    model_config = ConfigDict(from_attributes=True, frozen=True)


Shape = TypeVar("Shape", bound=BaseModel)

_set = object.__setattr__


def made(shape: type[Shape], **fields: Any) -> Shape:
    """An output whose values are right already, given every field of it.

    It does what `model_construct` does, which takes five times as long, looking for defaults.
    """
    if len(fields) != len(shape.__pydantic_fields__):
        raise TypeError(f"{shape.__name__} needs {sorted(shape.__pydantic_fields__)}")
    output = object.__new__(shape)
    _set(output, "__dict__", fields)
    _set(output, "__pydantic_fields_set__", set(fields))
    _set(output, "__pydantic_extra__", None)
    _set(output, "__pydantic_private__", None)
    return output


class Page(Output, Generic[Item]):
    """One page of a list; `next_cursor` is null on the last one."""

    items: list[Item]
    next_cursor: str | None = None
    total: int | None = Field(None, description="Exact up to 10 000, where it is counted.")


_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")


def clean_text(text: str) -> str:
    """Text that PostgreSQL and people can read, in Unicode's composed form (C11)."""
    if _CONTROL.search(text):
        raise PydanticCustomError("invalid_text", "Text must not contain control characters")
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        raise PydanticCustomError("invalid_text", "Text must be valid Unicode") from None
    return unicodedata.normalize("NFC", text)


def one_line(text: str) -> str:
    """The same with runs of white space, also line breaks, as single spaces."""
    return " ".join(clean_text(text).split())


def _legible(text: str) -> str:
    """Text of which something is left without what has no width, as U+200B."""
    if not "".join(char for char in text if unicodedata.category(char) != "Cf").strip():
        raise PydanticCustomError("invalid_text", "Text must not consist of invisible characters")
    return text


def _check_country(code: str) -> str:
    if code not in COUNTRIES:
        raise PydanticCustomError("invalid_country", "Not an ISO 3166-1 alpha-2 country code")
    return code


def not_a_boolean(value: Any) -> Any:
    """The value itself: Python would take true for 1."""
    if isinstance(value, bool):
        raise PydanticCustomError("int_type", "Input should be a valid integer")
    return value


def _written_out(value: Any) -> Any:
    """A number would be taken as seconds, or milliseconds, since 1970."""
    if not isinstance(value, datetime) and not (isinstance(value, str) and _DATE.match(value)):
        raise PydanticCustomError("datetime_type", "Input should be a date and a time")
    return value


_INFINITIES = (datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC))


def _in_utc(moment: datetime) -> datetime:
    """The first and the last moment there are mean infinity to the driver of the database."""
    with contextlib.suppress(OverflowError):
        in_utc = moment.astimezone(UTC)
        if in_utc not in _INFINITIES:
            return in_utc
    raise PydanticCustomError("datetime_range", "The moment is out of range")


def _finite(value: float) -> float:
    if not math.isfinite(value):
        raise PydanticCustomError("finite_number", "Input should be a finite number")
    return value


def text(
    min_length: int = 1, max_length: int = 200, pattern: str | None = None, *, lines: bool = False
) -> Any:
    """The constraints of a text field of one line, or of more: `Annotated[str, *text()]`."""
    return (
        StringConstraints(
            min_length=min_length, max_length=max_length, pattern=pattern, strip_whitespace=True
        ),
        AfterValidator(clean_text if lines else one_line),
    )


Line = Annotated[str, *text(max_length=200)]
"""One line for people: a name, a label."""

Prose = Annotated[str, *text(min_length=0, max_length=10_000, lines=True)]
"""Longer text for people: a synopsis, a note."""

Reason = Annotated[str, *text(min_length=3, max_length=500, lines=True), AfterValidator(_legible)]
"""Why a member of staff does something; kept in the audit log."""

Slug = Annotated[str, *text(max_length=80, pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]
"""Lower-case words joined by hyphens."""

Secret = Annotated[
    str, StringConstraints(max_length=256, strip_whitespace=False), AfterValidator(clean_text)
]
"""A password or token as typed: not trimmed."""

Email = Annotated[EmailStr, StringConstraints(max_length=254)]
Country = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$"), AfterValidator(_check_country)]
Territory = Annotated[str, StringConstraints(pattern=r"^(\*\*|[A-Z]{2})$")]
"""A country, or `**` for everywhere."""

Language = Annotated[
    str,
    StringConstraints(
        pattern=r"^[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|[0-9]{3}))?$", max_length=12
    ),
]
"""BCP-47: `en`, `pt-BR`, `zh-Hant`; `zxx` where nothing is spoken."""

Integer = Annotated[int, BeforeValidator(not_a_boolean)]
Int4 = Annotated[Integer, Field(ge=0, le=INT4_MAX)]
Year = Annotated[Integer, Field(ge=1870, le=2200)]
Number = Annotated[float, Field(ge=-1e9, le=1e9), AfterValidator(_finite)]
Moment = Annotated[
    AwareDatetime,
    BeforeValidator(_written_out),
    AfterValidator(_in_utc),
    Field(description="RFC 3339 with an offset."),
]

PathId = Annotated[UUID, Path(description="Identifier of the thing.")]
Cursor = Annotated[
    str | None,
    Query(max_length=500, description="`next_cursor` of the page before; leave out for the first."),
]
PageNumber = Annotated[int | None, Query(ge=1, le=10_000, description="Instead of a cursor.")]
PageSize = Annotated[int, Query(ge=1, le=100, description="Items per page.")]
IfMatch = Annotated[
    str | None,
    Header(alias="If-Match", max_length=64, description='The version you read, e.g. `"3"`.'),
]


def version_of(if_match: str | None) -> int | None:
    """The version in an If-Match header, or None where it was left out or is `*`.

    Raises:
        VersionConflict: it is not a version that we gave out.
    """
    if if_match is None or if_match.strip() == "*":
        return None
    bare = if_match.strip().removeprefix("W/").strip('"')
    if not bare.isdecimal() or len(bare) > 9:
        raise VersionConflict("If-Match")
    return int(bare)


class HasVersion(Protocol):
    """Something that counts its changes."""

    @property
    def version(self) -> int:
        """How many times it was written."""


Versioned = TypeVar("Versioned", bound=HasVersion)


def with_etag(response: Response, thing: Versioned) -> Versioned:
    """The thing itself; its version goes into the ETag of the answer, for a later If-Match."""
    response.headers["ETag"] = f'"{thing.version}"'
    return thing


class Empty(Output):
    """Done; there is nothing to say."""


class Acknowledged(Output):
    """Done."""

    ok: bool = True


class JobAccepted(Output):
    """The work goes on in the background; follow it under `/api/v1/admin/jobs/{job_id}`."""

    job_id: int
    status_url: str


class Stamped(Output):
    """An answer that carries an expiry also carries the clock it was measured by (C3)."""

    server_time: datetime
