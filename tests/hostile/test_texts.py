"""Odd text is text: it is kept as it was written, and found again."""

import unicodedata

import pytest
from httpx import AsyncClient

from tests.fuzzing import check_answer
from tests.world import World

TEXTS = {
    "emoji of many parts": "👩‍👩‍👧‍👦🏳️‍🌈",
    "right to left": "\u202eabc\u202c \u05d0\u05d1",
    "isolates": "\u2066a\u2069",
    "zero width": "a\u200bb\u200d\ufeffc",
    "beyond the first plane": "𝕄𝕒𝕥𝕚𝕟𝕖𝕖",
    "last character": "\U0010ffff",
    "noncharacters": "\ufffe\uffff",
    "stacked marks": "Z" + "\u0351" * 30,
    "decomposed": "Ame\u0301lie",
    "Turkish": "\u0130I\u0131i",
    "sharp s": "ẞß",
    "markup": "<script>alert(1)</script>",
    "quotes": """'"`; DROP TABLE profiles; --""",
    "wild cards": "%_\\%",
    "placeholders": "{0} %s $1 :name ${x}",
    "path": "../../etc/passwd",
    "null": "null",
    "formula": "=1+1",
}


async def test_a_name_is_kept(client: AsyncClient, world: World, subtests: pytest.Subtests) -> None:
    address, headers = f"/api/v1/profiles/{world.ids['profile_id']}", world.headers["household"]
    for name, text in TEXTS.items():
        with subtests.test(name):
            answer = await client.patch(address, json={"name": text}, headers=headers)
            check_answer(answer)
            assert answer.status_code == 200, answer.text
            profile = await client.get(address, headers=headers)
            assert profile.json()["name"] == unicodedata.normalize("NFC", text)


async def test_a_title_is_found_by_its_name(
    client: AsyncClient, world: World, subtests: pytest.Subtests
) -> None:
    for name, text in TEXTS.items():
        with subtests.test(name):
            rated = {"maturity": {"system": "US-MPAA", "label": "G"}, "status": "published"}
            made = await client.post(
                "/api/v1/admin/titles",
                json={"kind": "movie", "name": text, **rated},
                headers=world.headers["admin"],
            )
            check_answer(made)
            for part, role in (("admin", "admin"), ("catalog", "household")):
                found = await client.get(
                    f"/api/v1/{part}/titles", params={"q": text}, headers=world.headers[role]
                )
                check_answer(found)
                assert made.json()["id"] in [item["id"] for item in found.json()["items"]], part


async def test_of_two_fields_of_one_name_the_last_counts(client: AsyncClient, world: World) -> None:
    answer = await client.post(
        "/api/v1/profiles",
        content=b'{"name": "Eve", "name": "Zoe"}',
        headers=world.headers["household"] | {"Content-Type": "application/json"},
    )
    assert answer.json()["name"] == "Zoe"
