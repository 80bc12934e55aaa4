"""The viewer's endpoints of what to watch."""

from typing import Annotated

from fastapi import Query

from matinee.accounts.viewer import SIGNED_IN, CurrentViewer, ProfileRequired
from matinee.core.errors import InvalidValue, UnknownField, problems
from matinee.core.routing import api_router
from matinee.recommendations import mood
from matinee.recommendations.mood import NoMatch
from matinee.recommendations.schemas import MoodAnswer, MoodWish
from matinee.runtime import RuntimeDep

router = api_router("/recommendations", tag="recommendations")

WHO = (*SIGNED_IN, ProfileRequired)


@router.get(
    "/mood",
    summary="Just play something",
    responses=problems(*WHO, NoMatch, InvalidValue, UnknownField),
)
async def get_mood_answer(
    viewer: CurrentViewer, runtime: RuntimeDep, wish: Annotated[MoodWish, Query()]
) -> MoodAnswer:
    """One unseen title for a mood (S-04); where nothing suits, the nearest and what it lacks."""
    return await mood.answer_mood(runtime, viewer, wish)
