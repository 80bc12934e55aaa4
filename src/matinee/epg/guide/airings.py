"""The page of a programme on a channel: texts, people, when it comes again, where else to watch."""

from matinee.accounts.viewer import Viewer
from matinee.catalog.cards import cards_for
from matinee.catalog.marks import OUT_NOW
from matinee.catalog.schemas import EpisodeRef
from matinee.core.database import ReadTx, Row
from matinee.core.errors import NotFound
from matinee.core.schema import made
from matinee.entitlements.channels import AIRING_SUITABLE, CHANNEL_VISIBLE, airing_visibility_of
from matinee.entitlements.on_air import CAN_GO_BACK
from matinee.entitlements.visibility import VISIBLE
from matinee.entitlements.visibility import visibility_of as title_visibility_of
from matinee.epg.guide.channels import channels_of
from matinee.epg.guide.schemas import (
    AiringDetail,
    ProgrammeCredit,
    ProgrammeDetail,
    WatchInFull,
)
from matinee.epg.guide.search import TO_COME
from matinee.epg.guide.seeing import visibility_of
from matinee.epg.guide.shapes import (
    AIRING_ON_CHANNEL,
    AIRING_RECORD,
    FLAG_SETS,
    PROGRAMME_RECORD,
    airing_in,
    airing_on_channel_in,
    programme_in,
)

MOST_OTHERS = 10

_AIRING = f"""
    SELECT s.id, s.channel_id, s.starts_at, s.ends_at, s.flags, s.programme_id,
           p.title_id, p.episode_id, statement_timestamp() AS server_time,
           s.starts_at <= statement_timestamp() AND statement_timestamp() < s.ends_at AS on_now,
           CASE WHEN s.starts_at <= statement_timestamp() AND statement_timestamp() < s.ends_at
                 AND s.start_over AND c.start_over AND {CAN_GO_BACK} THEN s.ends_at
           END AS start_over_until,
           CASE WHEN s.ends_at <= statement_timestamp() AND s.catch_up AND {CAN_GO_BACK}
                 AND statement_timestamp() < s.ends_at + make_interval(days => c.catch_up_days)
                THEN s.ends_at + make_interval(days => c.catch_up_days) END AS catch_up_until,
           {PROGRAMME_RECORD} AS programme, p.categories, p.original_air_date, p.credits
    FROM schedule_entries s
    JOIN programmes p ON p.id = s.programme_id JOIN channels c ON c.id = s.channel_id
    WHERE s.id = :airing_id AND {CHANNEL_VISIBLE} AND {AIRING_SUITABLE}
"""
_SAME = """
    WITH it AS MATERIALIZED (SELECT p.* FROM programmes p WHERE p.id = :programme_id),
    same AS MATERIALIZED (
        SELECT it.id FROM it
        UNION
        SELECT p.id FROM it
        JOIN programmes p ON p.series_key = it.series_key AND p.episode = it.episode
            AND p.season IS NOT DISTINCT FROM it.season
        UNION
        SELECT p.id FROM it
        JOIN programmes p ON p.folded_title = it.folded_title
            AND p.year IS NOT DISTINCT FROM it.year
        WHERE it.series_key IS NULL AND p.series_key IS NULL
    )
"""
ALSO_ON = f"""
    {_SAME}
    SELECT {AIRING_ON_CHANNEL} AS airing
    FROM same JOIN schedule_entries s ON s.programme_id = same.id AND {TO_COME}
    JOIN programmes p ON p.id = s.programme_id JOIN channels c ON c.id = s.channel_id
    WHERE s.id <> :airing_id AND {CHANNEL_VISIBLE} AND {AIRING_SUITABLE}
    ORDER BY s.starts_at, s.id LIMIT {MOST_OTHERS}
"""
MORE_OF_SERIES = f"""
    {_SAME}
    SELECT {AIRING_RECORD} AS airing
    FROM it JOIN schedule_entries s ON s.channel_id = :channel_id AND {TO_COME}
    JOIN programmes p ON p.id = s.programme_id AND p.series_key = it.series_key
    WHERE NOT EXISTS (SELECT FROM same WHERE same.id = p.id) AND {AIRING_SUITABLE}
    ORDER BY s.starts_at LIMIT {MOST_OTHERS}
"""
_TITLE = f"SELECT FROM titles t WHERE t.id = :title_id AND {VISIBLE}"
_EPISODE = f"""
    SELECT e.id, s.number AS season_number, e.number, e.name, e.air_date, e.runtime_minutes
    FROM episodes e JOIN seasons s ON s.id = e.season_id WHERE e.id = :episode_id AND {OUT_NOW}
"""


async def airing_detail(tx: ReadTx, viewer: Viewer, airing_id: int) -> AiringDetail:
    """An airing with all that is known about it, in nine statements at most.

    Raises:
        NotFound: there is none, or the viewer may not see it, or its channel.
    """
    row = await tx.one(_AIRING, airing_id=airing_id, **visibility_of(viewer))
    if row is None:
        raise NotFound()
    [channel] = await channels_of(tx, viewer, [row["channel_id"]])
    it = {"programme_id": row["programme_id"]}
    also = await tx.all(ALSO_ON, **it, airing_id=airing_id, **visibility_of(viewer))
    more = await tx.all(
        MORE_OF_SERIES, **it, channel_id=row["channel_id"], **airing_visibility_of(viewer)
    )
    of_row = ("id", "starts_at", "ends_at", "on_now", "server_time")
    return made(
        AiringDetail,
        **{name: row[name] for name in (*of_row, "start_over_until", "catch_up_until")},
        flags=FLAG_SETS[row["flags"]],
        programme=_programme_of(row),
        channel=channel,
        title=await _in_full(tx, viewer, row),
        also_on=[airing_on_channel_in(other["airing"]) for other in also],
        more_of_series=[airing_in(other["airing"]) for other in more],
    )


def _programme_of(row: Row) -> ProgrammeDetail:
    """Credits are stored as their sources gave them."""
    programme = programme_in(row["programme"])
    credits_ = [
        ProgrammeCredit(
            role=str(one["role"]), name=str(one["name"]), character=one.get("character")
        )
        for one in row["credits"]
    ]
    return ProgrammeDetail(
        **programme.model_dump(),
        categories=row["categories"],
        original_air_date=row["original_air_date"],
        credits=credits_,
    )


async def _in_full(tx: ReadTx, viewer: Viewer, row: Row) -> WatchInFull | None:
    """The title that the programme is, where the viewer may see it."""
    if row["title_id"] is None:
        return None
    if await tx.one(_TITLE, title_id=row["title_id"], **title_visibility_of(viewer)) is None:
        return None
    [card] = await cards_for(tx, viewer, [row["title_id"]])
    episode = await tx.one(_EPISODE, episode_id=row["episode_id"]) if row["episode_id"] else None
    return made(
        WatchInFull, card=card, episode=EpisodeRef.model_construct(**episode) if episode else None
    )
