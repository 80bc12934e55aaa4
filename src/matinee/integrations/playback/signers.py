"""Signers: how the address of a medium says that it may be fetched, and until when."""

from dataclasses import dataclass
from typing import ClassVar, Protocol

from matinee.core.errors import Problem


class PlaybackUrlInvalid(Problem):
    """This address was not made by us."""

    status = 403


class PlaybackUrlExpired(Problem):
    """This address is too old; load the playlist again."""

    status = 410


@dataclass(frozen=True, slots=True)
class Grant:
    """Everything below a folder may be fetched by a session until before `expires_at` (Unix).

    `base` is what stands before the folder in addresses, such as `https://media.example.com`;
    `folder` begins and ends with a slash.
    """

    base: str
    folder: str
    session: str
    expires_at: int


@dataclass(frozen=True, slots=True)
class SignedFolder:
    """A file's address is `prefix`, the file's path in the folder, and `suffix`."""

    prefix: str
    suffix: str = ""

    def url(self, file: str) -> str:
        """The address of a file below the folder."""
        return f"{self.prefix}{file}{self.suffix}"


class Signer(Protocol):
    """Somebody who can sign; whoever sends the media checks it."""

    name: ClassVar[str]
    per_session: ClassVar[bool]
    """Whether the session is part of what is signed."""

    def sign(self, grant: Grant) -> SignedFolder:
        """The addresses that a grant opens."""
        ...

    def check(self, path: str, now: float) -> str:
        """Look at an address that our own origin is asked for, without its `/media/`.

        Returns the path below the media folder.

        Raises:
            NotFound: it has another form.
            PlaybackUrlInvalid: it is forged, or signed with a key that is out of use.
            PlaybackUrlExpired: its time is over.
        """
        ...
