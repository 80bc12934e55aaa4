"""What channels can be filtered by (L-04, L-05)."""

from collections.abc import Iterable
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field

from matinee.core.errors import InvalidValue
from matinee.core.schema import Input, text
from matinee.core.text import like_pattern, searchable
from matinee.entitlements.channels import CHANNEL_ENTITLED, CHANNEL_VISIBLE

Label = Annotated[str, *text(max_length=80)]

PASSES = f"""
    {CHANNEL_VISIBLE}
    AND (
        :genres::text[] = '{{}}'
        OR EXISTS (SELECT FROM unnest(c.genres) AS genre WHERE lower(genre) = ANY (:genres::text[]))
    )
    AND (:groups::text[] = '{{}}' OR lower(c.group_title) = ANY (:groups::text[]))
    AND (
        :q::text IS NULL OR c.folded_name LIKE '%' || :q::text || '%' OR c.number::text = :q::text
    )
    AND (NOT :hide_locked::bool OR {CHANNEL_ENTITLED})
"""
"""SQL over `channels c`: it passes a filter; the parameters come from `ChannelFilter.parameters`,
and those of `CHANNEL_VISIBLE` and `CHANNEL_ENTITLED`."""


class ChannelFilter(Input):
    """Which channels: values of one parameter are alternatives, all parameters must hold."""

    genre: Annotated[list[Label], Field(max_length=20)] = Field(
        [], description="Of the channel; see `GET /epg/labels`.", examples=[["Sports"]]
    )
    group: Annotated[list[Label], Field(max_length=20)] = Field(
        [], description="See `GET /epg/labels`."
    )
    q: Annotated[str, *text(max_length=100)] | None = Field(
        None, description="Part of the name, or the number."
    )
    profile_id: UUID | None = Field(None, description="The profile that was chosen; no other.")
    locked: Literal["show", "hide"] = Field(
        "show", description="Whether channels that the household may not play are shown."
    )

    @property
    def parameters(self) -> dict[str, Any]:
        """The parameters of `PASSES` that come from the filter."""
        return {
            "genres": [genre.lower() for genre in self.genre],
            "groups": [group.lower() for group in self.group],
            "q": like_pattern(searchable(self.q)) if self.q else None,
            "hide_locked": self.locked == "hide",
        }


class NowFilter(ChannelFilter):
    """Which channels, also by what is on."""

    programme_genre: Annotated[list[Label], Field(max_length=20)] = Field(
        [], description="Of the programme that is on."
    )


class ChannelWish(ChannelFilter):
    """A filtered page of channels."""

    cursor: Annotated[str, Field(max_length=500)] | None = Field(
        None, description="`next_cursor` of the page before."
    )
    page_size: Annotated[int, Field(ge=1, le=1000)] = 1000


def require_known(field: str, wished: Iterable[str], known: Iterable[str]) -> None:
    """Refuse a label that no channel bears, and name those that there are (C7).

    Raises:
        InvalidValue: at least one is unknown.
    """
    labels = {label.lower(): label for label in known}
    if any(label.lower() not in labels for label in wished):
        raise InvalidValue(field, allowed=sorted(labels.values()))
