"""What a viewer is told of its taste, and how it corrects that."""

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from httpx import AsyncClient

from matinee.runtime import Runtime
from tests.makers import execute, make_title, scalar
from tests.viewing.makers import kinds_of
from tests.viewing.progress.makers import VIEWING, Somebody


async def rate(client: AsyncClient, who: Somebody, title_id: Any, value: int = 1) -> None:
    answer = await client.put(
        f"{VIEWING}/ratings/{title_id}", json={"value": value}, headers=who.headers
    )
    assert answer.status_code == 204, answer.text


async def told(client: AsyncClient, who: Somebody) -> list[tuple[str, str, float]]:
    """Names, kinds and weights of what the service concludes."""
    answer = await client.get(f"{VIEWING}/taste", headers=who.headers)
    assert answer.status_code == 200, answer.text
    keys = ("name", "signal", "signal_weight")
    return [tuple(card[key] for key in keys) for card in answer.json()["items"]]


async def ignore(client: AsyncClient, who: Somebody, title_id: Any, method: str = "PUT") -> int:
    answer = await client.request(
        method, f"{VIEWING}/signals/{title_id}/ignored", headers=who.headers
    )
    return answer.status_code


async def reset(client: AsyncClient, who: Somebody) -> None:
    answer = await client.post(f"{VIEWING}/taste/reset", headers=who.headers)
    assert answer.status_code == 204, answer.text


async def test_conclusions_are_shown_with_their_titles(
    runtime: Runtime, client: AsyncClient, ana: Somebody
) -> None:
    await rate(client, ana, await make_title(runtime, "A"))
    await rate(client, ana, await make_title(runtime, "B"), -1)
    assert await told(client, ana) == [("B", "disliked", -0.5), ("A", "liked", 1.0)]


async def test_a_hidden_title_is_not_among_them(
    runtime: Runtime, client: AsyncClient, ana: Somebody
) -> None:
    await rate(client, ana, await make_title(runtime))
    await execute(runtime, "UPDATE titles SET status = 'takedown'")
    assert await told(client, ana) == []


async def test_an_ignored_title_counts_for_nothing_and_is_still_shown(
    runtime: Runtime, client: AsyncClient, ana: Somebody
) -> None:
    title_id = await make_title(runtime)
    await rate(client, ana, title_id)
    assert await ignore(client, ana, title_id) == 204
    assert await told(client, ana) == [("Metropolis", "ignored", 0.0)]


async def test_a_title_may_be_ignored_beforehand(
    runtime: Runtime, client: AsyncClient, ana: Somebody
) -> None:
    title_id = await make_title(runtime)
    assert await ignore(client, ana, title_id) == 204
    await rate(client, ana, title_id, 2)
    assert await kinds_of(runtime, ana.profile_id) == {title_id: "ignored"}


async def test_a_title_no_longer_ignored_counts_with_all_that_was_done(
    runtime: Runtime, client: AsyncClient, ana: Somebody
) -> None:
    title_id = await make_title(runtime)
    await ignore(client, ana, title_id)
    await rate(client, ana, title_id)
    for _ in range(2):
        assert await ignore(client, ana, title_id, "DELETE") == 204
    assert await kinds_of(runtime, ana.profile_id) == {title_id: "liked"}


async def test_a_title_that_is_not_visible_cannot_be_ignored(
    runtime: Runtime, client: AsyncClient, ana: Somebody
) -> None:
    assert await ignore(client, ana, await make_title(runtime, status="draft")) == 404
    assert await ignore(client, ana, uuid4()) == 404
    assert await ignore(client, ana, uuid4(), "DELETE") == 204


async def test_a_reset_forgets_conclusions_and_keeps_opinions(
    runtime: Runtime, client: AsyncClient, ana: Somebody
) -> None:
    before, ignored = [await make_title(runtime, name) for name in ("A", "B")]
    await rate(client, ana, before)
    await ignore(client, ana, ignored)
    await reset(client, ana)
    assert await kinds_of(runtime, ana.profile_id) == {ignored: "ignored"}
    assert await scalar(runtime, "SELECT count(*) FROM ratings") == 1


async def test_what_is_said_after_a_reset_counts_again(
    runtime: Runtime, client: AsyncClient, ana: Somebody
) -> None:
    title_id = await make_title(runtime)
    await rate(client, ana, title_id)
    await reset(client, ana)
    await rate(client, ana, title_id, 2)
    assert await kinds_of(runtime, ana.profile_id) == {title_id: "loved"}


async def test_a_profile_tells_when_its_taste_began_anew(
    client: AsyncClient, ana: Somebody
) -> None:
    await reset(client, ana)
    answer = await client.get(f"/api/v1/profiles/{ana.profile_id}", headers=ana.headers)
    began = datetime.fromisoformat(answer.json()["taste_reset_at"])
    assert abs((datetime.now(UTC) - began).total_seconds()) < 60
