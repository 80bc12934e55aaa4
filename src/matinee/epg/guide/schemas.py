"""What channels, programmes and schedules look like to viewers."""

from datetime import date, datetime
from typing import Literal
from uuid import UUID

from pydantic import Field

from matinee.catalog.schemas import Card, EpisodeRef
from matinee.core.schema import Output
from matinee.entitlements.schemas import Access

Flag = Literal["new", "premiere", "repeat", "live", "last_chance", "subtitles", "audio_described"]


class ProgrammeOut(Output):
    """What is broadcast, as the guide tells it."""

    id: int
    title: str = Field(examples=["Nature at Night"])
    sub_title: str | None = Field(examples=["The Owls"])
    description: str | None
    season: int | None
    episode: int | None
    genres: list[str] = Field(examples=[["documentary"]])
    language: str | None = Field(examples=["en"])
    maturity_label: str | None = Field(description="As the broadcaster gives it.")
    maturity_score: int | None = Field(description="The age it stands for; null: unrated.")
    year: int | None
    image_url: str | None


class AiringOut(Output):
    """A programme on a channel, from `starts_at` until before `ends_at`."""

    id: int
    starts_at: datetime
    ends_at: datetime
    flags: list[Flag]
    start_over: bool = Field(description="It may be started over, where its channel lets it.")
    catch_up: bool = Field(description="It may be watched later, where its channel lets it.")
    programme: ProgrammeOut


class GuideChannel(Output):
    """A channel by what it is called."""

    id: UUID
    number: int | None = Field(examples=[101])
    name: str = Field(examples=["Nature One"])
    slug: str = Field(examples=["nature-one"])
    logo_url: str | None
    genres: list[str] = Field(examples=[["documentary"]])
    group: str | None = Field(examples=["Documentaries"])
    radio: bool = Field(description="Sound only.")


class ChannelOut(Access, GuideChannel):
    """A channel as every list shows it."""

    language: str | None = Field(examples=["en"])
    catch_up_days: int = Field(
        description="How long past programmes can be watched; 0: not at all."
    )
    start_over: bool = Field(description="What is on can be watched from its beginning.")
    is_favourite: bool = Field(description="The profile put it among its favourites.")


class ChannelPage(Output):
    """Channels in the profile's order; `next_cursor` is null on the last page."""

    items: list[ChannelOut]
    next_cursor: str | None
    total: int = Field(description="Channels on all pages.")


class OnChannel(Output):
    """What is on a channel, and what comes next."""

    now: AiringOut | None = Field(description="Null where the guide has a gap, or `blocked`.")
    next: AiringOut | None = Field(description="What follows, after a gap too.")
    blocked: bool = Field(
        description="The profile may not watch it now: because of what is on, or where nothing is"
        " known of it because of the channel."
    )


class ChannelDetail(ChannelOut, OnChannel):
    """A channel with all that is said about it, and what is on."""

    description: str | None
    country: str | None
    dvr_minutes: int = Field(description="How far back live can be wound.")


class NowOn(OnChannel):
    """A channel and what is on."""

    channel: GuideChannel


class NowGuide(Output):
    """What is on all channels, by number, then name."""

    as_of: datetime = Field(description="When that was so, by the server's clock.")
    changes_at: datetime | None = Field(description="When the first of it ends or begins.")
    items: list[NowOn]


class LabelCount(Output):
    """A label and how many of the channels bear it."""

    name: str
    channels: int


class ChannelLabels(Output):
    """What channels that the viewer may see can be filtered by."""

    genres: list[LabelCount]
    groups: list[LabelCount]


class ChannelAirings(Output):
    """Airings of a channel in order; where nothing is known there is a gap."""

    channel_id: UUID
    days: list[date] | None = Field(
        description="The days (UTC) that changed: `airings` are all that begin on these days,"
        " within the window. Null in a complete answer."
    )
    airings: list[AiringOut]


class ScheduleWindow(Output):
    """Which part of the guide this is, and of which state."""

    rev: int = Field(description="What changes later has a greater one; see `since_rev`.")
    view: str = Field(description="Names what the viewer may see; see the parameter.")
    complete: bool = Field(description="False: only days that changed since `since_rev`.")


class Schedules(ScheduleWindow):
    """Airings of several channels, in the order in which they were asked for.

    Channels that do not exist or may not be seen are left out.
    """

    channels: list[ChannelAirings]


class CompactSchedules(ScheduleWindow):
    """The same for grids, a tenth of the size.

    An airing is `[id, start, duration, programme, flags]`: minutes since 1970 (UTC), minutes,
    a key of `programmes`, and bits: 1 new, 2 premiere, 4 repeat, 8 live, 16 last chance,
    32 subtitles, 64 audio described, 128 not to be started over, 256 no catch-up. Seconds are cut
    off of both ends, so that what follows without a gap still does.
    """

    days: dict[UUID, list[date]] | None = Field(
        description="By channel, the days (UTC) that changed; null in a complete answer."
    )
    channels: dict[UUID, list[tuple[int, int, int, int, int]]]
    programmes: dict[int, tuple[str, str | None, int | None, int | None]] = Field(
        description="`[title, sub_title, season, episode]` by programme."
    )


class DaySchedule(Output):
    """What a channel sends on a day, from midnight to midnight of a time zone."""

    channel_id: UUID
    date: date
    time_zone: str = Field(examples=["Europe/Berlin"])
    starts_at: datetime
    ends_at: datetime
    rev: int
    airings: list[AiringOut]


class AiringOnChannel(Output):
    """An airing without its programme, and its channel."""

    id: int
    starts_at: datetime
    ends_at: datetime
    flags: list[Flag]
    channel: GuideChannel


class GuideHit(Output):
    """A programme, or a series, that was found, and when it comes."""

    programme: ProgrammeOut = Field(description="Of a series: the episode that comes next.")
    series_key: str | None = Field(description="The same for all episodes of a series.")
    airings: list[AiringOnChannel] = Field(description="The next ones, the first of them first.")
    total: int = Field(description="How many there are in the next seven days.")


class GuideHits(Output):
    """Programmes found in the guide of the next seven days, best first."""

    items: list[GuideHit]


class ProgrammeCredit(Output):
    """Somebody with a part in a programme."""

    role: str = Field(examples=["actor"])
    name: str
    character: str | None


class ProgrammeDetail(ProgrammeOut):
    """A programme with all that the guide tells."""

    categories: list[str] = Field(description="As the broadcaster names them.")
    original_air_date: date | None
    credits: list[ProgrammeCredit]


class WatchInFull(Output):
    """The title of the catalogue that a programme is."""

    card: Card
    episode: EpisodeRef | None = Field(description="Of a series, where it is known which.")


class AiringDetail(Output):
    """The page of a programme on a channel."""

    id: int
    starts_at: datetime
    ends_at: datetime
    flags: list[Flag]
    programme: ProgrammeDetail
    channel: ChannelOut
    on_now: bool
    start_over_until: datetime | None = Field(
        description="It is on, and can be watched from its beginning until then; else null."
    )
    catch_up_until: datetime | None = Field(
        description="It can be watched later until then; else null."
    )
    title: WatchInFull | None = Field(description="It can be watched in full; else null.")
    also_on: list[AiringOnChannel] = Field(description="When the same comes again.")
    more_of_series: list[AiringOut] = Field(description="The next episodes on this channel.")
    server_time: datetime
