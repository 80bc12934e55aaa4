"""Holds every answer that any test receives against what the API document promises for it."""

from functools import cache
from typing import Any

from fastapi import FastAPI
from httpx import Request, Response
from jsonschema import Draft202012Validator
from starlette.exceptions import HTTPException

from matinee.core.routing import RouteIndex

Schema = dict[str, Any]

UNDECLARED = frozenset({"not_found", "method_not_allowed", "internal_error"})
"""Codes that need no declaration: addresses that do not exist, and our own mistakes."""

_documents: dict[str, Schema] = {}


class Contract:
    """The promises of an application."""

    def __init__(self, app: FastAPI) -> None:
        key = ",".join(sorted(str(getattr(route, "path", "")) for route in app.routes))
        if key not in _documents:
            _documents[key] = app.openapi()
        self.document = _documents[key]
        self._index = RouteIndex(app.router.routes, fallback=app, most_bytes=0, most_upload_bytes=0)

    def operation(self, request: Request) -> Schema | None:
        """What the document says about the operation of a request."""
        method = "GET" if request.method == "HEAD" else request.method
        try:
            route = self._index.find(request.url.path, method)
        except HTTPException:
            return None
        if route is None or not route.include_in_schema:
            return None
        found: Schema = self.document["paths"][route.path_format][method.lower()]
        return found

    async def check(self, response: Response) -> None:
        """Fail where an answer is not one that was promised."""
        operation = self.operation(response.request)
        if operation is None or response.status_code == 304:
            return
        await response.aread()
        name = operation["operationId"]
        promised = operation["responses"].get(str(response.status_code))
        assert response.status_code < 500 or promised, f"{name}: {response.text}"
        if response.request.method == "HEAD":
            return
        if response.status_code >= 400:
            self._check_error(name, promised, response)
        else:
            assert promised, f"{name} does not promise {response.status_code}"
            self._check_media_type(name, promised, response)
            self._check_body(name, promised, response)

    def _check_media_type(self, name: str, promised: Schema, response: Response) -> None:
        media_type = response.headers.get("content-type", "").partition(";")[0]
        declared = promised.get("content", {})
        if declared or response.content:
            assert media_type in declared, f"{name} promises {list(declared)}, not {media_type}"

    def _check_error(self, name: str, promised: Schema | None, response: Response) -> None:
        code = response.json()["error"]["code"]
        if code in UNDECLARED:
            return
        assert promised, f"{name} does not promise {response.status_code} {code}"
        declared = promised["content"]["application/json"]["examples"]
        assert code in declared, f"{name} does not promise {code}, only {sorted(declared)}"

    def _check_body(self, name: str, promised: Schema, response: Response) -> None:
        schema = promised.get("content", {}).get("application/json", {}).get("schema", {})
        if (reference := schema.get("$ref")) and _is_json(response):
            errors = list(self._validator(reference).iter_errors(response.json()))
            assert not errors, f"{name}: {errors[0].json_path}: {errors[0].message}"

    @cache  # noqa: B019 - lives as long as one test
    def _validator(self, reference: str) -> Draft202012Validator:
        return Draft202012Validator({"$ref": reference, "components": self.document["components"]})


def _is_json(response: Response) -> bool:
    return response.headers.get("content-type", "").startswith("application/json")
