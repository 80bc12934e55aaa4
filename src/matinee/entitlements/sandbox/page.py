"""The page of the practice provider, on which a payment is confirmed or declined."""

import base64
import re
from functools import cache
from hashlib import sha256
from pathlib import Path

from starlette.responses import Response

from matinee.core.errors import NotFound
from matinee.runtime import Runtime

_SCRIPT = re.compile(r"<script>(.*?)</script>", re.DOTALL)


def show(runtime: Runtime) -> Response:
    """The page; its script is let through by what it is, so that no other one runs.

    Raises:
        NotFound: there is no practice provider here.
    """
    if "sandbox" not in runtime.payments:
        raise NotFound
    text, policy = _page()
    return Response(text, media_type="text/html", headers={"Content-Security-Policy": policy})


@cache
def _page() -> tuple[str, str]:
    text = (Path(__file__).parent / "page.html").read_text(encoding="utf-8")
    [script] = _SCRIPT.findall(text)
    digest = base64.b64encode(sha256(script.encode()).digest()).decode()
    policy = (
        f"default-src 'none'; script-src 'sha256-{digest}'; connect-src 'self'; "
        "frame-ancestors 'none'; base-uri 'none'"
    )
    return text, policy
