"""Finding the route of a request in constant time, however many routes there are."""

import asyncio
import random
from collections.abc import Callable, Coroutine, Iterable
from typing import Any

import asyncpg
from fastapi import APIRouter, FastAPI, Request
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Match
from starlette.types import ASGIApp, Receive, Scope, Send

from matinee.core.errors import UnknownField
from matinee.core.openapi import operation_id

SERIALIZATION_TRIES = 3
CONFLICTS = (asyncpg.SerializationError, asyncpg.DeadlockDetectedError)


class Route(APIRoute):
    """A route whose work is done again when PostgreSQL had to break a tie between two writers.

    The failed transaction was rolled back and nothing was sent yet, so a second run is safe.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """FastAPI's handler with the retry around it."""
        handle = super().get_route_handler()
        known = _query_parameters(self.dependant)

        async def handle_with_retry(request: Request) -> Response:
            if request.scope["query_string"]:
                _refuse_unknown_parameters(request, known)
            for attempt in range(1, SERIALIZATION_TRIES):
                try:
                    return await handle(request)
                except CONFLICTS:
                    await asyncio.sleep(random.uniform(0.005, 0.02) * attempt)
            return await handle(request)

        return handle_with_retry


def api_router(prefix: str, *, tag: str) -> APIRouter:
    """A router of one domain; `prefix` is the full path, so that routes can stay flat."""
    return APIRouter(
        prefix=f"/api/v1{prefix}",
        tags=[tag],
        route_class=Route,
        generate_unique_id_function=operation_id,
    )


def _query_parameters(dependant: Dependant) -> frozenset[str]:
    """Names that a route and its dependencies read from the query string."""
    names: set[str] = set()
    for param in dependant.query_params:
        fields = getattr(param.field_info.annotation, "model_fields", None)
        if fields is None:
            names.add(param.alias)
        else:
            names |= {field.alias or name for name, field in fields.items()}
    for dependency in dependant.dependencies:
        names |= _query_parameters(dependency)
    return frozenset(names)


def _refuse_unknown_parameters(request: Request, known: frozenset[str]) -> None:
    """A misspelt filter must not silently list everything (C7)."""
    for name in request.query_params:
        if name not in known:
            raise UnknownField(name[:100], allowed=sorted(known))


class _Node:
    """One path segment of the index: literal children win over a parameter."""

    __slots__ = ("literals", "parameter", "routes")

    def __init__(self) -> None:
        self.literals: dict[str, _Node] = {}
        self.parameter: _Node | None = None
        self.routes: dict[str, APIRoute] = {}


class RouteIndex:
    """A tree of path segments in front of FastAPI's own walk, which stays as the fallback.

    FastAPI tries its routes one after the other (and nested routers one inside the other), which
    costs about a millisecond at 200 routes; a look-up here costs the same for any number.
    """

    def __init__(self, routes: Iterable[Any], fallback: ASGIApp) -> None:
        self._root = _Node()
        self._fallback = fallback
        for route in routes:
            if isinstance(route, APIRoute) and ":path}" not in route.path:
                self._add(route)

    def _add(self, route: APIRoute) -> None:
        node = self._root
        for segment in route.path.split("/"):
            if "{" in segment:
                node.parameter = node.parameter or _Node()
                node = node.parameter
            else:
                node = node.literals.setdefault(segment, _Node())
        for method in route.methods or ():
            if method in node.routes:
                raise ValueError(f"{method} {route.path} is registered twice")
            node.routes[method] = route

    def find(self, path: str) -> dict[str, APIRoute] | None:
        """The routes of this path by method."""
        node = _descend(self._root, path.split("/"), 0)
        return node.routes if node else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand the request to its route; HEAD is answered like GET."""
        routes = self.find(scope["path"]) if scope["type"] == "http" else None
        if routes is None:
            await self._fallback(scope, receive, send)
            return
        method = scope["method"]
        wanted = "GET" if method == "HEAD" else method
        route = routes.get(wanted)
        if route is None:
            raise HTTPException(405, headers={"Allow": ", ".join(sorted(routes))})
        match, child_scope = route.matches({**scope, "method": wanted})
        if match is not Match.FULL:
            await self._fallback(scope, receive, send)
            return
        scope.update(child_scope)
        await route.app(scope, receive, send)


def _descend(node: _Node, segments: list[str], depth: int) -> _Node | None:
    if depth == len(segments):
        return node if node.routes else None
    segment = segments[depth]
    if (child := node.literals.get(segment)) and (found := _descend(child, segments, depth + 1)):
        return found
    if node.parameter and segment:
        return _descend(node.parameter, segments, depth + 1)
    return None


def install_routes(app: FastAPI, routers: Iterable[APIRouter]) -> None:
    """Put the routes of all domains flat into the application and index them."""
    for router in routers:
        app.router.routes.extend(router.routes)
    app.router.middleware_stack = RouteIndex(app.router.routes, app.router.app)
