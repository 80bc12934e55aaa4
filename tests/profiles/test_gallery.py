"""The platform's avatars (P-05)."""

import xml.etree.ElementTree as ElementTree

import pytest
from httpx import AsyncClient

from matinee.profiles.gallery import drawing, gallery

AVATARS = "/api/v1/catalog/avatars"


async def test_the_gallery_has_24_avatars_at_least(client: AsyncClient) -> None:
    items = (await client.get(AVATARS)).json()["items"]
    assert len({avatar["id"] for avatar in items}) == len(items) >= 24
    assert any(avatar["kids_safe"] for avatar in items)


async def test_it_can_be_asked_for_childrens_avatars_only(client: AsyncClient) -> None:
    items = (await client.get(AVATARS, params={"kids": True})).json()["items"]
    assert items
    assert all(avatar["kids_safe"] for avatar in items)


async def test_the_gallery_is_revalidated_by_its_etag(client: AsyncClient) -> None:
    first = await client.get(AVATARS)
    again = await client.get(AVATARS, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")


async def test_a_picture_may_be_kept_for_a_year(client: AsyncClient) -> None:
    answer = await client.get(f"{AVATARS}/usherette.svg")
    assert answer.headers["Content-Type"].startswith("image/svg+xml")
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"


@pytest.mark.parametrize("avatar", [avatar.id for avatar in gallery().items])
def test_every_avatar_is_a_drawing_without_scripts(avatar: str) -> None:
    root = ElementTree.fromstring(drawing(avatar))
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    tags = {element.tag.rpartition("}")[2] for element in root.iter()}
    assert not tags & {"script", "foreignObject", "image", "use", "a"}
    assert not any(name.startswith("on") for element in root.iter() for name in element.attrib)


@pytest.mark.parametrize("avatar", ["nobody", "index", "%2e%2e%2findex", "usherette%00", "..%5c"])
async def test_nothing_else_is_served(client: AsyncClient, avatar: str) -> None:
    assert (await client.get(f"{AVATARS}/{avatar}.svg")).status_code == 404
