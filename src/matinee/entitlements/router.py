"""The viewer's endpoint of access: why a title or a channel may be played, or not."""

from typing import Annotated
from uuid import UUID

from fastapi import Query

from matinee.accounts.viewer import SIGNED_IN, ProfileRequired
from matinee.core.errors import Forbidden, NotFound, RuleViolated, problems
from matinee.core.routing import api_router
from matinee.core.schema import Moment
from matinee.entitlements.explain import Question, explain
from matinee.entitlements.schemas import AccessExplanation
from matinee.entitlements.spending import Buyer, PurchaseNotAllowed
from matinee.runtime import Read, RuntimeDep

router = api_router("/access", tag="access")

WHO = (*SIGNED_IN, ProfileRequired, PurchaseNotAllowed, Forbidden)

OfAnother = Query(description="Staff of support may ask about any household and profile.")


@router.get(
    "/explain",
    summary="Why a title or a channel may be played, or not",
    responses=problems(*WHO, NotFound, RuleViolated),
)
async def explain_access(
    viewer: Buyer,
    runtime: RuntimeDep,
    tx: Read,
    title_id: UUID | None = None,
    season_id: UUID | None = None,
    channel_id: Annotated[UUID | None, Query(description="Instead of a title.")] = None,
    at: Annotated[
        Moment | None,
        Query(description="Another moment than now; for staff, and for all in a demo."),
    ] = None,
    user_id: Annotated[UUID | None, OfAnother] = None,
    profile_id: Annotated[UUID | None, OfAnother] = None,
) -> AccessExplanation:
    """The decision, the rows that decided it, and the others with the reason why they did not."""
    question = Question(title_id, season_id, channel_id, at, user_id, profile_id)
    return await explain(runtime, tx, viewer, question)
