"""Finding the route of a request in constant time, however many routes there are."""

import asyncio
import random
import re
from collections.abc import Callable, Coroutine, Iterable, Sequence
from contextlib import AsyncExitStack
from typing import Any

import asyncpg
from fastapi import APIRouter, FastAPI, Request, params
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Match
from starlette.types import ASGIApp, Receive, Scope, Send

from matinee.core.bodies import JsonRequest, bounded
from matinee.core.errors import UnknownField
from matinee.core.openapi import operation_id

CONFLICTS = (
    asyncpg.SerializationError,
    asyncpg.DeadlockDetectedError,
    asyncpg.InvalidCachedStatementError,  # a migration changed a table under a prepared statement
)


Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class Route(APIRoute):
    """A route that reads its input strictly, and runs again when PostgreSQL broke a tie.

    The tie is one between two writers; the failed transaction was rolled back and nothing was sent
    yet, so a second run is safe.
    """

    tries = 3
    quiet = False
    """Whether its successes are left out of the log: there are too many of them."""
    strict = True
    """Whether parameters that it does not know are refused."""
    most_bytes: int | None = None
    """The longest body it takes, where that is less than others take."""

    def get_route_handler(self) -> Handler:
        """FastAPI's handler with the checks before it and the retry around it."""
        handle = super().get_route_handler()
        known = _query_parameters(self.dependant)
        takes_json = _takes_json(self)

        async def handle_strictly(request: Request) -> Response:
            if self.strict and request.scope["query_string"]:
                refuse_unknown_parameters(request, known)
            if takes_json:
                request = JsonRequest(request.scope, request.receive)
                await request.read_json()
            return await self.repeated(handle_once, request)

        async def handle_once(request: Request) -> Response:
            return await _in_one_transaction(handle, request)

        return handle_strictly

    async def repeated(self, handle: Handler, request: Request) -> Response:
        """The answer of a handler, which runs again when it met with a conflict."""
        for attempt in range(1, self.tries):
            try:
                return await handle(request)
            except CONFLICTS:
                await asyncio.sleep(random.uniform(0.005, 0.02) * attempt)
        return await handle(request)


class UploadRoute(Route):
    """A route that reads its body itself, as it arrives: as long as an import, and only once."""

    tries = 1


async def _in_one_transaction(handle: Handler, request: Request) -> Response:
    """One run whose transaction ends with it, so that a conflict at the commit is seen here.

    FastAPI itself would end it (a dependency of function scope) after the last run only.
    """
    async with AsyncExitStack() as transaction:
        request.scope["fastapi_function_astack"] = transaction
        return await handle(request)


def _takes_json(route: APIRoute) -> bool:
    field = route.body_field
    return field is not None and not isinstance(field.field_info, params.Form)


def api_router(
    prefix: str,
    *,
    tag: str,
    dependencies: Sequence[params.Depends] = (),
    route_class: type[Route] = Route,
) -> APIRouter:
    """A router of one domain; `prefix` is the full path, so that routes can stay flat."""
    return APIRouter(
        prefix=f"/api/v1{prefix}",
        tags=[tag],
        dependencies=list(dependencies),
        route_class=route_class,
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


def refuse_unknown_parameters(request: Request, known: frozenset[str]) -> None:
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

    def __init__(
        self, routes: Iterable[Any], fallback: ASGIApp, *, most_bytes: int, most_upload_bytes: int
    ) -> None:
        self._root = _Node()
        self._places: dict[int, list[tuple[int, str]]] = {}
        self._fallback = fallback
        self._most_bytes = most_bytes
        self._most_upload_bytes = most_upload_bytes
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
        if all(re.fullmatch(r"[^{}]*|{\w+}", segment) for segment in route.path.split("/")):
            self._places[id(route)] = _places_of(route.path)

    def find(self, path: str, method: str) -> APIRoute | None:
        """The route of a path and method, or None where the path is none of ours.

        Raises:
            HTTPException: 405, the path takes other methods.
        """
        allowed: set[str] = set()
        for node in _nodes_of(path, self._root):
            if route := node.routes.get(method):
                return route
            allowed |= node.routes.keys()
        if not allowed:
            return None
        if "GET" in allowed:
            allowed.add("HEAD")
        raise HTTPException(405, headers={"Allow": ", ".join(sorted(allowed))})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand the request to its route; HEAD is answered like GET."""
        if scope["type"] != "http":
            await self._fallback(scope, receive, send)
            return
        method = "GET" if scope["method"] == "HEAD" else scope["method"]
        route = self.find(scope["path"], method)
        if route is None:
            await self._fallback(scope, receive, send)
            return
        places = self._places.get(id(route))
        if places is not None:
            segments = scope["path"].split("/")
            parameters = {name: segments[place] for place, name in places}
            scope.update(endpoint=route.endpoint, path_params=parameters, route=route)
        else:
            match, child_scope = route.matches({**scope, "method": method})
            if match is not Match.FULL:
                await self._fallback(scope, receive, send)
                return
            scope.update(child_scope)
        await route.app(scope, bounded(scope, receive, self._bound_of(route)), send)

    def _bound_of(self, route: APIRoute) -> int:
        if isinstance(route, UploadRoute):
            return self._most_upload_bytes
        own = route.most_bytes if isinstance(route, Route) else None
        return self._most_bytes if own is None else min(own, self._most_bytes)


def _places_of(path: str) -> list[tuple[int, str]]:
    """Which segments of a path are parameters, and their names."""
    return [
        (place, segment[1:-1])
        for place, segment in enumerate(path.split("/"))
        if segment.startswith("{")
    ]


def _nodes_of(path: str, root: _Node) -> list[_Node]:
    """The nodes that a path can mean, the most literal first."""
    nodes = [root]
    for segment in path.split("/"):
        found = []
        for node in nodes:
            if child := node.literals.get(segment):
                found.append(child)
            if node.parameter and segment:
                found.append(node.parameter)
        nodes = found
    return nodes


def install_routes(
    app: FastAPI, routers: Iterable[APIRouter], *, most_bytes: int, most_upload_bytes: int
) -> None:
    """Put the routes of all domains flat into the application and index them.

    Bodies are bounded to `most_bytes`, those of an `UploadRoute` to `most_upload_bytes`.
    """
    for router in routers:
        app.router.routes.extend(router.routes)
    app.router.middleware_stack = RouteIndex(
        app.router.routes,
        app.router.app,
        most_bytes=most_bytes,
        most_upload_bytes=most_upload_bytes,
    )
