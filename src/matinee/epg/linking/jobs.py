"""Jobs that link programmes: those that are new in the guide, those that a new title could be."""

from collections.abc import Sequence

from matinee.catalog.events import TITLES_CHANGED
from matinee.core.jobs import JobRun, job
from matinee.epg.events import GUIDE_CHANGED
from matinee.epg.linking.finding import LEAST_LIKENESS, link_programmes
from matinee.runtime import Runtime

BATCH = 2_000

_AHEAD = """
    EXISTS (SELECT FROM schedule_entries s
            WHERE s.programme_id = p.id AND s.ends_at > statement_timestamp())
"""
_NEW = f"""
    SELECT p.id FROM programmes p
    WHERE p.linked_at IS NULL AND p.id > :after AND {_AHEAD} ORDER BY p.id LIMIT {BATCH}
"""
_THRESHOLD = "SELECT set_config('pg_trgm.similarity_threshold', :least, true)"
_OF_TITLES = f"""
    SELECT p.id FROM programmes p
    WHERE p.title_id IS NULL AND {_AHEAD} AND p.id IN (
        SELECT named.id FROM titles t
        JOIN programmes named ON named.folded_title % t.folded_name
        WHERE t.id = ANY(:title_ids::uuid[])
        UNION ALL
        SELECT p.id FROM programmes p CROSS JOIN jsonb_each_text(p.external_ids) AS i
        WHERE p.title_id IS NULL AND p.external_ids <> '{{}}' AND i.value = ANY(ARRAY(
            SELECT j.value FROM titles t CROSS JOIN jsonb_each_text(t.external_ids) AS j
            WHERE t.id = ANY(:title_ids::uuid[])))
    )
    ORDER BY p.id
"""


@job("epg.link_programmes", follows=GUIDE_CHANGED, deduplicate=("rev",), resumable=True)
async def link_new_programmes(
    runtime: Runtime, run: JobRun, *, channel_ids: Sequence[str], rev: int
) -> None:
    """Link programmes that nobody has looked at yet, on whatever channels they are."""
    after = done = 0
    while True:
        async with runtime.database.read() as tx:
            ids = [row["id"] for row in await tx.all(_NEW, after=after)]
        if not ids:
            return
        await _link(runtime, ids)
        after, done = ids[-1], done + len(ids)
        await run.progress(done)


@job("epg.link_titles", follows=TITLES_CHANGED, resumable=True)
async def link_changed_titles(runtime: Runtime, run: JobRun, *, title_ids: Sequence[str]) -> None:
    """Link programmes that could be one of some titles, which are new or have changed."""
    async with runtime.database.read() as tx:
        await tx.scalar(_THRESHOLD, least=LEAST_LIKENESS)
        ids = [row["id"] for row in await tx.all(_OF_TITLES, title_ids=list(title_ids))]
    for start in range(0, len(ids), BATCH):
        await _link(runtime, ids[start : start + BATCH])
        await run.progress(min(start + BATCH, len(ids)), total=len(ids))


async def _link(runtime: Runtime, ids: Sequence[int]) -> None:
    async with runtime.database.write() as tx:
        await link_programmes(tx, ids)
