"""What is asked wrongly is refused, and never a fault of ours."""

from typing import Any
from uuid import UUID

import pytest
from httpx import AsyncClient

from tests.epg.guide.calls import ask, window
from tests.epg.makers import EPG

ONE = str(UUID(int=1))
DAY = {"from": "2030-06-10T00:00:00Z", "to": "2030-06-11T00:00:00Z"}

BAD: dict[str, dict[str, Any]] = {
    "no channels": DAY,
    "an empty list": {"channel_ids": "", **DAY},
    "no id": {"channel_ids": "one", **DAY},
    "501 channels": {"channel_ids": ",".join(str(UUID(int=n)) for n in range(501)), **DAY},
    "no window": {"channel_ids": ONE},
    "an empty window": {"channel_ids": ONE, "from": DAY["from"], "to": DAY["from"]},
    "a window backwards": {"channel_ids": ONE, "from": DAY["to"], "to": DAY["from"]},
    "more than seven days": {
        "channel_ids": ONE,
        "from": "2030-06-10T00:00:00Z",
        "to": "2030-06-17T00:00:01Z",
    },
    "a time without a zone": {
        "channel_ids": ONE,
        "from": "2030-06-10T00:00:00",
        "to": "2030-06-11T00:00:00",
    },
    "infinity": {"channel_ids": ONE, "from": "-infinity", "to": "infinity"},
    "a number": {"channel_ids": ONE, "from": "0", "to": "1"},
    "a year of five digits": {
        "channel_ids": ONE,
        "from": "20300-06-10T00:00:00Z",
        "to": "20300-06-11T00:00:00Z",
    },
    "a form that there is not": {"channel_ids": ONE, "format": "xml", **DAY},
    "a negative revision": {"channel_ids": ONE, "since_rev": -1, **DAY},
    "a revision beyond all": {"channel_ids": ONE, "since_rev": 2**63, **DAY},
    "NUL": {"channel_ids": f"{ONE}\0", **DAY},
}


@pytest.mark.parametrize("case", BAD)
async def test_a_bad_wish_for_schedules_is_refused(client: AsyncClient, case: str) -> None:
    assert (await ask(client, "/schedule/multi", **BAD[case])).status_code == 422


@pytest.mark.parametrize("case", sorted(BAD))
async def test_the_same_is_refused_where_it_is_posted(client: AsyncClient, case: str) -> None:
    body = dict(BAD[case])
    if "channel_ids" in body:
        body["channel_ids"] = body["channel_ids"].split(",")
    answer = await client.post(f"{EPG}/schedule/multi", json=body)
    assert answer.status_code == 422


@pytest.mark.parametrize("ids", [None, "x", 7, {"a": 1}, [None], [[]], [{}], [7], [True]])
async def test_channels_of_another_kind_are_refused(client: AsyncClient, ids: Any) -> None:
    answer = await client.post(f"{EPG}/schedule/multi", json={"channel_ids": ids, **DAY})
    assert answer.status_code == 422


@pytest.mark.parametrize("year", ["0001", "1969", "9999"])
@pytest.mark.parametrize("form", ["objects", "compact"])
async def test_the_ends_of_time_are_empty(client: AsyncClient, year: str, form: str) -> None:
    span = {"from": f"{year}-01-02T00:00:00Z", "to": f"{year}-01-03T00:00:00Z"}
    answer = await ask(client, "/schedule/multi", channel_ids=ONE, format=form, **span)
    assert answer.status_code == 200


async def test_500_channels_may_be_asked_for(client: AsyncClient) -> None:
    ids = ",".join(str(UUID(int=n)) for n in range(500))
    assert (await ask(client, "/schedule/multi", channel_ids=ids, **window())).status_code == 200


@pytest.mark.parametrize(
    "params",
    [
        {},
        {"channel_id": "x"},
        {"channel_id": ONE, "date": "2030-02-30"},
        {"channel_id": ONE, "date": "0001-01-01"},
        {"channel_id": ONE, "date": "9999-12-31"},
        {"channel_id": ONE, "date": "infinity"},
        {"channel_id": ONE, "tz": "Mars/Olympus"},
        {"channel_id": ONE, "tz": "../../etc/passwd"},
        {"channel_id": ONE, "tz": ""},
    ],
)
async def test_a_bad_wish_for_a_day_is_refused(client: AsyncClient, params: dict[str, str]) -> None:
    assert (await ask(client, "/schedule", **params)).status_code == 422


@pytest.mark.parametrize("airing_id", ["0", "-1", "x", str(2**63), "1e3", "1.5"])
async def test_an_id_that_no_airing_can_have_is_refused(
    client: AsyncClient, airing_id: str
) -> None:
    assert (await ask(client, f"/airings/{airing_id}")).status_code == 422


@pytest.mark.parametrize(
    ("path", "params"),
    [
        ("/search", {}),
        ("/search", {"q": ""}),
        ("/search", {"q": "a\0b"}),
        ("/search", {"q": "x" * 201}),
        ("/search", {"q": "x", "page_size": 51}),
        ("/channels", {"page_size": 0}),
        ("/channels", {"page_size": 1001}),
        ("/channels", {"locked": "maybe"}),
        ("/channels", {"profile_id": "x"}),
        ("/channels", {"genre": ""}),
        ("/now", {"colour": "red"}),
    ],
)
async def test_bad_filters_are_refused(
    client: AsyncClient, path: str, params: dict[str, Any]
) -> None:
    assert (await ask(client, path, **params)).status_code == 422


@pytest.mark.parametrize("q", ["\\", "'", '"', "$1", ":q", "％", "ﷺ" * 60, "東京", "🎬"])
async def test_any_question_can_be_asked(client: AsyncClient, q: str) -> None:
    for path in ("/search", "/channels", "/now"):
        assert (await ask(client, path, q=q)).status_code == 200
