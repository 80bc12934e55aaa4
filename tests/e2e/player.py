"""A browser that plays: hls.js on a page that seems to come from the server under test."""

import time
from collections.abc import Awaitable
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urljoin, urlsplit

from playwright.async_api import Page, Response, Route

PAGE = Path(__file__).with_name("player.html")
PATIENCE = 30.0


class Loaded(NamedTuple):
    """An answer that the player got."""

    at: float
    """Unix time."""
    path: str
    status: int


class Player:
    """One page with one player; notes all that it loads."""

    def __init__(self, page: Page, server: str, script: Path) -> None:
        self.page = page
        self.server = server
        self.loaded: list[Loaded] = []
        self._files = {"/e2e/player.html": PAGE, "/e2e/hls.js": script}
        page.on("response", self._note)

    async def open(self) -> None:
        """Show the page."""
        await self.page.route(f"{self.server}/e2e/*", self._serve)
        await self.page.goto(f"{self.server}/e2e/player.html")

    async def play(self, url: str) -> None:
        """Begin to play, and wait for pictures that move."""
        await self.page.evaluate("url => { play(url) }", urljoin(self.server, url))
        await self.until("video.currentTime > 0 && video.readyState >= 3")
        await self.plays_on(0.5)

    async def plays_on(self, seconds: float = 3) -> None:
        """Wait until it has played so much more."""
        begun = (await self.state())["time"]
        await self.until(f"video.currentTime >= {begun + seconds}", patience=PATIENCE + seconds)

    async def seek(self, to: str) -> None:
        """Go to a time, a JavaScript expression, and wait for its picture."""
        await self.page.evaluate(f"() => {{ video.currentTime = {to} }}")
        await self.until("!video.seeking && video.readyState >= 3")

    def until(self, condition: str, patience: float = PATIENCE) -> Awaitable[Any]:
        """Wait for a JavaScript expression to hold, so many seconds at most."""
        return self.page.wait_for_function(f"() => {condition}", timeout=patience * 1000)

    async def state(self) -> dict[str, Any]:
        """How it stands: times in seconds, what was decoded, errors."""
        found: dict[str, Any] = await self.page.evaluate("() => state()")
        return found

    def playlists(self, since: float = 0) -> list[Loaded]:
        """The answers about playlists from a moment (Unix) on."""
        return [one for one in self.loaded if one.at >= since and one.path.endswith(".m3u8")]

    def refused(self) -> list[Loaded]:
        """All that the server has refused."""
        return [one for one in self.loaded if one.status >= 400]

    async def _serve(self, route: Route) -> None:
        await route.fulfill(path=self._files[urlsplit(route.request.url).path])

    def _note(self, response: Response) -> None:
        path = urlsplit(response.url).path
        self.loaded.append(Loaded(time.time(), path, response.status))
