"""The index follows what titles say, whoever changes it and in whatever order jobs run."""

from uuid import UUID

from httpx import AsyncClient

from matinee.catalog.search import upkeep
from matinee.catalog.search.documents import configuration_of, read_titles, store_documents
from matinee.core.jobs import JobRun
from matinee.core.text import fold
from matinee.runtime import Runtime
from tests.catalog.makers import ADMIN, make_person
from tests.catalog.search.conftest import Index, hits
from tests.makers import as_staff, execute, make_title, scalar

_WORDS = "SELECT tsvector_to_array(words) FROM search_documents WHERE title_id = $1"


def run_of(runtime: Runtime) -> JobRun:
    return JobRun(1, 0, runtime.database)


async def words_of(runtime: Runtime, title_id: UUID) -> set[str]:
    return set(await scalar(runtime, _WORDS, title_id) or ())


async def test_a_title_is_indexed_when_it_is_made_and_when_it_changes(
    runtime: Runtime, client: AsyncClient
) -> None:
    editor = await as_staff(runtime, client, "editor")
    film = {"kind": "movie", "name": "Cops", "synopsis": "A chase", "status": "published"}
    made = (await client.post(f"{ADMIN}/titles", json=film, headers=editor)).json()
    await runtime.worker.drain()
    assert {"cops", "chase"} <= await words_of(runtime, UUID(made["id"]))
    change = {"name": "The Goat", "original_name": "Le Bouc"}
    await client.patch(f"{ADMIN}/titles/{made['id']}", json=change, headers=editor)
    await runtime.worker.drain()
    assert {"goat", "bouc"} <= await words_of(runtime, UUID(made["id"]))
    assert await scalar(runtime, "SELECT array_agg(folded_name) FROM search_names") == ["le bouc"]
    await client.patch(f"{ADMIN}/titles/{made['id']}", json={"original_name": None}, headers=editor)
    await runtime.worker.drain()
    assert await scalar(runtime, "SELECT count(*) FROM search_names") == 0


async def test_a_person_s_new_name_is_found(
    runtime: Runtime, client: AsyncClient, index: Index
) -> None:
    editor = await as_staff(runtime, client, "editor")
    cops = await make_title(runtime, "Cops")
    person_id = await make_person(runtime, "Buster Keaton", cops)
    await index()
    await client.patch(f"{ADMIN}/people/{person_id}", json={"name": "Joseph"}, headers=editor)
    await runtime.worker.drain()
    assert "joseph" in await words_of(runtime, cops)
    assert "keaton" not in await words_of(runtime, cops)


async def test_what_was_read_too_early_is_not_stored(runtime: Runtime) -> None:
    title_id = await make_title(runtime, "Cops", original_name="Flics")
    async with runtime.database.read() as tx:
        old = await read_titles(tx, [title_id])
    await execute(
        runtime,
        "UPDATE titles SET name = 'The Goat', version = version + 1 WHERE id = $1",
        title_id,
    )
    async with runtime.database.write() as wtx:
        await store_documents(wtx, old, "en")
    assert await words_of(runtime, title_id) == set()
    assert await scalar(runtime, "SELECT count(*) FROM search_names") == 0


async def test_a_title_deleted_meanwhile_is_left_out(runtime: Runtime) -> None:
    title_id = await make_title(runtime, "Cops")
    await execute(runtime, "DELETE FROM titles")
    await upkeep.index_titles(runtime, run_of(runtime), title_ids=[str(title_id)])
    assert await scalar(runtime, "SELECT count(*) FROM search_documents") == 0


async def test_indexing_twice_is_indexing_once(runtime: Runtime, index: Index) -> None:
    await make_title(runtime, "Cops", original_name="Flics")
    await index()
    before = await scalar(runtime, "SELECT xmin::text FROM search_documents")
    await index()
    assert await scalar(runtime, "SELECT xmin::text FROM search_documents") == before


async def test_what_is_missing_is_found_every_hour(runtime: Runtime, client: AsyncClient) -> None:
    await make_title(runtime, "Cops", synopsis="Policemen everywhere.")
    assert await hits(client, "policemen") == []
    await upkeep.index_missing(runtime, run_of(runtime))
    assert await hits(client, "policemen") == ["Cops"]


async def test_words_that_are_gone_leave_the_lexicon(runtime: Runtime, index: Index) -> None:
    await make_title(runtime, "Cops")
    await make_title(runtime, "The Goat")
    await index()
    assert await scalar(runtime, "SELECT count(*) FROM search_words WHERE word = 'goat'") == 1
    await execute(runtime, "DELETE FROM titles WHERE name = 'The Goat'")
    await upkeep.count_words(runtime, run_of(runtime))
    assert await scalar(runtime, "SELECT count(*) FROM search_words WHERE word = 'goat'") == 0


async def test_rare_words_weigh_more(runtime: Runtime, index: Index) -> None:
    for name in ("Film one", "Film two", "Film three"):
        await make_title(runtime, name)
    await index()
    film = await scalar(runtime, "SELECT idf FROM search_words WHERE word = 'film'")
    assert film < await scalar(runtime, "SELECT idf FROM search_words WHERE word = 'three'")


async def test_very_long_texts_are_indexed(runtime: Runtime, index: Index) -> None:
    story = " ".join(f"word{n}" for n in range(30_000))
    title_id = await make_title(runtime, "ﷺ" * 60, synopsis=story, original_name="ﷺ" * 61)
    await index()
    assert "word1" in await words_of(runtime, title_id)
    folded = await scalar(runtime, "SELECT folded_name FROM search_names")
    assert fold("ﷺ" * 61).startswith(folded)


def test_stems_are_made_in_languages_that_have_them() -> None:
    assert [configuration_of(tag) for tag in ("en", "de", "ja")] == ["english", "german", "simple"]
