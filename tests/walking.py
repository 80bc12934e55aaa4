"""Walking over all addresses of the application."""

from collections.abc import Mapping
from uuid import UUID

from fastapi import FastAPI, params
from fastapi.routing import APIRoute

API = "/api/v1/"


def routes_of(app: FastAPI) -> list[APIRoute]:
    """Every route of the API; health, documentation and what serves pages are left out."""
    return [
        route for route in app.routes if isinstance(route, APIRoute) and route.path.startswith(API)
    ]


def method_of(route: APIRoute) -> str:
    """The one method of a route."""
    [method] = route.methods
    return method


def address_of(route: APIRoute, ids: Mapping[str, UUID | str]) -> str:
    """The path of a route with the things that it is about."""
    return route.path.format(**ids)


def takes_json(route: APIRoute) -> bool:
    """Whether a route reads a body of JSON."""
    field = route.body_field
    return field is not None and not isinstance(field.field_info, params.Form)


def requires_json(route: APIRoute) -> bool:
    """Whether a route refuses to go without its body."""
    field = route.body_field
    return takes_json(route) and field is not None and field.field_info.is_required()


ONE_OF = {"explain_access": ["title_id"]}
"""Parameters of which a route wants one, whichever it is."""


WINDOW = {"from": "2026-03-14T00:00:00Z", "to": "2026-03-15T00:00:00Z"}
"""What a route that shows a part of the guide wants to know."""


def required_query(app: FastAPI, route: APIRoute, ids: Mapping[str, UUID | str]) -> str:
    """The query without which a route refuses to answer, with the things that it is about."""
    operation = app.openapi()["paths"][route.path_format][method_of(route).lower()]
    parameters = operation.get("parameters", ())
    names = [one["name"] for one in parameters if one["in"] == "query" and one.get("required")]
    names += ONE_OF.get(route.name, ())
    known = {**WINDOW, "channel_ids": ids["channel_id"], **ids}
    return "&".join(f"{name}={known.get(name, 'x')}" for name in names)


def asker_of(route: APIRoute) -> str:
    """The role that a route is made for."""
    return "admin" if route.path.startswith(f"{API}admin/") else "household"
