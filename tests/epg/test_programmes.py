"""Programmes: the same words are the same row."""

from dataclasses import replace
from datetime import date

from matinee.epg.programmes import ProgrammeDraft, content_key_of, put_programmes
from matinee.runtime import Runtime

FULL = ProgrammeDraft(
    title="Léon",
    sub_title="The Professional",
    description="A hitman and a girl.",
    season=1,
    episode=2,
    series_key="leon",
    language="en",
    categories=("Film", "Drama"),
    genres=("Film",),
    maturity_label="R",
    maturity_score=17,
    year=1994,
    original_air_date=date(1994, 9, 14),
    image_url="https://example.com/leon.jpg",
    credits=({"role": "actor", "name": "Jean Reno", "character": "Léon"},),
    external_ids={"imdb": "tt0110413"},
)


async def test_a_programme_says_all_that_its_draft_says(runtime: Runtime) -> None:
    async with runtime.database.write() as tx:
        [programme_id] = await put_programmes(tx, [FULL])
        row = await tx.one("SELECT * FROM programmes WHERE id = :id", id=programme_id)
    assert row is not None
    assert row["folded_title"] == "leon"
    assert row["categories"] == ["Film", "Drama"]
    assert row["original_air_date"] == date(1994, 9, 14)
    assert row["credits"] == [{"role": "actor", "name": "Jean Reno", "character": "Léon"}]
    assert row["external_ids"] == {"imdb": "tt0110413"}
    assert row["maturity_score"] == 17


async def test_the_same_words_are_one_programme(runtime: Runtime) -> None:
    async with runtime.database.write() as tx:
        first = await put_programmes(tx, [FULL, ProgrammeDraft("News"), FULL])
    async with runtime.database.write() as tx:
        again = await put_programmes(tx, [ProgrammeDraft("News"), FULL])
        count = await tx.scalar("SELECT count(*) FROM programmes")
    assert first[0] == first[2] == again[1]
    assert first[1] == again[0]
    assert count == 2


async def test_known_programmes_are_not_written(runtime: Runtime) -> None:
    async with runtime.database.write() as tx:
        await put_programmes(tx, [FULL])
    async with runtime.database.write() as tx:
        await put_programmes(tx, [FULL])
        written = await tx.scalar(
            "SELECT count(*) FROM programmes WHERE xmin = pg_current_xact_id()::xid"
        )
    assert written == 0


def test_any_other_word_makes_another_key() -> None:
    others = [
        replace(FULL, description="A hitman."),
        replace(FULL, maturity_score=18),
        replace(FULL, external_ids={}),
        replace(FULL, sub_title=None),
    ]
    assert len({content_key_of(draft) for draft in [FULL, *others]}) == 5


def test_the_order_of_external_ids_does_not_matter() -> None:
    one = replace(FULL, external_ids={"imdb": "tt1", "tvdb": "2"})
    other = replace(FULL, external_ids={"tvdb": "2", "imdb": "tt1"})
    assert content_key_of(one) == content_key_of(other)


async def test_no_drafts_are_no_programmes(runtime: Runtime) -> None:
    async with runtime.database.write() as tx:
        assert await put_programmes(tx, []) == []
