"""For channels, too, the decision in Python, the facts read for it and the filter in SQL agree."""

import contextlib
from collections import Counter
from dataclasses import replace
from uuid import UUID

from matinee.accounts.viewer import Viewer
from matinee.core.database import ReadTx, WriteTx
from matinee.entitlements.access import Asking, Blackout, Carriage, Facts, Grant, decide
from matinee.entitlements.channels import (
    CHANNEL_VISIBLE,
    channel_entitled_at,
    channel_entitlement_of,
    channel_facts_of,
    channel_visibility_of,
)
from matinee.runtime import Runtime
from tests.entitlements.worlds import (
    NOW,
    PLACES,
    Inventor,
    Record,
    World,
    grant_of,
    package,
    package_of,
    store,
    window_of,
)

WORLDS = 40
CHANNELS = 8

_PLAYABLE = f"""
    SELECT c.id FROM channels c
    WHERE {CHANNEL_VISIBLE} AND {channel_entitled_at(":at::timestamptz")}
"""


class _Undone(Exception):
    pass


async def make_channels(tx: WriteTx, seed: int) -> World:
    """A world of channels; what the database refuses as contradictory is not in it."""
    inventor, world = Inventor(seed), World()
    draw = inventor.random.choice
    ids = [inventor.new_id() for _ in range(CHANNELS)]

    async def keep(table: str, records: list[Record]) -> None:
        world.tables[table] = await store(tx, table, records)

    await keep("channels", [_channel(inventor, one) for one in ids])
    await keep("content_packages", [package(inventor, one) for one in inventor.packages])
    await keep(
        "package_channels",
        [
            {
                "id": inventor.new_id(),
                "package_id": draw(inventor.packages),
                "channel_id": draw(ids),
            }
            | inventor.window()
            for _ in range(12)
        ],
    )
    await keep("blackouts", [_blackout(inventor, draw(ids)) for _ in range(draw((0, 2, 4)))])
    grants = [inventor.grant() for _ in range(16)]
    await keep("user_entitlements", [one for one in grants if one["kind"] == "package"])
    await keep("account_holds", [inventor.hold() for _ in range(draw((0, 0, 1)))])
    return world


def _channel(inventor: Inventor, channel_id: UUID) -> Record:
    choice = inventor.random.choice
    return {
        "id": channel_id,
        "slug": f"c-{channel_id}",
        "name": "C",
        "folded_name": "c",
        "status": choice(("published", "published", "published", "hidden")),
        "maturity_score": choice((None, 0, 12, 18)),
        "genres": inventor.some(("drama", "comedy")),
        "tags": inventor.some(("Classic", "new")),
    }


def _blackout(inventor: Inventor, channel_id: UUID) -> Record:
    start, end = sorted((inventor.moment(), inventor.moment()))
    return {
        "id": inventor.new_id(),
        "channel_id": channel_id,
        "territory": inventor.random.choice(PLACES),
        "starts_at": start,
        "ends_at": end if start < end else inventor.later(start),
        "reason": "rights",
    }


def facts_in(world: World, viewer: Viewer, channel: Record) -> tuple[Asking, Facts]:
    """What is known of a channel for a viewer, found by walking through all records."""
    tables = world.tables
    packages = {one["id"]: package_of(one) for one in tables["content_packages"]}
    carried = [one for one in tables["package_channels"] if one["channel_id"] == channel["id"]]
    asking = Asking(
        viewer.territory,
        NOW,
        held=any(
            one["user_id"] == viewer.user_id and one["blocks_playback"] and not one["lifted_at"]
            for one in tables["account_holds"]
        ),
        sees_prices=viewer.kind != "kids",
        unsold_is_free=viewer.unsold_is_free,
    )
    facts = Facts(
        channel["id"],
        shown=channel["status"] == "published",
        suitable=_is_suitable(channel, viewer),
        sold=bool(carried),
        carriages=[Carriage(packages[one["package_id"]], window_of(one)) for one in carried],
        grants=_grants(world, viewer),
        blackouts=[
            Blackout(one["starts_at"], one["ends_at"])
            for one in tables["blackouts"]
            if one["channel_id"] == channel["id"]
            and one["territory"] in ("**", viewer.territory)
            and one["ends_at"] > NOW
        ],
    )
    return asking, facts


def _grants(world: World, viewer: Viewer) -> list[Grant]:
    grants = world.tables["user_entitlements"]
    return [grant_of(one) for one in grants if one["user_id"] == viewer.user_id]


def _is_suitable(channel: Record, viewer: Viewer) -> bool:
    labels = {label.lower() for label in (*channel["tags"], *channel["genres"])}
    blocked = {label.lower() for label in viewer.blocked_tags}
    score = channel["maturity_score"]
    low_enough = score is None or score <= viewer.max_maturity
    return low_enough and not labels & blocked and not viewer.allow_list_only


async def compare(tx: ReadTx, world: World, viewer: Viewer, ways: Counter[str]) -> list[str]:
    """What differs for one viewer."""
    channels = world.tables["channels"]
    ids = [one["id"] for one in channels]
    asked, read = await channel_facts_of(tx, viewer, ids, at=NOW)
    parameters = channel_visibility_of(viewer) | channel_entitlement_of(viewer)
    playable = {row["id"] for row in await tx.all(_PLAYABLE, at=NOW, **parameters)}
    found = []
    for channel in channels:
        asking, facts = facts_in(world, viewer, channel)
        expected, decided = decide(facts, asking), decide(read[channel["id"]], asked)
        ways[expected.via] += 1
        if decided != expected or (channel["id"] in playable) is not expected.playable:
            found.append(f"{viewer}: expected {expected}, read {decided}, filter {playable}")
    return found


async def test_sql_and_python_decide_alike_on_channels(runtime: Runtime) -> None:
    differences: list[str] = []
    ways: Counter[str] = Counter()
    for seed in range(WORLDS):
        with contextlib.suppress(_Undone):
            async with runtime.database.write() as tx:
                world = await make_channels(tx, seed)
                inventor = Inventor(-seed - 1)
                for _ in range(3):
                    viewer = inventor.viewer()
                    listed = replace(viewer, allow_list_only=inventor.random.random() < 0.1)
                    differences += await compare(tx, world, listed, ways)
                raise _Undone
    assert differences == []
    assert ways.keys() == {
        "unavailable", "account_held", "parental", "svod", "free", "locked", "not_in_territory",
        "blackout",
    }  # fmt: skip
