"""What the programmes chosen for a profile look like."""

from datetime import date

from pydantic import Field

from matinee.core.schema import Output
from matinee.epg.guide.schemas import AiringOut, ChannelOut
from matinee.recommendations.schemas import ReasonOut


class ChosenAiring(Output):
    """A programme, where it is on, and why it is there."""

    channel: ChannelOut
    airing: AiringOut
    reason: ReasonOut


class PersonalGuide(Output):
    """The programmes of a day that suit a profile, best first; each once, with its next airing."""

    day: date = Field(description="In the profile's time zone.")
    items: list[ChosenAiring]
