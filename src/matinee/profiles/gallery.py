"""The platform's avatars (P-05): shipped with the package, never redrawn under the same id."""

import json
from functools import cache
from pathlib import Path

from matinee.core.errors import InvalidValue, NotFound
from matinee.profiles.schemas import Avatar, Avatars

_FOLDER = Path(__file__).with_name("avatars")


@cache
def gallery(kids: bool | None = None) -> Avatars:
    """All avatars in the order they are shown, or only those (not) for children."""
    entries = json.loads((_FOLDER / "index.json").read_text(encoding="utf-8"))
    avatars = [Avatar(**entry, url=avatar_url(entry["id"])) for entry in entries]
    return Avatars(items=[one for one in avatars if kids is None or one.kids_safe == kids])


def avatar_url(avatar_id: str) -> str:
    """Where the picture of an avatar is served."""
    return f"/api/v1/catalog/avatars/{avatar_id}.svg"


@cache
def drawing(avatar_id: str) -> bytes:
    """The SVG of an avatar.

    Raises:
        NotFound: the gallery has none of that id.
    """
    if avatar_id not in {avatar.id for avatar in gallery().items}:
        raise NotFound()
    return (_FOLDER / f"{avatar_id}.svg").read_bytes()


def is_suitable(avatar_id: str, *, kids: bool) -> bool:
    """Whether the gallery has this avatar, and for children where it is for one."""
    return any(one.id == avatar_id and (one.kids_safe or not kids) for one in gallery().items)


def choose_avatar(wanted: str | None, *, kids: bool, taken: set[str]) -> str:
    """The wanted avatar, or the first free one that suits.

    Raises:
        InvalidValue: no such avatar, or not one for children.
    """
    suitable = [avatar.id for avatar in gallery().items if is_suitable(avatar.id, kids=kids)]
    if wanted is None:
        return next((avatar for avatar in suitable if avatar not in taken), suitable[0])
    if wanted not in suitable:
        raise InvalidValue("avatar_id", allowed=suitable)
    return wanted
