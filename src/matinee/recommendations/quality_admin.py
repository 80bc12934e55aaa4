"""The operator's endpoint of how good recommendations are."""

from matinee.accounts.staff import AnalyticsReader
from matinee.accounts.viewer import SIGNED_IN
from matinee.core.errors import Forbidden, problems
from matinee.core.routing import api_router
from matinee.recommendations import quality
from matinee.recommendations.feedback_schemas import Quality
from matinee.runtime import RuntimeDep

router = api_router("/admin/recommendations", tag="recommendations")


@router.get(
    "/quality", summary="Quality of recommendations", responses=problems(*SIGNED_IN, Forbidden)
)
async def get_recommendation_quality(_staff: AnalyticsReader, runtime: RuntimeDep) -> Quality:
    """What the last models' guard measured, and how often people play from which rail."""
    return await quality.get_quality(runtime)
