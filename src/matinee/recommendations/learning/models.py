"""The models that there are, and going back to the one before."""

from matinee.accounts.audit import Actor, record
from matinee.core.database import ReadTx, WriteTx
from matinee.core.errors import Conflict
from matinee.recommendations.admin_schemas import TrainedModel
from matinee.recommendations.learning.schemas import TrainedModels
from matinee.recommendations.learning.storing import LEARNED

_MODELS = """
    SELECT id, state, source, report, trained_at FROM recommendation_models
    WHERE state <> 'training' ORDER BY id DESC
"""
_HOLD = "LOCK TABLE recommendation_models IN SHARE ROW EXCLUSIVE MODE"
_SERVING = "SELECT id, state FROM recommendation_models WHERE state IN ('current', 'previous')"
_STATE = "UPDATE recommendation_models SET state = :state WHERE id = :model_id"


class NothingToRollBackTo(Conflict):
    """There is no model before the current one."""


async def list_models(tx: ReadTx) -> TrainedModels:
    """The current model, the one before, and those that the guard rejected; newest first."""
    return TrainedModels(items=[TrainedModel(**row) for row in await tx.all(_MODELS)])


async def roll_back(tx: WriteTx, actor: Actor) -> TrainedModels:
    """Let the previous model serve again; the current one becomes the previous.

    Raises:
        NothingToRollBackTo: there is no previous one.
    """
    await tx.execute(_HOLD)
    serving = {row["state"]: row["id"] for row in await tx.all(_SERVING)}
    if "previous" not in serving:
        raise NothingToRollBackTo()
    if "current" in serving:
        await tx.execute(_STATE, state="previous", model_id=serving["current"])
    await tx.execute(_STATE, state="current", model_id=serving["previous"])
    await record(
        tx,
        actor,
        "recommendations.roll_back",
        targets={"model": serving["previous"]},
        before={"current": serving.get("current")},
        after={"current": serving["previous"]},
    )
    tx.invalidate(LEARNED)
    return await list_models(tx)
