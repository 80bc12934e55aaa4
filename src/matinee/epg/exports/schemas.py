"""What exports look like to the people who make them."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from matinee.core.schema import Input, Output, text


class CreateExport(Input):
    """A player that is to read the channels and guide of the chosen profile."""

    name: Annotated[str, *text(max_length=100)] = Field(examples=["Kodi in the kitchen"])


class ExportCredential(Output):
    """A credential of a player; its password is shown once, when it is made."""

    id: UUID
    name: str = Field(examples=["Kodi in the kitchen"])
    profile_id: UUID
    username: str = Field(examples=["kd3f5q2m"])
    created_at: datetime
    last_used_at: datetime | None = Field(description="To the hour.")


class ExportCredentials(Output):
    """The credentials of a household that count, newest first."""

    items: list[ExportCredential]


class ExportCreated(ExportCredential):
    """A new credential with its password and the addresses to type into players."""

    password: str = Field(
        description="Shown this once.", examples=["u2h4k6m7q3w5e2r4t6y7a3s5d2f4g6h7"]
    )
    server_url: str = Field(
        description="For players that ask for a server, a user name and a password (Xtream).",
        examples=["https://tv.example.com"],
    )
    playlist_url: str = Field(
        description="M3U list of channels.",
        examples=["https://tv.example.com/api/v1/export/playlist.m3u?username=…&password=…"],
    )
    guide_url: str = Field(
        description="XMLTV guide of these channels.",
        examples=["https://tv.example.com/api/v1/export/xmltv.xml.gz?username=…&password=…"],
    )
