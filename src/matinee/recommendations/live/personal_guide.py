"""The programmes of a day that suit a profile (L-07), kept until the first of them is over."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import partial
from uuid import UUID
from zoneinfo import ZoneInfo

from matinee.accounts.viewer import Viewer
from matinee.catalog.cards import cards_for
from matinee.catalog.genres import Genre, known_genres
from matinee.catalog.schemas import Card
from matinee.catalog.tags import CATALOG
from matinee.core.database import ReadTx
from matinee.core.encoded import Encoded
from matinee.core.schema import made
from matinee.entitlements.tags import FOR_SALE
from matinee.epg.guide.channels import channels_of
from matinee.epg.guide.shapes import AIRING_RECORD, airing_in
from matinee.epg.tags import CHANNELS, GUIDE
from matinee.recommendations.genre_shares import genre_shares
from matinee.recommendations.live.schemas import ChosenAiring, PersonalGuide
from matinee.recommendations.live.scoring import Scored, day_in, score_day
from matinee.recommendations.picks import Reason
from matinee.recommendations.ranking import rank
from matinee.recommendations.reasons import BECAUSE, wording
from matinee.recommendations.schemas import ReasonOut
from matinee.recommendations.scoring import Candidate
from matinee.runtime import FIVE_MINUTES, Runtime
from matinee.viewing.taste import Taste, taste_of

SHOWN = 50
LEAST_TO_NAME = 0.3
"""How much a programme must be like a title for the title to be named."""

_AIRINGS = f"""
    SELECT s.id, s.channel_id, {AIRING_RECORD} AS airing
    FROM schedule_entries s JOIN programmes p ON p.id = s.programme_id
    WHERE s.id = ANY (:ids::bigint[])
"""


async def get_personal_guide(runtime: Runtime, viewer: Viewer, day: date | None) -> Encoded:
    """The guide of a day as bytes, at most five minutes old and never older than the last write."""
    return await runtime.cache.get_or_build(
        "personal-guide",
        (viewer.profile, viewer.languages, viewer.sees, viewer.block_unrated, day),
        depends_on=viewer.tags | {CATALOG, CHANNELS, FOR_SALE, GUIDE},
        ttl=FIVE_MINUTES,
        build=partial(compose, runtime, viewer, day),
        lasts=_lasts,
    )


async def compose(runtime: Runtime, viewer: Viewer, day: date | None) -> PersonalGuide:
    """The same as it is now."""
    window = day_in(viewer, day)
    async with runtime.database.read() as tx:
        taste = await taste_of(tx, viewer, runtime.settings.signal_weights)
        shares = genre_shares(taste)
        scored = await score_day(tx, viewer, taste, shares, runtime.embedder.model, window)
        chosen = _ranked(scored, shares)[:SHOWN]
        cards = await _named(tx, viewer, chosen)
        items = await _dressed(tx, viewer, chosen, taste, cards, await known_genres(runtime))
    shown_day = window[0].astimezone(ZoneInfo(viewer.time_zone)).date()
    return PersonalGuide.model_construct(day=shown_day, items=items)


def _ranked(scored: Sequence[Scored], shares: Mapping[str, float]) -> list[Scored]:
    """By the rules of all recommendations; a series stands once anyway."""
    by_id = {UUID(int=one.airing_id): one for one in scored}
    candidates = [
        Candidate(key, one.airing_id, one.genres, one.series, score=one.score)
        for key, one in sorted(by_id.items())
    ]
    return [by_id[one.title_id] for one in rank(candidates, shares)]


async def _named(tx: ReadTx, viewer: Viewer, chosen: Sequence[Scored]) -> dict[UUID, Card]:
    """Cards of the titles that reasons may name: those that the viewer sees."""
    ids = {one.seed_id for one in chosen if one.seed_id and one.liking >= LEAST_TO_NAME}
    return {card.id: card for card in await cards_for(tx, viewer, sorted(ids))}


async def _dressed(
    tx: ReadTx,
    viewer: Viewer,
    chosen: Sequence[Scored],
    taste: Taste,
    cards: Mapping[UUID, Card],
    genres: Mapping[str, Genre],
) -> list[ChosenAiring]:
    rows = await tx.all(_AIRINGS, ids=[one.airing_id for one in chosen])
    airings = {row["id"]: airing_in(row["airing"]) for row in rows}
    channel_ids = list(dict.fromkeys(one.channel_id for one in chosen))
    channels = {channel.id: channel for channel in await channels_of(tx, viewer, channel_ids)}
    kinds = {signal.title_id: signal.kind for signal in taste.signals}
    return [
        made(
            ChosenAiring,
            channel=channels[one.channel_id],
            airing=airings[one.airing_id],
            reason=_reason(one, kinds, cards, genres, viewer),
        )
        for one in chosen
    ]


def _reason(
    one: Scored,
    kinds: Mapping[UUID, str],
    cards: Mapping[UUID, Card],
    genres: Mapping[str, Genre],
    viewer: Viewer,
) -> ReasonOut:
    """What says most for a programme, if it says enough; else when and where it is on."""
    card = cards.get(one.seed_id) if one.seed_id else None
    if card is not None and one.liking >= LEAST_TO_NAME:
        reason = Reason(BECAUSE[kinds[card.id]], card.id, one.liking)
        return _told(reason, wording(reason, title=card.name))
    if one.channel > 0:
        return ReasonOut(
            code="your_channel", text="On a channel of yours", strength=round(one.channel, 3)
        )
    if one.genre > 0:
        slug = max(one.genres, key=lambda genre: (genre in genres, genre))
        name = genres[slug].shown(viewer.languages) if slug in genres else slug
        reason = Reason("more_genre", strength=one.genre, genre=slug)
        return _told(reason, wording(reason, genre=name))
    if one.is_new:
        return ReasonOut(code="new_episode", text="New", strength=0.0)
    return ReasonOut(code="on_now" if one.on_now else "on_today", text=_when(one), strength=0.0)


def _when(one: Scored) -> str:
    return "On now" if one.on_now else "Coming up"


def _told(reason: Reason, text: str) -> ReasonOut:
    return ReasonOut(
        code=reason.code, text=text, title_id=reason.title_id, strength=round(reason.strength, 3)
    )


def _lasts(guide: PersonalGuide) -> timedelta:
    end = min((item.airing.ends_at for item in guide.items), default=None)
    return end - datetime.now(UTC) if end else FIVE_MINUTES
