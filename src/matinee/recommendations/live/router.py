"""The viewer's endpoint of the guide for a profile."""

from typing import Annotated

from fastapi import Query, Request, Response

from matinee.accounts.viewer import SIGNED_IN, CurrentViewer, ProfileRequired
from matinee.core.caching import respond
from matinee.core.errors import problems
from matinee.core.routing import api_router
from matinee.epg.guide.windows import Day
from matinee.recommendations.live import personal_guide
from matinee.recommendations.live.schemas import PersonalGuide
from matinee.runtime import RuntimeDep

router = api_router("/epg", tag="guide")


@router.get(
    "/personalized",
    summary="What suits the profile",
    response_model=PersonalGuide,
    responses=problems(*SIGNED_IN, ProfileRequired),
)
async def get_personal_guide(
    request: Request,
    viewer: CurrentViewer,
    runtime: RuntimeDep,
    day: Annotated[
        Day | None, Query(alias="date", description="Today where it is left out.")
    ] = None,
) -> Response:
    """Programmes of a day that suit the profile, best first, each with a reason (L-07)."""
    return respond(request, await personal_guide.get_personal_guide(runtime, viewer, day))
