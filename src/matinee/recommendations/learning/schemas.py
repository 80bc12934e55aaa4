"""Shapes of the learned models as the operator sees them."""

from matinee.core.schema import Output
from matinee.recommendations.admin_schemas import TrainedModel


class TrainedModels(Output):
    """The current model, the one before it, and those that the guard rejected lately."""

    items: list[TrainedModel]
