"""Plans of lists at a size where they matter: a page looks at the titles it shows, no others."""

from matinee.accounts.viewer import Viewer
from matinee.runtime import Runtime
from matinee.viewing.queries import recently_browsed
from tests.catalog.test_plans import Explaining
from tests.makers import execute, make_profile, make_user

_TITLES = """
    INSERT INTO titles (kind, status, name, sort_name, folded_name, maturity_score)
    SELECT 'movie', 'published', n, n, n, 0 FROM generate_series(1, 20000) AS n
"""
_VIEWS = """
    INSERT INTO title_views (user_id, profile_id, title_id, viewed_at)
    SELECT p.user_id, p.id, t.id, clock_timestamp() - t.number * interval '1 minute'
    FROM profiles p, titles t WHERE t.number % 20 = 0
"""


async def test_a_page_of_many_rows_stops_when_it_is_full(runtime: Runtime) -> None:
    user_id = await make_user(runtime)
    viewer = Viewer("US", 21, user_id=user_id, profile_id=await make_profile(runtime, user_id))
    for statement in (_TITLES, _VIEWS, "ANALYZE titles, title_views"):
        await execute(runtime, statement)
    tx = Explaining(runtime.database)
    found = await recently_browsed(tx, viewer, 24)
    await tx.finish(None)
    looked_up = sum(
        node["Actual Rows"] * node["Actual Loops"]
        for node in tx.plans
        if node.get("Relation Name") == "titles"
    )
    assert (len(found), looked_up) == (24, 25)
