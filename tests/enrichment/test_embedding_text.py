"""What of a title is embedded: how it is called, what it is, who made it, what happens."""

from typing import Any

import pytest

from matinee.enrichment.embedding_text import MOST_LETTERS, TEXTS
from matinee.runtime import Runtime
from tests.makers import execute, insert, make_title, scalar

METROPOLIS: dict[str, Any] = {
    "year": 1927,
    "genres": ["science-fiction", "drama"],
    "mood_tags": ["epic"],
    "theme_tags": ["dystopia"],
    "synopsis": "The son of a ruler descends to the workers.",
    "tagline": "There can be no understanding.",
}


async def text_of(runtime: Runtime, purpose: str) -> str:
    return str(await scalar(runtime, f"SELECT {TEXTS[purpose]} FROM titles t"))


async def make_credits(runtime: Runtime, *credits: tuple[str, str]) -> None:
    for position, (name, role) in enumerate(credits):
        person_id = await insert(runtime, "people", name=name, name_key=name.lower())
        await execute(
            runtime,
            "INSERT INTO title_people (title_id, position, person_id, role)"
            " SELECT id, $1, $2, $3 FROM titles",
            position,
            person_id,
            role,
        )


async def test_for_search_it_says_what_the_title_is_about(runtime: Runtime) -> None:
    await make_title(runtime, "Metropolis", **METROPOLIS)
    await make_credits(runtime, ("Fritz Lang", "director"))

    assert await text_of(runtime, "search") == (
        "Metropolis (1927). science fiction, drama. epic, dystopia."
        " The son of a ruler descends to the workers."
    )


async def test_for_taste_it_names_the_people_as_well(runtime: Runtime) -> None:
    await make_title(runtime, "Metropolis", **METROPOLIS)
    await make_credits(
        runtime,
        ("Brigitte Helm", "actor"),
        ("Fritz Lang", "director"),
        ("Thea von Harbou", "writer"),
        ("Alfred Abel", "actor"),
    )

    assert await text_of(runtime, "taste") == (
        "Metropolis (1927). science fiction, drama. epic, dystopia. Directed by Fritz Lang."
        " With Brigitte Helm, Alfred Abel. The son of a ruler descends to the workers."
    )


@pytest.mark.parametrize("purpose", TEXTS)
async def test_a_name_is_enough(runtime: Runtime, purpose: str) -> None:
    await make_title(runtime, "Metropolis", synopsis="")

    assert await text_of(runtime, purpose) == "Metropolis"


@pytest.mark.parametrize(
    ("columns", "story"),
    [
        ({"synopsis": None, "ai_description": "A city.", "tagline": "Moloch!"}, "A city."),
        ({"synopsis": "", "tagline": "Moloch!"}, "Moloch!"),
    ],
)
async def test_without_a_synopsis_other_texts_stand_in(
    runtime: Runtime, columns: dict[str, Any], story: str
) -> None:
    await make_title(runtime, "Metropolis", **columns)

    assert await text_of(runtime, "search") == f"Metropolis. {story}"


async def test_only_the_first_actors_are_named(runtime: Runtime) -> None:
    await make_title(runtime, "Metropolis")
    await make_credits(runtime, *((f"Actor {number}", "actor") for number in range(9)))

    assert "Actor 5" in await text_of(runtime, "taste")
    assert "Actor 6" not in await text_of(runtime, "taste")


async def test_endless_texts_are_cut(runtime: Runtime) -> None:
    await make_title(runtime, "Metropolis", synopsis="long " * 1000)

    assert len(await text_of(runtime, "search")) == MOST_LETTERS
