"""Promo and gift codes as staff sends and sees them."""

from datetime import datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from matinee.core.schema import Input, Integer, Line, Moment, Output, Page
from matinee.entitlements.packages.schemas import PackageSlug
from matinee.entitlements.schemas import PackageRef

CodeKind = Literal["promo", "gift"]
CodeState = Literal["upcoming", "open", "used_up", "over"]
MOST_CODES = 1000


class CreateCodes(Input):
    """Codes that all give the same: a package for some days, or a title for good."""

    label: Line = Field(description="What they are for; to find them by.", examples=["Winter 2027"])
    kind: CodeKind = Field("promo", description="`gift`: somebody has paid for it.")
    count: Annotated[Integer, Field(ge=1, le=MOST_CODES)] = 1
    package: PackageSlug | None = None
    days: Annotated[Integer, Field(ge=1, le=3660)] | None = Field(
        None, description="Of the package.", examples=[30]
    )
    title_id: UUID | None = None
    max_redemptions: Annotated[Integer, Field(ge=1, le=10_000_000)] = Field(
        1, description="Of each code; each household can use it once."
    )
    valid_from: Moment | None = Field(None, description="Now, where it is left out.")
    valid_until: Moment | None = Field(None, description="Exclusive; null: no end is known.")

    @model_validator(mode="after")
    def _gives_one_thing(self) -> Self:
        if (self.package is None) == (self.title_id is None):
            raise PydanticCustomError("gives", "A code gives either a package or a title")
        if (self.package is None) != (self.days is None):
            raise PydanticCustomError("gives", "A package is given for days, a title for good")
        return self


class CodeSearch(Input):
    """Which codes to list."""

    label: Line | None = Field(None, description="Exactly this label.")
    package: PackageSlug | None = Field(None, description="Only those that give this package.")
    kind: CodeKind | None = None
    state: CodeState | None = None
    cursor: Annotated[str, Field(max_length=500)] | None = None
    page_size: Annotated[int, Field(ge=1, le=100)] = 50


class DisableCodes(Input):
    """Codes that are not to be used any more: by id, or all of a label."""

    code_ids: Annotated[list[UUID], Field(min_length=1, max_length=MOST_CODES)] | None = None
    label: Line | None = None

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if (self.code_ids is None) == (self.label is None):
            raise PydanticCustomError("which", "Name either ids or a label")
        return self


class CodeOut(Output):
    """A code as staff sees it; what it reads is not known any more."""

    id: UUID
    label: str = Field(examples=["Winter 2027"])
    kind: CodeKind
    package: PackageRef | None
    days: int | None
    title_id: UUID | None
    max_redemptions: int
    redeemed: int
    valid_from: datetime
    valid_until: datetime | None
    state: CodeState
    created_at: datetime


class Codes(Page[CodeOut]):
    """One page of codes, the newest first."""


class NewCode(Output):
    """A code that was made."""

    id: UUID
    code: str = Field(examples=["BX7K-29HM-QR4T-W6CD"])


class NewCodes(Output):
    """Codes that were made: this is the only time that they are shown."""

    label: str = Field(examples=["Winter 2027"])
    items: list[NewCode]


class Disabled(Output):
    """How many codes can not be used any more since now."""

    disabled: int
