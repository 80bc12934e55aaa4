"""Keeping pages of other origins from using a cookie that browsers send by themselves."""

from urllib.parse import urlsplit

from fastapi import Request

from matinee.core.errors import Forbidden, UnsupportedMediaType
from matinee.core.settings import Settings

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
FORM_TYPES = frozenset(
    {"", "application/x-www-form-urlencoded", "multipart/form-data", "text/plain"}
)
"""What a page of another origin can send without being asked about it."""


class CsrfFailed(Forbidden):
    """A page of another origin may not do this with your cookie."""


def refuse_foreign_pages(request: Request, settings: Settings) -> None:
    """What changes something must come from our own page (or an allowed one), and be no form.

    Raises:
        CsrfFailed: neither `Sec-Fetch-Site` nor `Origin` says that it is ours.
        UnsupportedMediaType: the body is of a type that forms send.
    """
    if request.method in SAFE_METHODS:
        return
    ours = urlsplit(settings.public_url)
    allowed = {f"{ours.scheme}://{ours.netloc}", *settings.allowed_origins}
    same_origin = request.headers.get("sec-fetch-site") == "same-origin"
    if not same_origin and request.headers.get("origin") not in allowed:
        raise CsrfFailed()
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind in FORM_TYPES and _has_body(request):
        raise UnsupportedMediaType()


def _has_body(request: Request) -> bool:
    headers = request.headers
    return "transfer-encoding" in headers or headers.get("content-length", "0") != "0"
