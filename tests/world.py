"""A world with one of everything in it, and everybody who may ask for it."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from httpx import AsyncClient

from matinee.accounts.mails import send_security_mail
from matinee.core.jobs import enqueue
from matinee.runtime import Runtime
from tests.catalog.makers import (
    make_collection,
    make_episode,
    make_genre,
    make_person,
    make_season,
)
from tests.entitlements.makers import (
    hold,
    make_offer,
    make_package,
    make_payment_event,
    make_purchase,
    make_rule,
    make_subscription,
)
from tests.epg.makers import at, black_out, make_airing, make_channel, make_programme
from tests.makers import (
    as_staff,
    choose_profile,
    execute,
    insert,
    make_profile,
    make_title,
    make_user,
    sign_in,
)
from tests.playback.linear.makers import make_linear

Headers = dict[str, str]

STAFF = ("support", "analyst", "editor", "admin")
ROLES = ("anonymous", "household", "kids", *STAFF)

THIRD_PARTY = "third@example.com"
GUIDE_SOURCE = UUID("0198c0de-0000-7000-8000-000000000001")


@dataclass(frozen=True)
class World:
    """Who asks, and what is there."""

    headers: dict[str, Headers]
    """By role."""
    ids: dict[str, UUID | str]
    """By the name of the path parameter; profiles and sessions are those of the household."""
    user_id: UUID
    """The household."""


async def make_world(
    runtime: Runtime, client: AsyncClient, roles: Collection[str] = ROLES
) -> World:
    """Fill an empty database."""
    user_id = await make_user(runtime)
    spare = await make_profile(runtime, user_id, "Ben")
    headers: dict[str, Headers] = {"anonymous": {}}
    for role in roles:
        if role == "household":
            adult = await make_profile(runtime, user_id, "Ana")
            headers[role] = await choose_profile(client, await sign_in(client), adult)
        elif role == "kids":
            child = await make_profile(runtime, user_id, "Mia", kind="kids", max_maturity=9)
            headers[role] = await choose_profile(client, await sign_in(client), child)
        elif role in STAFF:
            headers[role] = await as_staff(runtime, client, role)
    return World(headers, await _things(runtime, user_id, spare), user_id)


async def _things(runtime: Runtime, user_id: UUID, profile_id: UUID) -> dict[str, UUID | str]:
    await make_genre(runtime, "comedy", "Comedy")
    title_id = await make_title(runtime, "Fantomas", kind="series", genres=["comedy"])
    package_id = await make_package(runtime)
    unsold_id = await make_package(runtime, "comedy")
    third_party_id = await make_user(runtime, THIRD_PARTY)
    others = [await make_title(runtime, name, genres=["comedy"]) for name in ("Cops", "One Week")]
    season_id = await make_season(runtime, title_id, 1)
    channel_id = await make_channel(runtime)
    slate = {"kind": "loop", "items": [{"title": "Slate", "media": ["slate"]}]}
    linear_channel_id = await make_linear(runtime, slate, status="draft")
    source_id = await insert(
        runtime,
        "epg_sources",
        id=GUIDE_SOURCE,
        name="National guide",
        kind="url",
        url="https://epg.example.com/guide.xml.gz",
    )
    await execute(
        runtime,
        "INSERT INTO epg_source_channels (source_id, xmltv_id, names) VALUES ($1, $2, $3)",
        source_id,
        "one.example.com",
        ["One"],
    )
    return {
        "channel_id": channel_id,
        "blackout_id": await black_out(runtime, channel_id, -60, -30, territory="AQ"),
        "linear_channel_id": linear_channel_id,
        "recording_id": await insert(
            runtime,
            "channel_recordings",
            channel_id=linear_channel_id,
            name="Gala",
            starts_at=at(-60),
            ends_at=at(0),
        ),
        "airing_id": str(await make_airing(runtime, channel_id, at(-10))),
        "next_airing_id": str(
            next_airing := await make_airing(runtime, channel_id, at(60), series_key="news")
        ),
        "reminder_id": await insert(
            runtime,
            "schedule_reminders",
            user_id=user_id,
            profile_id=profile_id,
            airing_id=next_airing,
            channel_id=channel_id,
            title="News",
            starts_at=at(60),
        ),
        "series_id": await insert(
            runtime,
            "reminder_series",
            user_id=user_id,
            profile_id=profile_id,
            series_key="news",
            title="News",
        ),
        "export_id": await insert(
            runtime,
            "export_credentials",
            username="player",
            user_id=user_id,
            profile_id=profile_id,
            name="Kodi",
            password_hash=bytes(32),
        ),
        "user_id": third_party_id,
        "package_id": unsold_id,
        "package": "comedy",
        "rule_id": await make_rule(runtime, unsold_id, kind="movie"),
        "offer_id": await make_offer(runtime, title_id),
        "subscription_id": await make_subscription(
            runtime, user_id, package_id, status="active", provider_ref="sub_1"
        ),
        "household_subscription_id": await make_subscription(
            runtime, third_party_id, package_id, provider="manual"
        ),
        "purchase_id": await make_purchase(runtime, user_id, others[0]),
        "household_purchase_id": await make_purchase(
            runtime, third_party_id, others[0], provider="manual", provider_ref="manual_1"
        ),
        "hold_id": await hold(runtime, third_party_id, blocks_purchase=False),
        "profile_id": profile_id,
        "child_id": await make_profile(runtime, user_id, "Kim", kind="kids", max_maturity=9),
        "session_id": await make_session(runtime, user_id),
        "viewing_session_id": await make_viewing_session(runtime, user_id, profile_id, title_id),
        "stream_id": await make_viewing_session(
            runtime, third_party_id, await make_profile(runtime, third_party_id), title_id
        ),
        "provider": "sandbox",
        "event_id": await make_payment_event(runtime),
        "avatar_id": "usherette",
        "ref": "pay_none",
        "title_id": title_id,
        "item_id": title_id,
        "season_id": season_id,
        "episode_id": await make_episode(runtime, title_id, season_id, 1),
        "person_id": await make_person(runtime, "René Navarre", title_id),
        "slug": "comedy",
        "media_slug": "spare",
        "source_id": source_id,
        "xmltv_id": "one.example.com",
        "programme_id": str(await make_programme(runtime)),
        "rail_id": "top-rated",
        "collection_id": await make_collection(runtime, "comedy", title_id, *others),
        "import_id": await insert(
            runtime,
            "imports",
            kind="titles",
            format="auto",
            actor_id="nobody",
            job_id=await make_job(runtime, user_id),
        ),
        "job_id": str(await make_job(runtime, user_id)),
    }


async def make_viewing_session(
    runtime: Runtime, user_id: UUID, profile_id: UUID, title_id: UUID
) -> UUID:
    """Something that is being played."""
    return await insert(
        runtime,
        "viewing_sessions",
        user_id=user_id,
        profile_id=profile_id,
        title_id=title_id,
        device_id="tv",
        device_name="TV",
        territory="US",
        lease_until=datetime.now(UTC) + timedelta(minutes=1),
    )


async def make_session(runtime: Runtime, user_id: UUID) -> UUID:
    """A device of a household that is signed in, and silent."""
    async with runtime.database.write() as tx:
        found: UUID = await tx.scalar(
            "INSERT INTO auth_sessions (user_id, kind, salt, expires_at) VALUES"
            " (:user_id, 'tv', '', clock_timestamp() + interval '1 day') RETURNING id",
            user_id=user_id,
        )
    return found


async def make_job(runtime: Runtime, user_id: UUID) -> int:
    """A job that waits."""
    async with runtime.database.write() as tx:
        return await enqueue(tx, send_security_mail, user_id=str(user_id), event="pin_locked")
