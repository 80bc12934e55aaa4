"""What is trending: for this country and audience, never a single household's evening."""

from matinee.accounts.viewer import Viewer
from matinee.recommendations.rails.shelves import read_shelves, shelf_of
from matinee.runtime import Runtime
from tests.makers import make_title
from tests.recommendations.makers import dislike, make_trend, make_viewer


async def names(runtime: Runtime, viewer: Viewer, limit: int = 10) -> list[str]:
    """The names of what is trending for this viewer."""
    async with runtime.database.read() as tx:
        listed = await read_shelves(tx, viewer, [shelf_of(viewer, "trending")], limit)
        rows = await tx.all("SELECT id, name FROM titles")
    known = {row["id"]: row["name"] for row in rows}
    return [known[one.title_id] for one in listed["trending"]]


async def make_hit(runtime: Runtime, name: str, plays: float, **trend: object) -> None:
    title_id = await make_title(runtime, name, maturity_score=trend.pop("maturity_score", 0))
    await make_trend(runtime, title_id, plays, **trend)  # type: ignore[arg-type]


async def test_the_hottest_comes_first(runtime: Runtime) -> None:
    viewer = await make_viewer(runtime)
    await make_hit(runtime, "Faust", 2)
    await make_hit(runtime, "Nosferatu", 9)
    assert await names(runtime, viewer) == ["Nosferatu", "Faust"]


async def test_what_was_hot_cools_down(runtime: Runtime) -> None:
    viewer = await make_viewer(runtime)
    await make_hit(runtime, "Faust", 3)
    await make_hit(runtime, "Nosferatu", 9, days_ago=28)
    assert await names(runtime, viewer) == ["Faust", "Nosferatu"]


async def test_nobody_s_evening_can_be_read(runtime: Runtime) -> None:
    viewer = await make_viewer(runtime)
    await make_hit(runtime, "Faust", 50, households=2)
    assert await names(runtime, viewer) == []


async def test_kids_and_grown_ups_have_their_own_trends(runtime: Runtime) -> None:
    kid = await make_viewer(runtime, kind="kids", max_maturity=9)
    await make_hit(runtime, "Faust", 50)
    await make_hit(runtime, "Felix", 4, audience="kids")
    assert await names(runtime, kid) == ["Felix"]


async def test_the_own_country_comes_first_and_the_world_fills_up(runtime: Runtime) -> None:
    viewer = await make_viewer(runtime, country="DE")
    await make_hit(runtime, "Faust", 3, territory="DE")
    await make_hit(runtime, "Safety Last!", 90, territory="US")
    await make_hit(runtime, "The General", 90, territory="**")
    assert await names(runtime, viewer) == ["Faust", "The General"]


async def test_hidden_titles_leave_no_hole(runtime: Runtime) -> None:
    viewer = await make_viewer(runtime, max_maturity=12)
    await make_hit(runtime, "M", 90, maturity_score=16)
    await make_hit(runtime, "Faust", 3)
    assert await names(runtime, viewer, limit=1) == ["Faust"]


async def test_a_thumbs_down_takes_a_title_off_the_list(runtime: Runtime) -> None:
    viewer, title_id = await make_viewer(runtime), await make_title(runtime, "Faust")
    await make_trend(runtime, title_id, 5)
    await dislike(runtime, viewer, title_id)
    assert await names(runtime, viewer) == []
