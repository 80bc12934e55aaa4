"""The viewer's endpoint of what was shown."""

from matinee.accounts.viewer import CHANGING, CurrentViewer, ProfileRequired
from matinee.core.errors import UnknownField, problems
from matinee.core.routing import api_router
from matinee.core.schema import Acknowledged
from matinee.recommendations import impressions
from matinee.recommendations.feedback_schemas import RecordImpressions
from matinee.runtime import RuntimeDep

router = api_router("/recommendations", tag="recommendations")


@router.post(
    "/impressions",
    summary="Say which rail was shown",
    status_code=202,
    responses=problems(*CHANGING, ProfileRequired, UnknownField),
)
async def record_impressions(
    viewer: CurrentViewer, runtime: RuntimeDep, wish: RecordImpressions
) -> Acknowledged:
    """Once per recommendation id, stored within a second; what is shown in vain steps back."""
    impressions.record_impressions(runtime, viewer, wish)
    return Acknowledged()
