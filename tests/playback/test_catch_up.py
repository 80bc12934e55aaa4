"""Addresses of what is over, as the servers of channel lists expect them."""

from typing import Any

import pytest

from matinee.playback.catch_up import catch_up_url

BEGIN, END, NOW = 1_795_635_900, 1_795_639_500, 1_795_722_300
"""2026-11-25 19:45 to 20:45 UTC, asked for a day later."""


@pytest.mark.parametrize(
    ("url", "catch_up", "expected"),
    [
        ("http://a/1.m3u8", {"mode": "shift"}, f"http://a/1.m3u8?utc={BEGIN}&lutc={NOW}"),
        ("http://a/1.m3u8?k=1", {"mode": "shift"}, f"http://a/1.m3u8?k=1&utc={BEGIN}&lutc={NOW}"),
        ("http://a/1", {"mode": "append", "source": "?s={utc}&d=${duration}"}, f"http://a/1?s={BEGIN}&d=3600"),
        ("http://a/1", {"mode": "default", "source": "http://b/{Y}/{m}/{d}/{H}{M}"}, "http://b/2026/11/25/1945"),
        ("http://a/1", {"mode": "default", "source": "http://b/{utc:YmdHMS}-{utcend:H-M}"}, "http://b/20261125194500-20-45"),
        ("http://a/1", {"mode": "default", "source": "http://b/{offset:60}/{unknown}"}, "http://b/1440/{unknown}"),
        ("http://a/s/index.m3u8?t=1", {"mode": "flussonic"}, f"http://a/s/timeshift_abs-{BEGIN}.m3u8?t=1"),
        ("http://a/s/video.m3u8", {"mode": "flussonic"}, f"http://a/s/video-timeshift_abs-{BEGIN}.m3u8"),
        ("http://a/s/mpegts", {"mode": "flussonic"}, f"http://a/s/timeshift_abs-{BEGIN}.ts"),
        ("http://a:80/live/me/pw/7.m3u8", {"mode": "xtream"}, "http://a:80/timeshift/me/pw/60/2026-11-25:19-45/7.m3u8"),
        ("http://a/1", {"mode": "append"}, None),
        ("http://a/1", {"mode": "flussonic"}, None),
        ("http://a/1", {}, None),
    ],
)  # fmt: skip
def test_an_address_of_what_is_over(url: str, catch_up: dict[str, Any], expected: str) -> None:
    assert catch_up_url(url, catch_up, BEGIN, END, NOW) == expected
