"""What is found by which words, and in which order."""

from urllib.parse import quote

import pytest
from httpx import AsyncClient

from matinee.runtime import Runtime
from tests.catalog.makers import make_collection, make_person
from tests.catalog.search.conftest import Index, ask, hits, name_of, part
from tests.makers import as_viewer, execute, make_title


async def localize(runtime: Runtime, title_id: object, language: str, name: str) -> None:
    await execute(
        runtime,
        "INSERT INTO title_localizations (title_id, language, name) VALUES ($1, $2, $3)",
        title_id,
        language,
        name,
    )


async def test_exact_before_prefix_before_word_before_misspelt(
    runtime: Runtime, client: AsyncClient, index: Index
) -> None:
    for name in ("Rockery", "The Rocket", "The Rock", "Rock Island", "Rock", "Docks"):
        await make_title(runtime, name)
    await index()
    found = await ask(client, "rock")
    assert [name_of(hit) for hit in found["items"]] == [
        "Rock", "Rock Island", "The Rock", "Rockery", "The Rocket",
    ]  # fmt: skip
    assert [hit["match"] for hit in found["items"]] == ["exact"] + ["prefix"] * 4
    assert [part(hit) for hit in found["items"]] == ["Rock"] * 5


@pytest.mark.parametrize(
    ("name", "query"),
    [
        ("Léon", "leon"),
        ("Œuvre au noir", "oeuvre"),
        ("Mr. Robot", "mr robot"),
        ("Mr. Robot", "MR. ROBOT!"),
        ("S.W.A.T.", "swat"),
        ("Don't Look Now", "dont look now"),
        ("Straße", "STRASSE"),
        ("Fast & Furious", "fast and furious"),
        ("Amélie", "Ame\u0301lie"),
        ("東京物語", "物語"),
        ("東京物語", "東"),
        ("سينما", "سينما"),
        ("$", "$"),
        ("M", "m"),
        ("It", "it"),
    ],
)
async def test_a_name_is_found_however_it_is_written(
    runtime: Runtime, client: AsyncClient, index: Index, name: str, query: str
) -> None:
    await make_title(runtime, name)
    await make_title(runtime, "Another film")
    await index()
    assert await hits(client, query) == [name]


@pytest.mark.parametrize(
    "query", ["metroplis", "metropolsi", "mertopolis", "metropoliss", "the metroplis", "metropo"]
)
async def test_typing_errors_are_forgiven(
    runtime: Runtime, client: AsyncClient, index: Index, query: str
) -> None:
    for name in ("Metropolis", "Nosferatu", "The General"):
        await make_title(runtime, name)
    await index()
    assert (await hits(client, query))[0] == "Metropolis"


async def test_letters_swapped_in_a_short_word_are_forgiven(
    runtime: Runtime, client: AsyncClient, index: Index
) -> None:
    for name in ("Rocky", "Roxie Hart", "Rope"):
        await make_title(runtime, name)
    await index()
    assert (await hits(client, "rokcy"))[0] == "Rocky"


async def test_what_was_meant_is_said(runtime: Runtime, client: AsyncClient, index: Index) -> None:
    await make_title(runtime, "The Godfather")
    await index()
    assert (await ask(client, "the godfater"))["did_you_mean"] == "the godfather"
    assert (await ask(client, "the godfather"))["did_you_mean"] is None
    assert (await ask(client, "the godfat"))["did_you_mean"] is None


async def test_a_hidden_title_lends_no_words(
    runtime: Runtime, client: AsyncClient, index: Index
) -> None:
    await make_title(runtime, "Zaroffskaya", status="draft")
    await make_title(runtime, "The Most Dangerous Game")
    await index()
    found = await ask(client, "zarofskaya dangerous")
    assert found["did_you_mean"] is None
    assert [name_of(hit) for hit in found["items"]] == ["The Most Dangerous Game"]


async def test_a_title_is_found_by_name_before_the_index_knows_it(
    runtime: Runtime, client: AsyncClient
) -> None:
    await make_title(runtime, "Metropolis")
    assert await hits(client, "metropolis") == ["Metropolis"]
    assert await hits(client, "metroplis") == ["Metropolis"]


async def test_other_names_find_a_title_and_are_told(
    runtime: Runtime, client: AsyncClient, index: Index
) -> None:
    title_id = await make_title(runtime, "The Blue Angel", original_name="Der blaue Engel")
    await localize(runtime, title_id, "fr", "L'Ange bleu")
    await index()
    for query in ("der blaue engel", "l'ange bleu"):
        [hit] = (await ask(client, query))["items"]
        assert name_of(hit) == "The Blue Angel"
        assert hit["matched_name"] in ("Der blaue Engel", "L'Ange bleu")
        assert hit["span"] is None
    headers = {"Accept-Language": "fr"}
    [hit] = (await ask(client, "lange bleu", headers))["items"]
    assert (name_of(hit), part(hit)) == ("L'Ange bleu", "L'Ange bleu")


async def test_a_plot_finds_its_title(runtime: Runtime, client: AsyncClient, index: Index) -> None:
    await make_title(
        runtime, "The General", synopsis="An engineer chases spies who stole his locomotive."
    )
    await make_title(runtime, "Cops", synopsis="A young man is chased by the whole police force.")
    await make_title(runtime, "One Week", synopsis="Newlyweds build a house from a kit.")
    await index()
    [hit, *_] = (await ask(client, "spies steal a locomotives engineer"))["items"]
    assert (name_of(hit), hit["match"], hit["span"]) == ("The General", "text", None)


async def test_a_person_comes_before_his_titles(
    runtime: Runtime, client: AsyncClient, index: Index
) -> None:
    cops = await make_title(runtime, "Cops")
    await make_title(runtime, "Nosferatu")
    await make_person(runtime, "Buster Keaton", cops)
    await index()
    for query in ("buster keaton", "bustr keton", "keaton"):
        found = (await ask(client, query))["items"]
        assert [hit["type"] for hit in found] == ["person", "title"], query
        assert [name_of(hit) for hit in found] == ["Buster Keaton", "Cops"]
        assert found[0]["person"]["roles"] == ["actor"]
        assert found[1]["matched_name"] == "Buster Keaton"


async def test_a_person_is_shown_to_those_who_may_see_a_title(
    runtime: Runtime, client: AsyncClient, index: Index
) -> None:
    await make_person(runtime, "Max Schreck", await make_title(runtime, "N", maturity_score=16))
    await make_person(runtime, "Nobody", await make_title(runtime, "D", status="draft"))
    await index()
    child = await as_viewer(runtime, client, kind="kids", max_maturity=9)
    adult = await as_viewer(runtime, client, "ben@example.com")
    assert await hits(client, "max schreck", child) == []
    assert (await hits(client, "max schreck", adult))[0] == "Max Schreck"
    assert await hits(client, "nobody", adult) == []


async def test_collections_are_found(runtime: Runtime, client: AsyncClient, index: Index) -> None:
    titles = [await make_title(runtime, f"Film {n}") for n in range(3)]
    await make_collection(runtime, "silents", *titles, name="Silent wonders")
    await make_collection(runtime, "few", *titles[:2], name="Silent few")
    await index()
    [hit] = (await ask(client, "silent"))["items"]
    assert (hit["type"], hit["collection"]["slug"], part(hit)) == (
        "collection", "silents", "Silent",
    )  # fmt: skip
    assert await hits(client, "silent", type="title") == []


async def test_only_the_asked_types_come(
    runtime: Runtime, client: AsyncClient, index: Index
) -> None:
    cops = await make_title(runtime, "Keaton")
    await make_person(runtime, "Buster Keaton", cops)
    await index()
    assert await hits(client, "keaton", type="person") == ["Buster Keaton"]
    assert await hits(client, "keaton", type="title") == ["Keaton"]


async def test_the_most_watched_of_a_name_comes_first(
    runtime: Runtime, client: AsyncClient, index: Index
) -> None:
    ids = [await make_title(runtime, "Nosferatu", year=year) for year in (1922, 1979, 2024)]
    await index()
    await execute(
        runtime,
        "INSERT INTO title_trends VALUES ('**', 'standard', $1, 10, 10, 3),"
        " ('**', 'standard', $2, 15, 15, 3)",
        ids[0],
        ids[1],
    )
    found = (await ask(client, "nosferatu"))["items"]
    assert [hit["title"]["year"] for hit in found] == [1979, 1922, 2024]


async def test_a_narrow_view_still_fills_the_page(
    runtime: Runtime, client: AsyncClient, index: Index
) -> None:
    await execute(
        runtime,
        "INSERT INTO titles (kind, status, name, sort_name, folded_name, synopsis,"
        " maturity_system, maturity_label, maturity_score)"
        " SELECT 'movie', 'published', 'Rocket ' || n, 'rocket ' || n, 'rocket ' || n,"
        " 'A rocket flies to the moon', 'US-MPAA', 'G', CASE WHEN n % 100 = 0 THEN 0 ELSE 18 END"
        " FROM generate_series(1, 3000) AS n",
    )
    await index()
    child = await as_viewer(runtime, client, kind="kids", max_maturity=9)
    for query in ("rocket", "rokcet", "flies to the moon", "ro"):
        assert len(await hits(client, query, child, page_size=20)) == 20, query


HOSTILE = [
    "!!!", "…", "'", "''", "\\", "%", "_", "%%%", "&", "|", "!", "a & b | !c", "'x':*", "(", "):*",
    "😀", "👩‍👩‍👧‍👦 film", "\u202eabc", "ﷺ" * 200, "Ⅷ", "½", "a" * 200, "a " * 100, "ß" * 200,
    "\u0301\u0302", "שלום", "ก", "가", "x'; DROP TABLE titles; --", "\u200b\u200b", "-1", "1e999",
]  # fmt: skip


async def test_no_text_does_harm(runtime: Runtime, client: AsyncClient, index: Index) -> None:
    await make_title(runtime, "Metropolis", synopsis="A city.")
    await index()
    headers = await as_viewer(runtime, client)
    for text in HOSTILE:
        for path in ("", "/suggestions", "/semantic"):
            answer = await client.get(
                f"/api/v1/catalog/search{path}", params={"q": text}, headers=headers
            )
            assert answer.status_code in (200, 422), (path, text, answer.text)


@pytest.mark.parametrize("text", ["", " ", "a\0b", "x" * 10_000])
async def test_what_is_no_text_is_refused(client: AsyncClient, text: str) -> None:
    query = quote(text)
    for path in ("", "/suggestions", "/semantic"):
        answer = await client.get(f"/api/v1/catalog/search{path}?q={query}")
        assert answer.status_code == 422, path
