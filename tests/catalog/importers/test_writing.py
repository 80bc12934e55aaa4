"""Writing: what rows make of titles, their people and texts, their seasons and episodes."""

from typing import Any

import pytest

from matinee.catalog.importers.problems import RowsRefused
from matinee.catalog.importers.service import Wish
from matinee.catalog.ratings import ensure_ratings
from matinee.runtime import Runtime
from tests.catalog.importers.files import Row, import_rows, title, titles
from tests.makers import execute

FULL = title(
    original_name="Metropolis",
    tagline="The heart",
    synopsis="A city above and one below.",
    year=1927,
    runtime_minutes=153,
    language="de",
    audio_languages=["zxx"],
    subtitle_languages=["en", "de"],
    genres=["Science Fiction", "Drama"],
    countries=["DE"],
    studios=["UFA"],
    tags=["silent"],
    maturity={"system": "DE-FSK", "label": "6"},
    external_ids={"imdb": "tt0017136"},
    segments=[{"kind": "credits", "from_seconds": 9000, "to_seconds": 9180}],
    people=[
        {"name": "Fritz Lang", "role": "director"},
        {"name": "Brigitte Helm", "role": "actor", "character": "Maria"},
    ],
    localizations=[{"language": "en", "name": "Metropolis", "synopsis": "A city."}],
    rights=[{"territory": "US", "available_until": "2030-01-01T00:00:00Z"}],
    images=[{"kind": "poster", "url": "https://example.com/a.jpg"}],
    assets=[{"protocol": "hls", "url": "https://example.com/a.m3u8", "duration_seconds": 9180}],
)


@pytest.fixture(autouse=True)
async def ratings(runtime: Runtime) -> None:
    """The shipped age ratings."""
    async with runtime.database.write() as tx:
        await ensure_ratings(tx)


async def rows_of(runtime: Runtime, sql: str, *args: Any) -> list[dict[str, Any]]:
    """What a query finds."""
    async with runtime.database.read() as tx:
        connection = await tx.connection()
        return [dict(row) for row in await connection.fetch(sql, *args)]


async def stored(runtime: Runtime, external_id: str = "film:1") -> dict[str, Any]:
    """The row of a title."""
    found = await rows_of(runtime, "SELECT * FROM titles WHERE external_id = $1", external_id)
    return found[0]


async def children(runtime: Runtime, table: str) -> list[dict[str, Any]]:
    """All rows of a table of children, without their keys."""
    found = await rows_of(runtime, f"SELECT * FROM {table} ORDER BY 1, 2")
    return [{name: row[name] for name in row if name not in ("id", "title_id")} for row in found]


async def test_everything_that_a_row_says_is_stored(runtime: Runtime) -> None:
    report = await import_rows(runtime, [FULL])
    title_row = await stored(runtime)
    assert report["created"] == 1
    expected = {
        "kind": "movie", "name": "Film 1", "sort_name": "film 1", "folded_name": "film 1",
        "genres": ["science-fiction", "drama"], "maturity_score": 6, "status": "published",
        "rights_managed": True, "external_ids": {"imdb": "tt0017136"}, "version": 1,
        "subtitle_languages": ["en", "de"], "year": 1927, "is_featured": False,
        "segments": FULL["segments"],
    }  # fmt: skip
    assert {name: title_row[name] for name in expected} == expected
    people = await rows_of(
        runtime,
        "SELECT p.name, c.role, c.character FROM title_people c JOIN people p ON p.id = c.person_id"
        " ORDER BY c.position",
    )
    assert [tuple(person.values()) for person in people] == [
        ("Fritz Lang", "director", None),
        ("Brigitte Helm", "actor", "Maria"),
    ]
    (window,) = await children(runtime, "title_rights")
    assert (window["territory"], window["available_until"].year) == ("US", 2030)
    assert (await children(runtime, "media_assets"))[0]["duration_seconds"] == 9180
    assert (await children(runtime, "title_images"))[0]["url"] == "https://example.com/a.jpg"


async def test_open_windows_reach_to_the_ends_of_time(runtime: Runtime) -> None:
    await import_rows(runtime, [title(rights=[{"territory": "DE"}])])
    found = await rows_of(
        runtime,
        "SELECT available_from::text AS start, available_until::text AS until FROM title_rights",
    )
    assert found == [{"start": "-infinity", "until": "infinity"}]


async def test_an_equal_file_writes_no_row(runtime: Runtime) -> None:
    series = title(
        2, kind="series", seasons=[{"number": 1, "episodes": [{"number": 1, "name": "A"}]}]
    )
    await import_rows(runtime, [FULL, series])
    before = await row_versions(runtime)
    report = await import_rows(runtime, [FULL, series])
    assert (report["unchanged"], report["created"], report["updated"]) == (2, 0, 0)
    assert await row_versions(runtime) == before


async def row_versions(runtime: Runtime) -> list[dict[str, Any]]:
    """Which transaction wrote each row of the catalogue."""
    tables = (
        "titles", "title_people", "title_localizations", "title_rights", "title_images",
        "media_assets", "seasons", "episodes", "people", "genres",
    )  # fmt: skip
    union = " UNION ALL ".join(
        f"SELECT '{table}' AS name, ctid::text, xmin::text FROM {table}" for table in tables
    )
    return await rows_of(runtime, f"{union} ORDER BY 1, 2")


async def test_a_field_that_is_not_given_stays_as_it_is(runtime: Runtime) -> None:
    await import_rows(runtime, [FULL])
    await import_rows(runtime, [title(year=1928)])
    row = await stored(runtime)
    assert (row["year"], row["synopsis"], row["genres"], row["segments"]) == (
        1928, FULL["synopsis"], ["science-fiction", "drama"], FULL["segments"],
    )  # fmt: skip
    assert (row["maturity_label"], row["rights_managed"], row["version"]) == ("6", True, 2)
    assert len(await children(runtime, "title_people")) == 2


async def test_null_and_empty_lists_clear_what_was_there(runtime: Runtime) -> None:
    await import_rows(runtime, [FULL])
    await import_rows(
        runtime, [title(synopsis=None, genres=[], people=[], rights=[], maturity=None, segments=[])]
    )
    row = await stored(runtime)
    assert (row["synopsis"], row["genres"], row["rights_managed"]) == (None, [], False)
    assert row["segments"] == []
    assert (row["maturity_system"], row["maturity_label"], row["maturity_score"]) == (None,) * 3
    assert await children(runtime, "title_people") == []
    assert await children(runtime, "title_rights") == []


async def test_a_list_that_is_given_replaces_the_stored_one(runtime: Runtime) -> None:
    await import_rows(runtime, [FULL])
    await import_rows(
        runtime,
        [
            title(
                people=[{"name": "FRITZ  LANG", "role": "writer"}],
                localizations=[{"language": "fr", "name": "Métropolis"}],
            )
        ],
    )
    assert [text["language"] for text in await children(runtime, "title_localizations")] == ["fr"]
    credits = await rows_of(
        runtime, "SELECT p.name, c.role FROM title_people c JOIN people p ON p.id = c.person_id"
    )
    assert credits == [{"name": "Fritz Lang", "role": "writer"}]


async def test_the_sort_name_drops_the_article_of_the_titles_own_language(
    runtime: Runtime,
) -> None:
    await import_rows(runtime, [title(name="Die Nibelungen", language="de")])
    assert (await stored(runtime))["sort_name"] == "nibelungen"
    await import_rows(runtime, [title(name="Die Spinnen")])
    assert (await stored(runtime))["sort_name"] == "spinnen"


async def test_a_takedown_outlasts_imports(runtime: Runtime) -> None:
    await import_rows(runtime, [title()])
    await execute(runtime, "UPDATE titles SET status = 'takedown'")
    report = await import_rows(runtime, [title(year=1930, status="published")])
    assert report["updated"] == 1
    assert (await stored(runtime))["status"] == "takedown"


async def test_a_title_that_editors_withdrew_stays_withdrawn_unless_the_row_says_otherwise(
    runtime: Runtime,
) -> None:
    await import_rows(runtime, [title()])
    await execute(runtime, "UPDATE titles SET status = 'draft'")
    await import_rows(runtime, [title(year=1930)])
    assert (await stored(runtime))["status"] == "draft"
    await import_rows(runtime, [title(year=1931, status="published")])
    assert (await stored(runtime))["status"] == "published"


async def test_what_editors_changed_survives_the_same_file(runtime: Runtime) -> None:
    await import_rows(runtime, [title(year=1927)])
    await execute(runtime, "UPDATE titles SET year = 1926, version = version + 1")
    assert (await import_rows(runtime, [title(year=1927)]))["unchanged"] == 1
    assert (await stored(runtime))["year"] == 1926


def season(number: int, *names: str) -> Row:
    """A season with its episodes."""
    episodes = [{"number": n, "name": name} for n, name in enumerate(names, 1)]
    return {"number": number, "episodes": episodes}


async def episodes(runtime: Runtime) -> dict[str, tuple[Any, str]]:
    """Episodes by name: their ids and states."""
    found = await rows_of(runtime, "SELECT id, name, status FROM episodes")
    return {row["name"]: (row["id"], row["status"]) for row in found}


async def test_episodes_keep_their_ids_and_leave_the_catalogue_without_being_deleted(
    runtime: Runtime,
) -> None:
    await import_rows(
        runtime, [title(kind="series", seasons=[season(1, "A", "B"), season(2, "C")])]
    )
    before = await episodes(runtime)
    await import_rows(runtime, [title(kind="series", seasons=[season(1, "A")])])
    after = await episodes(runtime)
    assert {name: after[name][0] for name in after} == {name: before[name][0] for name in before}
    assert {name: state for name, (_, state) in after.items()} == {
        "A": "published", "B": "draft", "C": "draft",
    }  # fmt: skip


async def test_a_season_without_a_list_of_episodes_keeps_its_own(runtime: Runtime) -> None:
    await import_rows(runtime, [title(kind="series", seasons=[season(1, "A"), season(2, "B")])])
    rows = [title(kind="series", seasons=[{"number": 1, "name": "First"}, season(2)])]
    await import_rows(runtime, rows)
    states = {name: state for name, (_, state) in (await episodes(runtime)).items()}
    assert states == {"A": "published", "B": "draft"}


async def test_assets_of_episodes_are_replaced_and_those_of_the_series_stay(
    runtime: Runtime,
) -> None:
    trailer = {"kind": "trailer", "protocol": "hls", "url": "https://example.com/trailer"}
    episode = {
        "number": 1,
        "name": "A",
        "assets": [{"protocol": "hls", "url": "https://example.com/1"}],
        "segments": [{"kind": "intro", "from_seconds": 0, "to_seconds": 60}],
    }
    rows = [title(kind="series", assets=[trailer], seasons=[{"number": 1, "episodes": [episode]}])]
    await import_rows(runtime, rows)
    episode["assets"] = [{"protocol": "hls", "url": "https://example.com/2"}]
    await import_rows(runtime, [title(seasons=[{"number": 1, "episodes": [episode]}])])
    urls = {row["url"] for row in await children(runtime, "media_assets")}
    assert urls == {"https://example.com/trailer", "https://example.com/2"}
    (found,) = await rows_of(runtime, "SELECT segments FROM episodes")
    assert found["segments"] == episode["segments"]


async def test_only_episodes_that_changed_are_written(runtime: Runtime) -> None:
    await import_rows(runtime, [title(kind="series", seasons=[season(1, "A", "B", "C")])])
    await import_rows(runtime, [title(kind="series", seasons=[season(1, "A", "new", "C", "D")])])
    found = await rows_of(runtime, "SELECT name, version FROM episodes ORDER BY number")
    assert [tuple(row.values()) for row in found] == [("A", 1), ("new", 2), ("C", 1), ("D", 1)]
    assert (await rows_of(runtime, "SELECT version FROM seasons")) == [{"version": 1}]


async def test_what_is_not_said_of_an_episode_stays(runtime: Runtime) -> None:
    asset = {"protocol": "hls", "url": "https://example.com/1"}
    full = {"number": 1, "name": "A", "synopsis": "Long.", "air_date": "1915-11-13"} | {
        "assets": [asset]
    }
    await import_rows(
        runtime, [title(seasons=[{"number": 1, "name": "First", "episodes": [full]}])]
    )
    await import_rows(
        runtime, [title(seasons=[{"number": 1, "episodes": [{"number": 1, "name": "B"}]}])]
    )
    (episode,) = await rows_of(runtime, "SELECT name, synopsis, air_date::text FROM episodes")
    assert tuple(episode.values()) == ("B", "Long.", "1915-11-13")
    assert await rows_of(runtime, "SELECT name FROM seasons") == [{"name": "First"}]
    assert len(await children(runtime, "media_assets")) == 1


async def test_an_episode_that_comes_back_is_published_again_but_not_after_a_takedown(
    runtime: Runtime,
) -> None:
    await import_rows(runtime, [title(seasons=[season(1, "A", "B")])])
    await import_rows(runtime, [title(seasons=[season(1)])])
    await execute(runtime, "UPDATE episodes SET status = 'takedown' WHERE name = 'B'")
    await import_rows(runtime, [title(seasons=[season(1, "A", "B")])])
    states = {name: state for name, (_, state) in (await episodes(runtime)).items()}
    assert states == {"A": "published", "B": "takedown"}


async def test_people_of_one_folded_name_are_one_person(runtime: Runtime) -> None:
    credit = [{"name": "Léos Carax", "role": "director"}]
    other = [{"name": "leos carax", "role": "writer"}]
    await import_rows(runtime, [title(1, people=credit), title(2, people=other)])
    assert len(await rows_of(runtime, "SELECT * FROM people")) == 1


@pytest.mark.parametrize("name", ["ﷺ" * 150, "$", "電影" * 100, "'; DROP TABLE titles; --"])
async def test_names_of_any_kind_can_be_stored(runtime: Runtime, name: str) -> None:
    rows = [title(name=name, genres=[name], people=[{"name": name, "role": "actor"}])]
    report = await import_rows(runtime, rows)
    assert (report["created"], report["errors"]) == (1, [])


async def test_a_row_that_the_database_refuses_is_found_among_many(runtime: Runtime) -> None:
    await execute(
        runtime, "ALTER TABLE titles ADD CONSTRAINT no_thirteen CHECK (name <> 'Film 13')"
    )
    report = await import_rows(runtime, titles(300, year=1920))
    (error,) = report["errors"]
    assert (report["created"], report["error_count"]) == (299, 1)
    assert (error["index"], error["external_id"], error["code"]) == (13, "film:13", "rule_violated")
    assert error["field"] == "no_thirteen"


async def test_wrong_rows_do_not_keep_others_out(runtime: Runtime) -> None:
    rows = [
        title(1),
        title(2, year="soon"),
        title(3, maturity={"system": "X", "label": "Y"}),
        title(1),
    ]
    report = await import_rows(runtime, rows)
    assert report["created"] == 1
    assert [(error["index"], error["field"], error["code"]) for error in report["errors"]] == [
        (1, "year", "validation_failed"),
        (2, "maturity", "invalid_value"),
        (3, "external_id", "conflict"),
    ]


async def test_only_the_first_errors_are_shown_but_all_are_counted(runtime: Runtime) -> None:
    report = await import_rows(runtime, [title(n, year="soon") for n in range(1500)])
    assert (report["error_count"], len(report["errors"])) == (1500, 200)
    assert [error["index"] for error in report["errors"]] == list(range(200))


async def test_all_or_nothing_stores_nothing_where_one_row_of_thousands_is_wrong(
    runtime: Runtime,
) -> None:
    rows = [*titles(2500), title(9999, year="soon")]
    with pytest.raises(RowsRefused) as caught:
        await import_rows(runtime, rows, Wish(all_or_nothing=True))
    assert (caught.value.details or {})["errors"][0]["index"] == 2500
    assert await rows_of(runtime, "SELECT FROM titles") == []


async def test_all_or_nothing_stores_everything_where_all_is_well(runtime: Runtime) -> None:
    report = await import_rows(runtime, titles(2500), Wish(all_or_nothing=True))
    assert report["created"] == 2500
