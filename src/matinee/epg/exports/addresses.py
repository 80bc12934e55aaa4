"""The addresses of this server as players of others are told them."""

from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

from fastapi import Request

from matinee.core.settings import Settings


@dataclass(frozen=True, slots=True)
class Addresses:
    """All addresses for one credential; `server` is scheme and host without a slash behind."""

    server: str
    username: str
    password: str

    @property
    def playlist(self) -> str:
        """The list of channels."""
        return f"{self.server}/api/v1/export/playlist.m3u?{self._credential}"

    @property
    def guide(self) -> str:
        """The guide."""
        return f"{self.server}/api/v1/export/xmltv.xml.gz?{self._credential}"

    def stream(self, stream_number: int) -> str:
        """A channel, live."""
        return f"{self.server}/live/{self.username}/{self.password}/{stream_number}.m3u8"

    def catch_up(self, stream_number: int) -> str:
        """What was on a channel; players put a Unix time for `{utc}`."""
        return f"{self.stream(stream_number)}?utc={{utc}}"

    def absolute(self, url: str | None) -> str | None:
        """An address of a picture; those on this server are paths."""
        return self.server + url if url and url.startswith("/") else url

    @property
    def _credential(self) -> str:
        return urlencode({"username": self.username, "password": self.password})


def server_of(request: Request, settings: Settings) -> str:
    """Scheme and host by which a player reached us.

    Behind a proxy that ends TLS only the setting knows the scheme; in the home network a player may
    come by an address that the setting does not name.
    """
    host = request.url.netloc
    public = settings.public_url
    if host == urlsplit(public).netloc or not host:
        return public
    return f"{request.url.scheme}://{host}"
