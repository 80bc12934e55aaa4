"""From a plan as it is written to what can be planned with: media and titles that are there."""

from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from matinee.epg.genres import genres_of
from matinee.epg.programmes import ProgrammeDraft, series_key_of
from matinee.models.playout import SEGMENT_SECONDS
from matinee.playback.linear.facts import Facts, Playable
from matinee.playback.linear.planning import Block, DayPart, Item, Programming, Source
from matinee.playback.linear.schemas import (
    BlocksPlan,
    DayPartsPlan,
    Filling,
    Order,
    Pick,
    PlannedItem,
    WritePlan,
)

SEGMENTS_PER_MINUTE = 60 // SEGMENT_SECONDS
LONGEST_MINUTES = 24 * 60


def programming_of(
    wish: WritePlan, facts: Facts, *, channel_id: UUID, time_zone: str
) -> Programming:
    """A plan with everything in it that is there; its channel's id is what shuffles differ by."""
    plan, seed = wish.plan, str(channel_id)
    parts: Source | tuple[Block, ...] | tuple[DayPart, ...]
    if isinstance(plan, BlocksPlan):
        parts = tuple(
            Block(block.minutes * 60, _source(block, block.order, f"{seed}:{number}", facts))
            for number, block in enumerate(plan.blocks)
        )
    elif isinstance(plan, DayPartsPlan):
        parts = tuple(
            DayPart(_minute(part.starts), _source(part, part.order, f"{seed}:{part.starts}", facts))
            for part in plan.parts
        )
    else:
        parts = _source(plan, plan.kind, seed, facts)
    filler = Item(ProgrammeDraft(facts.filler_name), (), 0)
    return Programming(parts, filler, wish.slot_minutes * 60, zone_of(time_zone))


def zone_of(name: str) -> ZoneInfo:
    """The time zone of that name, or UTC where there is none (any more)."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


def _minute(starts: str) -> int:
    hours, minutes = starts.split(":")
    return int(hours) * 60 + int(minutes)


def _source(filling: Filling, order: Order, seed: str, facts: Facts) -> Source:
    if filling.pick is not None:
        picked = [title for title in facts.titles if _fulfils(title, filling.pick)]
        items = [_of_catalogue(title, filling.pick) for title in picked]
    else:
        items = [
            _of_plan(item, facts)
            for item in filling.items
            if all(slug in facts.lengths for slug in item.media)
        ]
    return Source(tuple(items), order, seed)


def _fulfils(title: Playable, pick: Pick) -> bool:
    return (
        pick.kind in (None, title.kind)
        and (not pick.genres or not set(pick.genres).isdisjoint(title.genres))
        and (not pick.moods or not set(pick.moods).isdisjoint(title.mood_tags))
        and (pick.year_from is None or (title.year or 0) >= pick.year_from)
        and (pick.year_to is None or (title.year or pick.year_to + 1) <= pick.year_to)
        and (pick.max_maturity is None or _is_for(title.maturity_score, pick.max_maturity))
    )


def _is_for(maturity_score: int | None, most: int) -> bool:
    return maturity_score is not None and maturity_score <= most


def _of_plan(item: PlannedItem, facts: Facts) -> Item:
    once = sum(facts.lengths[slug] for slug in item.media)
    label = item.maturity_label
    maturity = facts.ratings.maturity_of([(None, label)] if label else [])
    is_series = item.season is not None or item.episode is not None
    programme = ProgrammeDraft(
        title=item.title,
        sub_title=item.sub_title,
        description=item.description,
        season=item.season,
        episode=item.episode,
        series_key=series_key_of(item.title) if is_series else None,
        language=item.language,
        categories=tuple(item.genres),
        genres=genres_of(item.genres),
        maturity_label=maturity.label,
        maturity_score=maturity.score,
        year=item.year,
    )
    return Item(
        programme,
        tuple(item.media),
        item.minutes * SEGMENTS_PER_MINUTE if item.minutes else once,
        start_over=item.start_over,
        catch_up=item.catch_up,
    )


def _of_catalogue(title: Playable, pick: Pick) -> Item:
    is_series = title.episode_id is not None
    kind = "Series" if is_series else "Film"
    programme = ProgrammeDraft(
        title=title.name,
        sub_title=title.episode_name,
        description=title.synopsis,
        season=title.season,
        episode=title.episode,
        series_key=series_key_of(title.name) if is_series else None,
        language=title.language,
        categories=tuple(title.genre_names),
        genres=tuple(dict.fromkeys((kind, *genres_of(title.genre_names)))),
        maturity_label=title.maturity_label,
        maturity_score=title.maturity_score,
        year=title.year,
    )
    minutes = min(title.runtime_minutes or 0, LONGEST_MINUTES) if pick.length == "runtime" else 0
    return Item(
        programme,
        (title.slug,),
        minutes * SEGMENTS_PER_MINUTE or title.segment_count,
        asset_id=title.asset_id,
        title_id=title.title_id,
        episode_id=title.episode_id,
    )
