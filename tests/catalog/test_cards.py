"""Cards: what they say, in which language, with which pictures."""

from typing import Any

from httpx import AsyncClient

from matinee.runtime import Runtime
from tests.catalog.makers import browse, make_genre, make_rights
from tests.makers import as_viewer, execute, insert, make_title


async def the_card(
    client: AsyncClient, languages: str | None = None, headers: dict[str, str] | None = None
) -> dict[str, Any]:
    """The card of the only title."""
    asked = {"Accept-Language": languages} if languages else {}
    page = await browse(client, asked | (headers or {}))
    card: dict[str, Any] = page["items"][0]
    return card


async def localize(runtime: Runtime, title_id: object, language: str, name: str) -> None:
    await execute(
        runtime,
        "INSERT INTO title_localizations (title_id, language, name) VALUES ($1, $2, $3)",
        title_id,
        language,
        name,
    )


async def test_a_card_says_what_a_list_needs(runtime: Runtime, client: AsyncClient) -> None:
    await make_genre(runtime, "science-fiction", "Science Fiction")
    await make_title(
        runtime,
        year=1927,
        runtime_minutes=153,
        language="de",
        genres=["science-fiction"],
        tagline="There can be no understanding …",
    )
    card = await the_card(client)
    assert {name: card[name] for name in ("name", "year", "runtime_minutes", "language")} == {
        "name": "Metropolis",
        "year": 1927,
        "runtime_minutes": 153,
        "language": "de",
    }
    assert card["genres"] == [{"slug": "science-fiction", "name": "Science Fiction"}]
    assert card["maturity"] == {"system": "US-MPAA", "label": "G", "score": 0}


async def test_names_follow_accept_language(runtime: Runtime, client: AsyncClient) -> None:
    title_id = await make_title(runtime, "The Last Laugh")
    await localize(runtime, title_id, "de", "Der letzte Mann")
    await localize(runtime, title_id, "fr", "Le Dernier des hommes")
    asked = {
        "de-AT": "Der letzte Mann",
        "it, fr;q=0.9, de;q=0.8": "Le Dernier des hommes",
        "fr;q=0.1, de": "Der letzte Mann",
        "it": "The Last Laugh",
        "": "The Last Laugh",
        "not a header; at all,,": "The Last Laugh",
    }
    shown = {languages: (await the_card(client, languages))["name"] for languages in asked}
    assert shown == asked


async def test_the_catalogue_s_own_language_wins_over_a_less_wanted_translation(
    runtime: Runtime, client: AsyncClient
) -> None:
    title_id = await make_title(runtime, "The Last Laugh")
    await localize(runtime, title_id, "de", "Der letzte Mann")
    assert (await the_card(client, "en, de;q=0.5"))["name"] == "The Last Laugh"


async def test_without_a_header_the_profile_s_language_counts(
    runtime: Runtime, client: AsyncClient
) -> None:
    title_id = await make_title(runtime, "The Last Laugh")
    await localize(runtime, title_id, "de", "Der letzte Mann")
    headers = await as_viewer(runtime, client, ui_language="de")
    assert (await the_card(client, headers=headers))["name"] == "Der letzte Mann"


async def test_a_picture_in_the_viewer_s_language_wins(
    runtime: Runtime, client: AsyncClient
) -> None:
    title_id = await make_title(runtime)
    pictures: list[tuple[str, str | None, int]] = [
        ("poster", None, 1), ("poster", None, 2), ("poster", "de", 3), ("thumb", "fr", 4),
    ]  # fmt: skip
    for kind, language, position in pictures:
        await insert(
            runtime,
            "title_images",
            title_id=title_id,
            kind=kind,
            url=f"https://img.example.com/{kind}-{language}-{position}.webp",
            language=language,
            position=position,
        )
    german, english = await the_card(client, "de"), await the_card(client, "en")
    assert german["artwork"]["poster"].endswith("poster-de-3.webp")
    assert english["artwork"]["poster"].endswith("poster-None-1.webp")
    assert english["artwork"]["thumb"] is None


async def test_a_card_says_until_when_it_is_here(runtime: Runtime, client: AsyncClient) -> None:
    title_id = await make_title(runtime)
    await make_rights(runtime, title_id, "US", closes=3)
    assert (await the_card(client))["available_until"] is not None
    await make_rights(runtime, title_id, "**")
    assert (await the_card(client))["available_until"] is None
