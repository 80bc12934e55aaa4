"""Titles hidden for every reason, each marked by a word that nobody may read who may not see it."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from matinee.runtime import Runtime
from tests.catalog.makers import (
    make_asset,
    make_collection,
    make_episode,
    make_genre,
    make_person,
    make_rights,
    make_season,
)
from tests.entitlements.makers import carry
from tests.epg.makers import at, make_airing, make_channel
from tests.makers import execute, insert, make_title, scalar

ADULT = "adult"
CHILD = "child"
LISTED = "child with an allow-list"
FRENCH = "viewer in another country"
VISITOR = "visitor"
VIEWERS = (ADULT, CHILD, LISTED, FRENCH, VISITOR)

REASONS: dict[str, set[str]] = {
    "draft": set(VIEWERS),
    "takedown": set(VIEWERS),
    "adults": {CHILD, LISTED, VISITOR},
    "unrated": {CHILD, VISITOR},
    "blocked": {CHILD},
    "closed": set(VIEWERS),
    "unopened": set(VIEWERS),
    "promised": {CHILD, LISTED, VISITOR},
    "foreign": {ADULT, CHILD, LISTED, VISITOR},
    "unlisted": {LISTED},
}
"""Why a title is hidden, and from whom."""

COLUMNS: dict[str, dict[str, Any]] = {
    "draft": {"status": "draft"},
    "takedown": {"status": "takedown"},
    "adults": {"maturity_score": 18},
    "unrated": {"maturity_score": None},
    "blocked": {"tags": ["gore"]},
    "promised": {"maturity_score": 18},
}
WINDOWS: dict[str, dict[str, Any]] = {
    "closed": {"closes": -1},
    "unopened": {"opens": 1},
    "promised": {"opens": 1, "announced": True},
    "foreign": {"territory": "FR"},
}


@dataclass(frozen=True)
class Secret:
    """A title that is hidden from some viewers, and what else would betray it."""

    reason: str
    title_id: UUID
    season_id: UUID
    episode_id: UUID
    asset_id: UUID
    person_id: UUID
    channel_id: UUID
    airing_id: int
    """Of a programme that is the title, on a channel that says nothing of it."""

    @property
    def word(self) -> str:
        return f"zq{self.reason}"

    @property
    def marks(self) -> set[str]:
        """What must stand in no answer."""
        ids = (self.title_id, self.season_id, self.episode_id, self.asset_id, self.person_id)
        return {self.word, *map(str, ids)}

    def hidden_from(self, viewer: str) -> bool:
        return viewer in REASONS[self.reason]


async def make_secret(runtime: Runtime, reason: str, seen: list[UUID]) -> Secret:
    word = f"zq{reason}"
    await make_genre(runtime, word, word)
    title_id = await make_title(
        runtime,
        f"The {word}",
        kind="series",
        synopsis=f"About {word}.",
        tagline=word,
        studios=[word],
        genres=["drama", word],
        mood_tags=["dark"],
        theme_tags=["space"],
        **COLUMNS.get(reason, {}),
    )
    if reason in WINDOWS:
        await make_rights(runtime, title_id, **WINDOWS[reason])
    season_id = await make_season(runtime, title_id, 1, name=word)
    episode_id = await make_episode(runtime, title_id, season_id, 1, name=word)
    trailer_id = await make_asset(runtime, title_id, kind="trailer", name=word)
    await insert(
        runtime,
        "title_images",
        title_id=title_id,
        kind="poster",
        url=f"https://img.example.com/{word}.webp",
    )
    await execute(
        runtime,
        "INSERT INTO title_localizations (title_id, language, name) VALUES ($1, 'de', $2)",
        title_id,
        f"Das {word}",
    )
    person_id = await make_person(runtime, f"Star of {word}", title_id)
    await make_collection(runtime, word, title_id, *seen, name=word)
    await make_collection(runtime, f"{word}-smart", name=word, filter={"q": word})
    package_id = await scalar(runtime, "SELECT id FROM content_packages WHERE slug = 'everything'")
    await carry(runtime, package_id, title_id)
    channel_id = await make_channel(runtime, "Channel", slug=f"channel-{uuid4().hex}")
    airing_id = await make_airing(
        runtime,
        channel_id,
        at(-10),
        title="Tonight",
        title_id=title_id,
        episode_id=episode_id,
        link_method="manual",
    )
    return Secret(
        reason, title_id, season_id, episode_id, trailer_id, person_id, channel_id, airing_id
    )
