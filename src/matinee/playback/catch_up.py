"""How a stream's own server is asked for what is over, in the terms of channel lists."""

import re
from datetime import UTC, datetime
from typing import Any

_PLACE = re.compile(r"\$?\{(?P<name>\w+)(?::(?P<form>[\w:-]+))?\}")
_FLUSSONIC = re.compile(r"(?P<stream>.*)/(?P<list>[^/]*?)(?P<kind>mpegts|\.m3u8)(?P<query>\?.*)?")
_XTREAM = re.compile(
    r"(?P<server>https?://[^/]+)/(?:live/)?(?P<user>[^/]+)/(?P<password>[^/]+)"
    r"/(?P<id>[^/.?]+)(?P<kind>\.m3u8|\.ts)?"
)
_SHIFT = "utc={utc}&lutc={lutc}"
_DATE = {"Y": "%Y", "m": "%m", "d": "%d", "H": "%H", "M": "%M", "S": "%S"}


def catch_up_url(
    live_url: str, catch_up: dict[str, Any], from_at: int, until_at: int, now: int
) -> str | None:
    """The address of what was sent from one moment until another one (Unix seconds).

    None where the channel cannot be asked. `now` should be the moment when playing began, so that
    a session keeps its address.
    """
    mode, source = catch_up.get("mode"), catch_up.get("source")
    template = _template(live_url, mode, source)
    return None if template is None else _filled(template, from_at, until_at, now)


def _template(live_url: str, mode: str | None, source: str | None) -> str | None:
    match mode:
        case "flussonic":
            return _flussonic(live_url)
        case "xtream":
            return _xtream(live_url)
        case "shift":
            return _with_query(live_url, source or _SHIFT)
        case "append" if source:
            return live_url + source
        case "default" | "vod" if source:
            return source if source.startswith(("http://", "https://")) else live_url + source
    return None


def _with_query(url: str, query: str) -> str:
    return url + ("&" if "?" in url else "?") + query.lstrip("?&")


def _flussonic(url: str) -> str | None:
    parts = _FLUSSONIC.fullmatch(url)
    if parts is None:
        return None
    query = parts["query"] or ""
    if parts["kind"] == "mpegts":
        return f"{parts['stream']}/timeshift_abs-{{utc}}.ts{query}"
    prefix = "" if parts["list"] == "index" else f"{parts['list']}-"
    return f"{parts['stream']}/{prefix}timeshift_abs-{{utc}}.m3u8{query}"


def _xtream(url: str) -> str | None:
    parts = _XTREAM.fullmatch(url)
    if parts is None:
        return None
    when = "{duration:60}/{Y}-{m}-{d}:{H}-{M}"
    account = f"{parts['user']}/{parts['password']}"
    return f"{parts['server']}/timeshift/{account}/{when}/{parts['id']}{parts['kind'] or '.ts'}"


def _filled(template: str, from_at: int, until_at: int, now: int) -> str:
    numbers = {
        **dict.fromkeys(("utc", "start"), from_at),
        **dict.fromkeys(("utcend", "end"), until_at),
        **dict.fromkeys(("lutc", "now", "timestamp"), now),
        "duration": until_at - from_at,
        "offset": now - from_at,
    }

    def value(found: re.Match[str]) -> str:
        name, form = found["name"], found["form"]
        if name in _DATE:
            return datetime.fromtimestamp(from_at, UTC).strftime(_DATE[name])
        if name not in numbers:
            return found[0]
        if form is None:
            return str(numbers[name])
        if form.isdecimal():
            return str(numbers[name] // max(1, int(form)))
        moment = datetime.fromtimestamp(numbers[name], UTC)
        return "".join(moment.strftime(_DATE[one]) if one in _DATE else one for one in form)

    return _PLACE.sub(value, template)
