"""nginx and our own origin accept and refuse the same addresses."""

import time
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import httpx
import pytest
from httpx import AsyncClient

from matinee.core.settings import Settings
from matinee.integrations.playback.registry import Playback
from matinee.runtime import Runtime
from tests.playback.origin.conftest import MEDIA
from tests.playback.origin.nginx import PROGRAM, nginx

NEWEST = "2026b:the-newest-secret-of-24-or-more"
BEFORE = "2026a:the-secret-before-it-24-or-more"
UNKNOWN = "2025z:a-secret-that-is-out-of-use-now"
SESSION = UUID(int=7)

pytestmark = pytest.mark.skipif(
    PROGRAM is None, reason="NOT TESTED: nginx is not installed (apt-get install nginx-light)"
)


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Both keys of the manual."""
    return settings.model_copy(
        update={"playback_signer": "nginx", "playback_secrets": [NEWEST, BEFORE]}
    )


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    """nginx as the manual has it."""
    with nginx(tmp_path, MEDIA, behind=1) as address:
        yield address


def signed(settings: Settings, *secrets: str, seconds: int = 600) -> str:
    """A segment's address, signed with the first of these secrets."""
    update = {"playback_secrets": list(secrets)}
    playback = Playback(settings.model_copy(update=update))
    expires_at = int(time.time()) + seconds
    return playback.media("night-city", SESSION, expires_at).url("v360/000.m4s")


def cases(settings: Settings) -> dict[str, int]:
    """Addresses, and how they are answered."""
    good = signed(settings, NEWEST)
    parts = good.split("/")
    theirs = "/".join([*parts[:5], UUID(int=8).hex, *parts[6:]])
    return {
        good: 200,
        signed(settings, BEFORE): 200,
        good.replace("v360/000.m4s", "audio/init.mp4"): 200,
        good + "?anything=1": 200,
        signed(settings, UNKNOWN): 403,
        signed(settings, NEWEST.replace("newest", "forged")): 403,
        theirs: 403,
        good.replace(parts[3], "A" * 22): 403,
        good.replace(parts[4], str(int(parts[4]) + 1)): 403,
        good.replace("night-city", "deep-space"): 403,
        good.replace("/2026b/", "/2026a/"): 403,
        signed(settings, NEWEST, seconds=-2): 410,
        signed(settings, UNKNOWN, seconds=-2): 403,
        good.replace("000.m4s", "999.m4s"): 404,
        good.replace("v360/", "v999/"): 404,
        good.replace("v360/000.m4s", "media.json"): 404,
        good.replace("v360/000.m4s", ""): 404,
        good.replace("v360", "v360//"): 404,
        good.replace(parts[3], "short"): 404,
        good.replace(parts[4], "99"): 404,
        "/media/night-city/v360/000.m4s": 404,
        "/media/": 404,
    }


async def test_both_answer_every_address_alike(
    runtime: Runtime, settings: Settings, server: str, device: AsyncClient
) -> None:
    answers = {}
    async with AsyncClient(base_url=server) as client:
        for address in cases(settings):
            ours, theirs = await device.get(address), await client.get(address)
            answers[address] = (ours.status_code, theirs.status_code)
            if ours.status_code == 200:
                assert ours.content == theirs.content
                assert ours.headers["cache-control"] == theirs.headers["cache-control"]
            if theirs.status_code != 404:
                assert theirs.headers["access-control-allow-origin"] == "*"
    assert answers == {address: (status, status) for address, status in cases(settings).items()}


async def test_nobody_climbs_out_of_the_folder(
    settings: Settings, server: str, device: AsyncClient
) -> None:
    good = signed(settings, NEWEST)
    for climb in (
        "../media.json",
        "..%2f..%2f..%2f..%2fetc/passwd",
        "../../deep-space/v360/000.m4s",
    ):
        address = good.replace("v360/000.m4s", climb)
        target = httpx.URL(server).copy_with(raw_path=address.encode())
        async with AsyncClient() as client:
            assert (await client.get(target)).status_code in (400, 403, 404)
        assert (await device.get(address)).status_code in (403, 404)
