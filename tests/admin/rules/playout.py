"""What violates the rules about what linear channels play."""

from matinee.playback.grid import sequence_at
from matinee.runtime import Runtime
from tests.epg.makers import at, make_channel, make_programme
from tests.makers import execute

_RUN = """
    INSERT INTO playout_runs
        (channel_id, first_sequence, segment_count, media, media_segments, first_discontinuity)
    VALUES ($1, $2, $3, '{clip}', '{8}', $4)
"""
_SLOT = """
    INSERT INTO linear_slots (channel_id, starts_at, ends_at, programme_id, media,
                              content_segments, plan_version, locked)
    VALUES ($1, $2, $3, $4, '{clip}', 8, 1, true)
"""


async def _runs(runtime: Runtime, *runs: tuple[int, int, int]) -> str:
    channel_id = await make_channel(runtime, kind="linear", hls_live_url=None)
    now = sequence_at(at(0).timestamp())
    for first, count, discontinuity in runs:
        await execute(runtime, _RUN, channel_id, now + first, count, discontinuity)
    return str(channel_id)


async def gap(runtime: Runtime) -> str:
    return await _runs(runtime, (0, 8, 0), (9, 8, 1))


async def overlap(runtime: Runtime) -> str:
    return await _runs(runtime, (0, 8, 0), (7, 8, 1))


async def wrong_count(runtime: Runtime) -> str:
    return await _runs(runtime, (0, 20, 0), (20, 8, 2))  # the clip began three times


async def slot_without_run(runtime: Runtime) -> str:
    channel_id = await make_channel(runtime, kind="linear", hls_live_url=None)
    await execute(runtime, _SLOT, channel_id, at(0), at(30), await make_programme(runtime))
    return str(channel_id)


VIOLATIONS = {
    "a gap between runs": ("runs_follow_each_other", gap),
    "runs that overlap": ("runs_follow_each_other", overlap),
    "a run that counts wrongly": ("discontinuities_are_counted", wrong_count),
    "a settled slot that is not played": ("settled_slots_are_played", slot_without_run),
}
