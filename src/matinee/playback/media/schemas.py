"""Media as staff see them."""

from datetime import datetime
from typing import Annotated, Literal

from fastapi import Path
from pydantic import Field, StringConstraints

from matinee.core.schema import Input, Output, Page

_SLUG = r"^[a-z0-9][a-z0-9-]{0,62}$"

MediaSlug = Annotated[str, StringConstraints(pattern=_SLUG)]
PathMediaSlug = Annotated[str, Path(pattern=_SLUG, description="The name of the media's folder.")]


class MediaRendition(Output):
    """One encoding of the picture, or the sound in one language."""

    name: str
    kind: Literal["video", "audio"]
    codecs: str
    bandwidth: int = Field(description="Bits per second of the largest segment.")
    average_bandwidth: int
    width: int | None
    height: int | None
    language: str | None
    label: str | None


class Media(Output):
    """A film, an episode or a clip in the media folder."""

    slug: str
    name: str
    segment_count: int
    size_bytes: int
    duration_seconds: float
    renditions: list[MediaRendition]
    created_at: datetime


class MediaPage(Page[Media]):
    """Media by slug."""


class RegisterMedia(Input):
    """Name a folder that `matinee media ingest` made, perhaps on another machine."""

    slug: MediaSlug
