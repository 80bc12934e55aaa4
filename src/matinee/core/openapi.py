"""The API document: names, errors and examples for every operation, from the code alone (D-04)."""

from collections.abc import Iterator
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute

Schema = dict[str, Any]

_SAMPLES_BY_FORMAT = {
    "uuid": "0199f3a4-1b2c-7d3e-8f40-5a6b7c8d9e0f",
    "date-time": "2026-03-14T19:30:00Z",
    "date": "2026-03-14",
    "email": "ana@example.com",
    "uri": "https://example.com/art.webp",
    "binary": "…",
}
_DEEPEST = 6


def operation_id(route: APIRoute) -> str:
    """The stable name of an operation: its function's."""
    return route.name


def describe(app: FastAPI, common: dict[int | str, Schema]) -> None:
    """Make `app.openapi()` complete; `common` are the errors that any operation can give."""

    def openapi() -> Schema:
        if app.openapi_schema is None:
            document = get_openapi(
                title=app.title,
                version=app.version,
                routes=app.routes,
                description=app.description,
                tags=app.openapi_tags,
            )
            schemas = document.setdefault("components", {}).setdefault("schemas", {})
            for operation in operations(document):
                _add_common_errors(operation, common)
                _add_examples(operation, schemas)
            app.openapi_schema = document
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]


def operations(document: Schema) -> Iterator[Schema]:
    """Every operation of an API document."""
    for path in document.get("paths", {}).values():
        for method, operation in path.items():
            if method in ("get", "post", "put", "patch", "delete"):
                yield operation


def _add_common_errors(operation: Schema, common: dict[int | str, Schema]) -> None:
    responses = operation.setdefault("responses", {})
    for status, described in common.items():
        entry = {
            "description": described["description"],
            "content": {
                "application/json": {
                    "schema": {"$ref": "#/components/schemas/ErrorEnvelope"},
                    "examples": dict(described["content"]["application/json"]["examples"]),
                }
            },
        }
        given = responses.get(str(status))
        if given is None or "HTTPValidationError" in str(given):
            responses[str(status)] = entry
        else:
            examples = given["content"]["application/json"].setdefault("examples", {})
            examples |= entry["content"]["application/json"]["examples"]
            given["description"] = ", ".join(f"`{code}`" for code in examples)


def _add_examples(operation: Schema, schemas: dict[str, Schema]) -> None:
    bodies = [operation.get("requestBody", {})]
    bodies += [body for status, body in operation["responses"].items() if status < "300"]
    for body in bodies:
        for media in body.get("content", {}).values():
            if "example" not in media and "examples" not in media and "schema" in media:
                media["example"] = _sample(media["schema"], schemas, 0)


def _sample(schema: Schema, schemas: dict[str, Schema], depth: int) -> Any:
    """One plausible value of a schema, from its own examples where it has any."""
    if reference := schema.get("$ref"):
        return _sample(schemas[reference.rpartition("/")[2]], schemas, depth)
    if examples := schema.get("examples"):
        return examples[0]
    for known in ("const", "default"):
        if schema.get(known) is not None:
            return schema[known]
    if choices := schema.get("enum"):
        return choices[0]
    for union in ("anyOf", "oneOf", "allOf"):
        if options := schema.get(union):
            real = [option for option in options if option.get("type") != "null"]
            return _sample(real[0], schemas, depth) if real else None
    return _sample_of_type(schema, schemas, depth)


def _sample_of_type(schema: Schema, schemas: dict[str, Schema], depth: int) -> Any:
    match schema.get("type"):
        case "object":
            properties = schema.get("properties", {})
            return {name: _sample(part, schemas, depth + 1) for name, part in properties.items()}
        case "array":
            if depth >= _DEEPEST:
                return []
            return [_sample(schema.get("items", {}), schemas, depth + 1)]
        case "string":
            return _SAMPLES_BY_FORMAT.get(schema.get("format", ""), "text")
        case "integer":
            return int(schema.get("minimum", 1)) or 1
        case "number":
            return float(schema.get("minimum", 1.0)) or 1.0
        case "boolean":
            return True
    return None
