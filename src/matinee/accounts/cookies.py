"""Handing the cookie of a browser's session over, and taking it back."""

from starlette.responses import Response

from matinee.accounts.credentials import cookie_name
from matinee.accounts.schemas import SignedIn
from matinee.accounts.sessions import Started
from matinee.core.settings import Settings


def hand_over(response: Response, settings: Settings, started: Started) -> SignedIn:
    """The answer of a sign-in, with the cookie in its headers where it is a browser's."""
    if started.cookie is not None:
        response.set_cookie(
            cookie_name(settings),
            started.cookie,
            max_age=started.cookie_seconds,
            path="/",
            secure=settings.secure_cookies,
            httponly=True,
            samesite="lax",
        )
    return started.answer


def take_back(response: Response, settings: Settings) -> None:
    """Make the browser forget the cookie."""
    response.delete_cookie(
        cookie_name(settings),
        path="/",
        secure=settings.secure_cookies,
        httponly=True,
        samesite="lax",
    )
