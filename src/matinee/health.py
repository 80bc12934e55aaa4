"""Whether the process lives, whether it can serve, and its figures."""

from typing import Literal

from fastapi import APIRouter
from starlette.responses import Response

from matinee.core.errors import Unavailable, problems
from matinee.core.openapi import operation_id
from matinee.core.routing import Route
from matinee.core.schema import Output
from matinee.core.telemetry import METRICS_TYPE
from matinee.migrations.state import schema_is_current
from matinee.runtime import RuntimeDep

router = APIRouter(tags=["health"], route_class=Route, generate_unique_id_function=operation_id)


class Live(Output):
    """The process answers."""

    status: Literal["live"] = "live"


class Ready(Output):
    """The process can serve; without Redis it still can, only less well."""

    status: Literal["ready"] = "ready"
    degraded: list[str]


@router.get("/livez", summary="Is the process alive?")
async def get_liveness() -> Live:
    """Says nothing of the database; restart the process when this fails."""
    return Live()


@router.get("/readyz", summary="Can the process serve?", responses=problems(Unavailable))
async def get_readiness(runtime: RuntimeDep) -> Ready:
    """The database answers and has the schema of this version; take it out of rotation if not."""
    if runtime.stopping or not await schema_is_current(runtime.database):
        raise Unavailable()
    away = runtime.redis is not None and not runtime.redis.available
    return Ready(degraded=["redis"] if away else [])


@router.get(
    "/metrics",
    summary="Figures for Prometheus",
    response_class=Response,
    responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
)
async def get_metrics(runtime: RuntimeDep) -> Response:
    """Prometheus' text format; keep it inside your network."""
    return Response(runtime.metrics.render(), media_type=METRICS_TYPE)
