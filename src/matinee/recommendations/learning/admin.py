"""The operator's endpoints of learning: training, the models that there are, going back."""

from matinee.accounts.audit import Actor, AuditedWrite
from matinee.accounts.staff import AnalyticsReader, CatalogEditor
from matinee.accounts.viewer import CHANGING, SIGNED_IN
from matinee.core.errors import Forbidden, problems
from matinee.core.routing import api_router
from matinee.core.schema import JobAccepted
from matinee.recommendations.learning import models, training
from matinee.recommendations.learning.models import NothingToRollBackTo
from matinee.recommendations.learning.schemas import TrainedModels
from matinee.runtime import Read

router = api_router("/admin/recommendations", tag="recommendations")


@router.post(
    "/train",
    summary="Learn recommendations anew",
    status_code=202,
    responses=problems(*CHANGING, Forbidden),
)
async def train_recommendations(staff: CatalogEditor, tx: AuditedWrite) -> JobAccepted:
    """By a job that can be followed and canceled; it is done every night without it, too."""
    return await training.ask_for_training(tx, Actor.of(staff))


@router.get("/models", summary="Learned models", responses=problems(*SIGNED_IN, Forbidden))
async def list_recommendation_models(_staff: AnalyticsReader, tx: Read) -> TrainedModels:
    """Newest first, each with what its guard measured."""
    return await models.list_models(tx)


@router.post(
    "/models/rollback",
    summary="Go back to the previous model",
    responses=problems(*CHANGING, Forbidden, NothingToRollBackTo),
)
async def roll_back_recommendations(staff: CatalogEditor, tx: AuditedWrite) -> TrainedModels:
    """The model that serves and the one before it change places, from the next request on."""
    return await models.roll_back(tx, Actor.of(staff))
