"""The demo's clips: put into its media folder, registered, and played by every title.

Nobody films 500 titles for a demo: each plays one of a few clips that suits its genre.
"""

import asyncio
import os
import shutil
import tempfile
from pathlib import Path

from matinee.catalog.tags import CATALOG
from matinee.core.database import WriteTx
from matinee.playback.media.library import MANIFEST, Library, library_at
from matinee.playback.media.registry import put_media, registered_slugs
from matinee.runtime import Runtime

CLIPS = Path(__file__).with_name("media")
SLATE = "back-soon"
"""What channels show between programmes; no title plays it."""

SUITING = {
    "animation": ("paper-theatre",),
    "family": ("paper-theatre", "evening-tide"),
    "western": ("red-desert",),
    "science-fiction": ("deep-space",),
    "fantasy": ("firefly-forest", "deep-space"),
    "horror": ("firefly-forest", "rain-on-glass"),
    "musical": ("turntable",),
    "experimental": ("turntable", "deep-space"),
    "sport": ("turntable", "red-desert"),
    "crime": ("night-city", "rain-on-glass"),
    "film-noir": ("night-city", "rain-on-glass"),
    "thriller": ("night-train", "night-city"),
    "mystery": ("night-train", "firefly-forest"),
    "adventure": ("evening-tide", "red-desert", "night-train"),
    "war": ("night-train", "red-desert"),
    "action": ("night-city", "red-desert"),
    "documentary": ("evening-tide", "deep-space", "red-desert"),
    "romance": ("evening-tide", "rain-on-glass"),
    "historical": ("night-train", "evening-tide"),
    "comedy": ("turntable", "paper-theatre", "evening-tide", "film-leader"),
    "drama": ("night-city", "rain-on-glass", "evening-tide", "night-train"),
    "short": ("film-leader", "paper-theatre", "turntable"),
}
"""Clips by genre (its slug); the first of a title's genres that stands first here decides."""

OTHERWISE = ("film-leader", "night-city")

_GIVE = """
    WITH suiting AS (
        SELECT n AS place, genre.key AS name,
               ARRAY(SELECT jsonb_array_elements_text(genre.value)) AS clips
        FROM jsonb_array_elements(:suiting::jsonb) WITH ORDINALITY AS entry(pair, n),
             jsonb_each(pair) AS genre
    ), playable AS (
        SELECT t.id AS title_id, NULL::uuid AS episode_id, t.genres
        FROM titles t WHERE t.kind = 'movie' AND t.external_id LIKE 'demo:%'
        UNION ALL
        SELECT t.id, e.id, t.genres
        FROM titles t JOIN episodes e ON e.title_id = t.id WHERE t.external_id LIKE 'demo:%'
    ), chosen AS (
        SELECT p.*, coalesce(s.clips, :otherwise::text[]) AS clips,
               abs(hashtext(coalesce(p.episode_id, p.title_id)::text)::bigint) AS n
        FROM playable p
        LEFT JOIN LATERAL (
            SELECT clips FROM suiting WHERE name = ANY (p.genres) ORDER BY place LIMIT 1
        ) AS s ON true
    )
    INSERT INTO media_assets (title_id, episode_id, kind, protocol, url, duration_seconds)
    SELECT c.title_id, c.episode_id, 'main', 'builtin', m.slug,
           round((m.details ->> 'duration_seconds')::numeric)
    FROM chosen c
    JOIN media_files m ON m.slug = c.clips[1 + c.n % cardinality(c.clips)]
    WHERE NOT EXISTS (
        SELECT FROM media_assets a
        WHERE a.title_id = c.title_id AND a.episode_id IS NOT DISTINCT FROM c.episode_id
          AND a.kind = 'main'
    )
"""


async def give_media(runtime: Runtime) -> None:
    """Put the clips in place; the first time, have every title and episode play one.

    Whoever changes later what a title plays finds that so after the next start.
    """
    root = runtime.settings.media_dir
    await asyncio.to_thread(place_clips, root)
    async with runtime.database.write() as tx:
        is_first = not await registered_slugs(tx)
        await _register(tx, library_at(root))
        if is_first:
            suiting = [{genre: clips} for genre, clips in SUITING.items()]
            await tx.execute(_GIVE, suiting=suiting, otherwise=list(OTHERWISE))
            tx.invalidate(CATALOG)


def place_clips(root: Path) -> None:
    """Copy the clips that are not in the folder, or of an older version of the demo."""
    root.mkdir(parents=True, exist_ok=True)
    for manifest in sorted(CLIPS.glob(f"*/{MANIFEST}")):
        slug = manifest.parent.name
        placed = root / slug / MANIFEST
        if not placed.exists() or placed.read_bytes() != manifest.read_bytes():
            _place(manifest.parent, root, slug)


def _place(clip: Path, root: Path, slug: str) -> None:
    """Copy aside, then rename, so that a clip is there whole or not at all."""
    aside = Path(tempfile.mkdtemp(prefix=f".{slug}.", dir=root))
    try:
        shutil.copytree(clip, aside / "new", copy_function=shutil.copyfile)
        if (root / slug).exists():
            os.rename(root / slug, aside / "old")
        os.rename(aside / "new", root / slug)
    finally:
        shutil.rmtree(aside, ignore_errors=True)


async def _register(tx: WriteTx, library: Library) -> None:
    for path in sorted(CLIPS.glob(f"*/{MANIFEST}")):
        media = library.get(path.parent.name)
        if media is not None:
            await put_media(tx, media)
