"""Who is asking: the viewer of a request, resolved once from its cookie or token."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Annotated, Any, cast
from uuid import UUID

from fastapi import Depends, Request
from starlette.types import Scope

from matinee.accounts.credentials import (
    Credential,
    TokenExpired,
    TokenInvalid,
    cookie_name,
    open_access_token,
    open_cookie,
)
from matinee.accounts.csrf import CsrfFailed, refuse_foreign_pages
from matinee.core.context import current_request
from matinee.core.database import ReadTx, Row
from matinee.core.errors import Forbidden, NotAuthenticated, UnsupportedMediaType
from matinee.core.languages import accepted_languages, until_available, with_bases
from matinee.runtime import Runtime, RuntimeDep

REMEMBERED = timedelta(seconds=5)
"""How long another process may still believe in a session that was just ended."""

OPEN_CEILING = 21
_OPENED = "matinee.credential"


class SessionRevoked(NotAuthenticated):
    """This session was ended; sign in again."""


class ProfileRequired(Forbidden):
    """Choose a profile first."""


SIGNED_IN = (NotAuthenticated, TokenExpired, TokenInvalid, SessionRevoked)
"""How a request can fail to say who is asking."""

CHANGING = (*SIGNED_IN, CsrfFailed, UnsupportedMediaType)
"""The same, where something is changed."""


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who is asking, and what that person may see at all (C1). Every read takes one."""

    territory: str
    max_maturity: int
    user_id: UUID | None = None
    session_id: UUID | None = None
    device_kind: str | None = None
    role: str | None = None
    profile_id: UUID | None = None
    profile_name: str | None = None
    lost_profile: bool = False
    kind: str = "standard"
    block_unrated: bool = False
    allow_list_only: bool = False
    blocked_tags: tuple[str, ...] = ()
    languages: tuple[str, ...] = ("en",)
    preferred_language: str | None = None
    time_zone: str = "UTC"
    access_until: datetime | None = None
    unsold_is_free: bool = False
    """Whether what nobody can subscribe to, rent or buy may be played by everybody."""

    @property
    def is_kids(self) -> bool:
        """Whether a kids profile asks; it never sees prices."""
        return self.kind == "kids"

    @property
    def household(self) -> UUID:
        """The user whose rows may be touched.

        Raises:
            NotAuthenticated: nobody signed in.
        """
        if self.user_id is None:
            raise NotAuthenticated()
        return self.user_id

    @property
    def profile(self) -> UUID:
        """The profile whose rows may be touched.

        Raises:
            ProfileRequired: signed in, but no profile chosen yet.
            NotAuthenticated: the one that was chosen has been deleted.
        """
        self.household  # noqa: B018 - nobody signed in comes first
        if self.lost_profile:
            raise deleted_profile()
        if self.profile_id is None:
            raise ProfileRequired()
        return self.profile_id

    @property
    def tags(self) -> frozenset[str]:
        """What answers made for this viewer depend on."""
        return frozenset({user_tag(self.user_id), profile_tag(self.profile_id)} - {""})

    @property
    def sees(self) -> tuple[object, ...]:
        """All that decides which titles are visible; viewers with equal values see the same."""
        return (
            self.territory,
            self.max_maturity,
            self.block_unrated,
            self.profile_id if self.allow_list_only else None,
            self.blocked_tags,
        )


def deleted_profile() -> NotAuthenticated:
    """What a device hears whose profile is no more; it stays signed in, to choose another."""
    return NotAuthenticated("profile_id", message="This profile was deleted; choose another.")


def user_tag(user_id: UUID | None) -> str:
    """The cache tag of everything about a household."""
    return f"user:{user_id}" if user_id else ""


def profile_tag(profile_id: UUID | None) -> str:
    """The cache tag of everything about a profile."""
    return f"profile:{profile_id}" if profile_id else ""


_SESSION = """
    SELECT s.id, s.user_id, s.kind, s.profile_id, s.secret_hash,
           s.revoked_at IS NOT NULL OR s.expires_at <= clock_timestamp() AS ended,
           s.last_seen_at < clock_timestamp() - interval '5 minutes' AS unseen,
           staff.role
    FROM auth_sessions s LEFT JOIN staff ON staff.user_id = s.user_id
    WHERE s.id = :session_id
"""
HOUSEHOLD = """
    SELECT u.country, u.status, p.id AS profile_id, p.name, p.kind, p.max_maturity, p.block_unrated,
           p.allow_list_only, p.blocked_tags, p.ui_language, p.preferred_language, p.time_zone
    FROM users u
    LEFT JOIN profiles p ON p.user_id = u.user_id AND p.id = :profile_id
    WHERE u.user_id = :user_id
"""
"""A household and one profile of it, where it has that."""

_SEEN = """
    UPDATE auth_sessions SET last_seen_at = clock_timestamp(), last_ip = :ip::inet
    WHERE id = :session_id
"""


async def resolve(request: Request, runtime: Runtime, *, fresh: bool = False) -> Viewer:
    """The viewer of a request; anonymous where it carries no credential.

    `fresh` reads the session's row now (money, staff, PINs); otherwise facts may be 5 s old.

    Raises:
        NotAuthenticated: the credential is forged, expired or revoked.
        CsrfFailed: a foreign page tries to use a cookie.
    """
    credential = _shown(request, runtime)
    if credential is None:
        return anonymous(runtime)
    if fresh:
        viewer = await _load(runtime, credential)
    else:
        viewer = await runtime.cache.get_or_build_object(
            "viewer",
            credential.cache_key,
            depends_on={user_tag(credential.user_id), session_tag(credential.session_id)},
            ttl=REMEMBERED,
            build=partial(_load, runtime, credential),
        )
    if context := current_request():
        context.user_id = str(viewer.user_id)
    return viewer


def _shown(request: Request, runtime: Runtime) -> Credential | None:
    """The credential of a request that no foreign page has made a browser send."""
    credential = _credential(request, runtime)
    if credential is not None and credential.by_cookie:
        refuse_foreign_pages(request, runtime.settings)
    return credential


@dataclass(frozen=True, slots=True)
class Asker:
    """Somebody with a credential of ours, who may have been signed out since it was made."""

    credential: Credential
    request: Request
    runtime: Runtime

    async def viewer(self) -> Viewer:
        """Who that is, with a profile.

        Raises:
            NotAuthenticated: signed out.
            ProfileRequired: no profile chosen.
        """
        viewer = await resolve(self.request, self.runtime)
        viewer.profile  # noqa: B018 - raises without one
        return viewer


def asker_of(request: Request, runtime: Runtime) -> Asker:
    """Who asks by signature alone, without a query.

    Raises:
        NotAuthenticated: the request shows no credential, or none of ours.
        CsrfFailed: a foreign page tries to use a cookie.
    """
    credential = _shown(request, runtime)
    if credential is None:
        raise NotAuthenticated()
    if context := current_request():
        context.user_id = str(credential.user_id)
    return Asker(credential, request, runtime)


def anonymous(runtime: Runtime) -> Viewer:
    """Somebody who has not signed in: the public catalogue of the operator's country."""
    settings = runtime.settings
    return Viewer(
        territory=settings.operator_country,
        max_maturity=settings.public_max_maturity,
        block_unrated=True,
        unsold_is_free=settings.unsold_titles == "free",
    )


def session_tag(session_id: UUID) -> str:
    """The cache tag of what is known about a session."""
    return f"session:{session_id}"


def _credential(request: Request, runtime: Runtime) -> Credential | None:
    """What the request shows, opened once: the rate limiter has looked at it already."""
    if _OPENED not in request.scope:
        request.scope[_OPENED] = _open_credential(request, runtime)
    return cast(Credential | None, request.scope[_OPENED])


def _open_credential(request: Request, runtime: Runtime) -> Credential | None:
    if header := request.headers.get("authorization"):
        scheme, _, token = header.partition(" ")
        if scheme.lower() != "bearer":
            raise TokenInvalid()
        return open_access_token(runtime.tokens, token.strip())
    if cookie := request.cookies.get(cookie_name(runtime.settings)):
        return open_cookie(runtime.tokens, cookie)
    return None


def known_user(runtime: Runtime) -> Callable[[Scope], str | None]:
    """How the rate limiter tells signed-in users apart: by our own signature, without a query."""

    def identify(scope: Scope) -> str | None:
        try:
            credential = _credential(Request(scope), runtime)
        except NotAuthenticated:
            return None
        return str(credential.user_id) if credential else None

    return identify


async def _load(runtime: Runtime, credential: Credential) -> Viewer:
    async with runtime.database.read() as tx:
        session = await tx.one(_SESSION, session_id=credential.session_id)
        if session is None or session["ended"] or not credential.proves(session["secret_hash"]):
            raise SessionRevoked()
        viewer = await _viewer_of(tx, session, access_until=credential.expires_at)
        viewer = replace(viewer, unsold_is_free=runtime.settings.unsold_titles == "free")
    if session["unseen"]:
        async with runtime.database.write() as wtx:
            context = current_request()
            ip = context.client_ip if context else None
            await wtx.execute(_SEEN, session_id=credential.session_id, ip=ip)
    return viewer


async def _viewer_of(tx: ReadTx, session: Row, *, access_until: datetime | None) -> Viewer:
    found = await tx.one(HOUSEHOLD, user_id=session["user_id"], profile_id=session["profile_id"])
    if found is None or found["status"] != "active":
        raise SessionRevoked()
    return somebody_of(
        session["user_id"],
        found,
        session_id=session["id"],
        device_kind=session["kind"],
        role=session["role"],
        lost_profile=session["profile_id"] is not None and found["profile_id"] is None,
        access_until=access_until,
    )


def somebody_of(user_id: UUID, found: Row, **of_session: Any) -> Viewer:
    """The viewer in a row of `HOUSEHOLD`."""
    has_profile = found["profile_id"] is not None
    return Viewer(
        territory=found["country"],
        max_maturity=found["max_maturity"] if has_profile else OPEN_CEILING,
        user_id=user_id,
        profile_id=found["profile_id"],
        profile_name=found["name"],
        kind=found["kind"] or "standard",
        block_unrated=bool(found["block_unrated"]),
        allow_list_only=bool(found["allow_list_only"]),
        blocked_tags=tuple(found["blocked_tags"] or ()),
        languages=with_bases([found["ui_language"] or "en"]),
        preferred_language=found["preferred_language"],
        time_zone=found["time_zone"] or "UTC",
        **of_session,
    )


async def _anybody(request: Request, runtime: RuntimeDep) -> Viewer:
    """A viewer for public reads; a signed-in household must have chosen its profile."""
    viewer = await resolve(request, runtime)
    if viewer.user_id is not None:
        viewer.profile  # noqa: B018 - raises without one
    return _speaking(viewer, request, runtime)


async def _signed_in(request: Request, runtime: RuntimeDep) -> Viewer:
    viewer = await resolve(request, runtime)
    viewer.household  # noqa: B018
    return viewer


async def _signed_in_now(request: Request, runtime: RuntimeDep) -> Viewer:
    viewer = await resolve(request, runtime, fresh=True)
    viewer.household  # noqa: B018
    return viewer


async def _householder(request: Request, runtime: RuntimeDep) -> Viewer:
    viewer = await _signed_in_now(request, runtime)
    if viewer.is_kids:
        raise Forbidden(message="A kids profile may not change the account.")
    return viewer


async def _leaving(request: Request, runtime: RuntimeDep) -> Viewer:
    try:
        return await resolve(request, runtime, fresh=True)
    except NotAuthenticated:
        return anonymous(runtime)


async def _credible(request: Request, runtime: RuntimeDep) -> Asker:
    return asker_of(request, runtime)


async def _with_profile(request: Request, runtime: RuntimeDep) -> Viewer:
    viewer = await resolve(request, runtime)
    viewer.profile  # noqa: B018
    return _speaking(viewer, request, runtime)


def _speaking(viewer: Viewer, request: Request, runtime: Runtime) -> Viewer:
    """The viewer with the languages of this request: its header's, else the profile's."""
    asked = accepted_languages(request.headers.get("accept-language", "")) or viewer.languages
    return replace(viewer, languages=until_available(asked, runtime.settings.catalog_language))


AnyViewer = Annotated[Viewer, Depends(_anybody)]
"""Anybody, signed in or not (public catalogue)."""

CurrentUser = Annotated[Viewer, Depends(_signed_in)]
"""A signed-in household, profile chosen or not."""

FreshUser = Annotated[Viewer, Depends(_signed_in_now)]
"""The same, with the session's row read now: money, PINs, passwords."""

Householder = Annotated[Viewer, Depends(_householder)]
"""The same, but not from a kids profile: the account itself."""

LeavingUser = Annotated[Viewer, Depends(_leaving)]
"""Whoever signs out; anonymous where the session has ended already."""

CurrentViewer = Annotated[Viewer, Depends(_with_profile)]
"""A signed-in household with a profile chosen."""

CredibleAsker = Annotated[Asker, Depends(_credible)]
"""Somebody whose signature is good; whoever takes one finds out whether it still counts."""
