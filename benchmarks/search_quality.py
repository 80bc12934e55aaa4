"""How well things are found: MRR@10 and recall@10 of search beside what is usual, by kind of query.

    python3 dev bench search_quality                        the demo catalogue
    python benchmarks/search_quality.py FILE [TITLES]       a file of titles, a sample of it

Queries are made from the catalogue itself: names as they are, with typing errors, in part, in other
order; sentences of the plot, and what is left of them without names and small words in other forms
and another order; people, with a typing error too. A query about a person is answered by any title
with that person, every other one by the title that it was made from. Only titles are counted.
"""

import asyncio
import sys
import tempfile
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from uuid import UUID

import asyncpg
from pydantic import SecretStr

from _search_sets import QUERIES, TITLES_OF_CATALOGUE, Maker, Query, fill
from matinee.accounts.viewer import Viewer
from matinee.catalog import vectors
from matinee.catalog.search import ranking
from matinee.catalog.search.question import understand
from matinee.catalog.search.ranking import Meaning
from matinee.core.database import ReadTx
from matinee.core.settings import Settings
from matinee.core.text import fold
from matinee.embedded.postgres import EmbeddedPostgres
from matinee.enrichment.embedding_text import TEXTS
from matinee.installation import install
from matinee.runtime import Runtime

TITLES = 5000
"""So many are embedded: a minute and a half."""

MEAN_FLOOR, MEAN_GOAL = 0.80, 0.88
FLOORS = {"one typo": 0.85, "exact": 0.97}

DEMO = Path(__file__).parent.parent / "src/matinee/demo/data"
EVERYTHING = Viewer(territory="US", max_maturity=21)
Method = Callable[[ReadTx, str], Awaitable[list[UUID]]]

_ILIKE = (
    "SELECT id FROM titles WHERE name ILIKE '%' || :q || '%' ORDER BY length(name), id LIMIT 10"
)
_TRIGRAM = """
    SELECT id FROM titles WHERE folded_name % :q
    ORDER BY similarity(folded_name, :q) DESC, id LIMIT 10
"""
_RRF = """
    WITH words AS (
        SELECT title_id AS id, row_number() OVER (ORDER BY rank DESC, title_id) AS n
        FROM (
            SELECT title_id, ts_rank_cd(words, query) AS rank
            FROM search_documents, websearch_to_tsquery('english', :q) AS query
            WHERE words @@ query ORDER BY rank DESC, title_id LIMIT 60
        ) AS best
    ), names AS (
        SELECT id, row_number() OVER (ORDER BY likeness DESC, id) AS n
        FROM (
            SELECT id, word_similarity(:q, folded_name) AS likeness FROM titles
            WHERE :q <% folded_name ORDER BY likeness DESC, id LIMIT 60
        ) AS best
    ), meaning AS (
        SELECT id, n FROM unnest(:near::uuid[]) WITH ORDINALITY AS near (id, n)
    )
    SELECT id FROM (TABLE words UNION ALL TABLE names UNION ALL TABLE meaning) AS every
    GROUP BY id ORDER BY sum(1.0 / (60 + n)) DESC, id LIMIT 10
"""


class Methods:
    """The ways to search that are compared."""

    def __init__(self, runtime: Runtime, *, embedded: bool) -> None:
        self._embedder = runtime.embedder
        self._embedded = embedded

    def all(self) -> dict[str, Method]:
        """By name; those that need vectors only where there are some."""
        plain: dict[str, Method] = {"ILIKE": self.ilike, "trigram": self.trigram}
        with_vectors: dict[str, Method] = {"MiniLM": self.near, "RRF": self.rrf}
        return plain | (with_vectors if self._embedded else {}) | {"search": self.search}

    async def ilike(self, tx: ReadTx, text: str) -> list[UUID]:
        """What many do."""
        return [row["id"] for row in await tx.all(_ILIKE, q=text)]

    async def trigram(self, tx: ReadTx, text: str) -> list[UUID]:
        """Similarity of the name."""
        return [row["id"] for row in await tx.all(_TRIGRAM, q=fold(text))]

    async def near(self, tx: ReadTx, text: str) -> list[UUID]:
        """Meaning alone."""
        return list((await self._meaning(tx, text, 10)).near)

    async def rrf(self, tx: ReadTx, text: str) -> list[UUID]:
        """Full text, names and meaning by reciprocal ranks, as textbooks have it."""
        near = (await self._meaning(tx, text, 60)).near
        return [row["id"] for row in await tx.all(_RRF, q=fold(text), near=near)]

    async def search(self, tx: ReadTx, text: str) -> list[UUID]:
        """Ours."""
        meaning = await self._meaning(tx, text, ranking.CANDIDATES) if self._embedded else None
        question = await understand(tx, text, "english_stem")
        found = await ranking.rank(tx, EVERYTHING, question, 10, meaning=meaning, types=["title"])
        return [hit.id for hit in found]

    async def _meaning(self, tx: ReadTx, text: str, wanted: int) -> Meaning:
        vector = await self._embedder.embed_query(text)
        near = await vectors.nearest(tx, vector, "true", wanted, model=self._embedder.model)
        return Meaning(vector, self._embedder.model, [title.title_id for title in near])


async def score(runtime: Runtime, method: Method, queries: list[Query]) -> tuple[float, float]:
    """MRR@10 and recall@10: the share of queries with an answer among the first ten."""
    ranks = []
    for query in queries:
        async with runtime.database.read() as tx:
            found = await method(tx, query.text)
        hits = [n for n, title_id in enumerate(found, 1) if title_id in query.answers]
        ranks.append(hits[0] if hits else 0)
    reciprocal = sum(1 / rank for rank in ranks if rank)
    return reciprocal / len(ranks), sum(rank > 0 for rank in ranks) / len(ranks)


async def embed(runtime: Runtime) -> None:
    """Vectors of all titles."""
    async with runtime.database.read() as tx:
        rows = await tx.all(f"SELECT t.id, {TEXTS['search']} AS text FROM titles t")
    for start in range(0, len(rows), 200):
        batch = rows[start : start + 200]
        made = await runtime.embedder.embed([row["text"] for row in batch])
        async with runtime.database.write() as wtx:
            await wtx.execute(
                "INSERT INTO content_embeddings"
                " (title_id, purpose, model, dims, embedding, content_hash)"
                " SELECT id, 'search', :model, 384, vector::vector, ''"
                " FROM unnest(:ids::uuid[], :vectors::text[]) AS made (id, vector)",
                model=runtime.embedder.model,
                ids=[row["id"] for row in batch],
                vectors=[str(vector) for vector in made],
            )


async def measure(url: str, paths: Sequence[Path], most: int | None, *, embedded: bool) -> bool:
    """Print the table; returns whether our floors hold."""
    await install(url)
    settings = Settings(environment="test", database_url=SecretStr(url), log_level="error")
    runtime = Runtime(settings)
    await runtime.open()
    await fill(runtime, paths, most)
    embedded = embedded and runtime.embedder.available
    if embedded:
        await embed(runtime)
    async with runtime.database.read() as tx:
        titles = await tx.all(TITLES_OF_CATALOGUE)
        maker = Maker(titles)
        sets = maker.sets() | await maker.people(tx)
    methods = Methods(runtime, embedded=embedded).all()
    print(f"\n{len(titles)} titles, {QUERIES} queries a set; MRR@10 (recall@10)")
    print(f"{'':14}" + "".join(f"{name:>14}" for name in methods))
    ours: dict[str, float] = {}
    sums = dict.fromkeys(methods, 0.0)
    for name, queries in sets.items():
        line = f"{name:14}"
        for method, search in methods.items():
            mrr, recall = await score(runtime, search, queries)
            sums[method] += mrr / len(sets)
            ours |= {name: mrr} if method == "search" else {}
            line += f"{mrr:8.3f} ({recall:.2f})"
        print(line, flush=True)
    print(f"{'mean':14}" + "".join(f"{sums[name]:14.3f}" for name in methods))
    await runtime.close()
    floors = {name: ours[name] >= floor for name, floor in FLOORS.items()}
    return all(floors.values()) and sums["search"] >= MEAN_FLOOR


async def measure_all(server: EmbeddedPostgres, paths: Sequence[Path], most: int) -> bool:
    """A sample with vectors; then, where there is more, the whole catalogue without."""
    connection = await asyncpg.connect(server.url())
    holds = True
    for name, titles, embedded in (("sample", most, True), ("whole", None, False)):
        await connection.execute(f"CREATE DATABASE {name}")
        holds &= await measure(server.url(name), paths, titles, embedded=embedded)
        if paths[0].parent == DEMO:
            break
    await connection.close()
    return holds


def main() -> None:
    """Start a server for this run alone, and measure."""
    given = sys.argv[1:]
    paths = [Path(given[0])] if given else sorted(DEMO.glob("*.jsonl"))
    most = int(given[1]) if len(given) > 1 else TITLES
    with tempfile.TemporaryDirectory(prefix="matinee-bench-") as folder:
        Path(folder).chmod(0o755)  # PostgreSQL is another user where we are root
        server = EmbeddedPostgres(Path(folder) / "postgres", durable=False)
        server.start()
        try:
            holds = asyncio.run(measure_all(server, paths, most))
        finally:
            server.stop()
    print(f"floors: mean {MEAN_FLOOR} (goal {MEAN_GOAL}),", FLOORS)
    if not holds:
        raise SystemExit("a floor is not reached")


if __name__ == "__main__":
    main()
