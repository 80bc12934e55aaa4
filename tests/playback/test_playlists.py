"""Playlists hold what RFC 8216 demands, whatever is sent and whenever they are asked for."""

import itertools
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matinee.playback.grid import seconds_at, sequence_at
from matinee.playback.playlists import master_playlist, media_playlist, rendition_of, vod_playlist
from matinee.playback.problems import ChannelOffAir
from matinee.playback.runs import Run, clips_between
from matinee.playback.windows import live_span, live_window, past_span, past_window
from tests.playback.playlist_reader import Read, film, follows, read, signed

LIBRARY = {slug: film(slug, count) for slug, count in (("a", 8), ("b", 5), ("c", 13), ("f", 2))}
BERLIN = ZoneInfo("Europe/Berlin")


def live(runs: Sequence[Run], now: float, minutes: int = 10, *, skip: bool = False) -> Read:
    """The live playlist at a moment."""
    span = live_span(minutes, now)
    window = live_window(runs, span, minutes)
    return read(media_playlist(window, "v360", LIBRARY.get, skip=skip).filled(signed))


def past(runs: Sequence[Run], begin: int, end: int | None, now: float, started: int) -> Read:
    """The playlist of a programme at a moment."""
    window = past_window(runs, past_span(begin, end, now), begin, end, started)
    return read(media_playlist(window, "audio", LIBRARY.get).filled(signed))


def in_a_row(lengths: Sequence[tuple[int, int]], first: int) -> list[Run]:
    """Runs of so many segments, each after a gap."""
    runs, discontinuity = [], 7
    slugs = ("a", "b", "c")
    for gap, count in lengths:
        media = slugs[count % 3 :] + slugs[: count % 3]
        run = Run(
            first + gap,
            count,
            media,
            tuple(LIBRARY[slug].segment_count for slug in media),
            discontinuity,
        )
        runs.append(run)
        discontinuity += len(clips_between([run], run.first, run.end))
        first = run.end
    return runs


schedules = st.lists(
    st.tuples(st.sampled_from([0, 0, 0, 3]), st.integers(1, 60)), min_size=1, max_size=12
).map(lambda lengths: in_a_row(lengths, 6_000_000))
moments = st.lists(st.floats(0, 3000), min_size=2, max_size=8).map(sorted)


def live_reloads(runs: Sequence[Run], times: Sequence[float], minutes: int) -> Iterator[Read]:
    for time in times:
        try:
            yield live(runs, seconds_at(runs[0].first) + time, minutes)
        except ChannelOffAir:
            continue


@given(schedules, moments, st.integers(1, 20))
def test_each_reload_of_a_live_playlist_continues_the_one_before(
    runs: list[Run], times: list[float], minutes: int
) -> None:
    reloads = list(live_reloads(runs, times, minutes))
    for before, after in itertools.pairwise(reloads):
        follows(before, after)


@given(schedules, moments)
def test_each_reload_from_the_start_of_a_programme_continues_the_one_before(
    runs: list[Run], times: list[float]
) -> None:
    begin = seconds_at(runs[0].first)
    reloads = [past(runs, begin, begin + 1500, begin + time, begin) for time in times]
    for before, after in itertools.pairwise(reloads):
        follows(before, after)
        assert after.first == before.first
        assert after.ended >= before.ended


@given(schedules, st.floats(0, 3000), st.integers(1, 20))
def test_a_live_window_is_unbroken_and_ends_now(runs: list[Run], time: float, minutes: int) -> None:
    now = seconds_at(runs[0].first) + time
    try:
        found = live(runs, now, minutes)
    except ChannelOffAir:
        edge = sequence_at(now)
        assert not any(run.first < edge <= run.end for run in runs)
        return
    assert list(found.segments) == list(range(found.first, sequence_at(now)))
    assert len(found.segments) <= minutes * 15


@given(schedules, st.floats(0, 3000))
def test_an_update_with_what_was_skipped_is_the_whole_playlist(
    runs: list[Run], time: float
) -> None:
    now = seconds_at(runs[0].first) + time
    try:
        whole = live(runs, now)
    except ChannelOffAir:
        return
    update = live(runs, now, skip=True)
    assert len(update.segments) + update.skipped == len(whole.segments)
    for number, segment in update.segments.items():
        assert (
            segment[:2] + segment[3:4] == whole.segments[number][:2] + whole.segments[number][3:4]
        )


@given(schedules, st.floats(0, 3000))
def test_durations_fit_the_target(runs: list[Run], time: float) -> None:
    begin = seconds_at(runs[0].first)
    found = past(runs, begin, None, begin + time, begin)
    assert all(round(segment.seconds) <= found.target for segment in found.segments.values())


def week_of_local_hours() -> list[Run]:
    """Runs that begin at every full hour of clocks in Berlin, in the week they are set back."""
    begin = datetime(2026, 10, 22, tzinfo=BERLIN)
    starts = [
        (begin.astimezone(UTC) + timedelta(hours=hour)).astimezone(BERLIN) for hour in range(169)
    ]
    firsts = [sequence_at(start.timestamp()) for start in starts]
    lengths = [(0, after - first) for first, after in itertools.pairwise(firsts)]
    return in_a_row(lengths, firsts[0])


def test_numbers_only_rise_over_a_week_in_which_clocks_are_set_back() -> None:
    runs = week_of_local_hours()
    begin, end = seconds_at(runs[0].first), seconds_at(runs[-1].end)
    before = None
    for now in range(begin + 4, end, 97):
        after = live(runs_around(runs, now), now)
        if before is not None:
            follows(before, after)
        before = after
    assert before is not None
    assert before.discontinuity > 16_000


def runs_around(runs: Sequence[Run], now: int) -> list[Run]:
    """What a worker reads of the table for a reload."""
    edge = sequence_at(now)
    return [run for run in runs if run.first < edge and run.end > edge - 150]


def test_workers_that_have_read_more_or_less_write_the_same() -> None:
    runs = week_of_local_hours()
    now = seconds_at(runs[100].first) + 60
    assert live(runs, now) == live(runs_around(runs, now), now)


def test_every_clip_begins_with_its_own_start_and_its_moment() -> None:
    runs = [Run(100, 40, ("a", "b"), (8, 5), 3)]
    found = live(runs, seconds_at(130))
    dated = {number: segment.date for number, segment in found.segments.items() if segment.date}
    assert dated == {
        100: "2026-01-01T00:06:40.000Z",
        108: "2026-01-01T00:07:12.000Z",
        113: "2026-01-01T00:07:32.000Z",
        121: "2026-01-01T00:08:04.000Z",
        126: "2026-01-01T00:08:24.000Z",
    }
    assert {number: found.segments[number].discontinuity for number in dated} == {
        100: 3, 108: 4, 113: 5, 121: 6, 126: 7,
    }  # fmt: skip


def test_a_film_is_cut_where_its_run_ends() -> None:
    runs = [Run(100, 10, ("a",), (8,), 0), Run(110, 10, ("c",), (13,), 2)]
    clips = clips_between(runs, 100, 120)
    assert [(clip.slug, clip.first, clip.end) for clip in clips] == [
        ("a", 100, 108),
        ("a", 108, 110),
        ("c", 110, 120),
    ]


@pytest.mark.parametrize(("begin", "offset"), [(0, 0.0), (3, 3.0), (5, 1.0)])
def test_a_programme_begins_at_its_moment_within_a_segment(begin: int, offset: float) -> None:
    runs = [Run(100, 50, ("a",), (8,), 0)]
    begin_at = seconds_at(100) + begin
    span = past_span(begin_at, None, begin_at + 60)
    assert past_window(runs, span, begin_at, None, begin_at).start_offset == offset


def test_a_programme_has_its_first_segment_as_it_begins() -> None:
    begin = seconds_at(100)
    found = past([Run(100, 50, ("a",), (8,), 0)], begin, begin + 100, begin, begin)
    assert list(found.segments) == [100]


def test_a_programme_that_is_over_is_a_film_and_one_that_runs_grows() -> None:
    runs, begin = [Run(100, 50, ("a",), (8,), 0)], seconds_at(100)
    end = begin + 80
    kinds = {
        started: past_window(runs, past_span(begin, end, end), begin, end, started).kind
        for started in (end - 1, end)
    }
    assert kinds == {end - 1: "event", end: "vod"}


def test_a_run_without_its_medium_is_an_error_of_the_library() -> None:
    runs = [Run(100, 50, ("nowhere",), (8,), 0)]
    with pytest.raises(LookupError, match="nowhere"):
        live(runs, seconds_at(120))


def test_a_medium_with_fewer_rungs_gives_the_next_lower_one() -> None:
    small, large = film("small", 3, ("v240",)), film("large", 3, ("v360", "v1080"))
    assert rendition_of(small, "v1080").name == "v240"
    assert rendition_of(large, "v720").name == "v360"
    assert rendition_of(large, "v240").name == "v360"
    assert rendition_of(small, "audio-fr").name == "audio"


def test_a_master_lists_the_rungs_of_all_media_from_small_to_large() -> None:
    master = master_playlist([film("a", 1, ("v240",)), film("b", 1, ("v240", "v1080"))]).decode()
    names = [line for line in master.splitlines() if line.endswith(".m3u8") and line[0] != "#"]
    assert names == ["v240.m3u8", "v1080.m3u8"]
    assert "BANDWIDTH=1144000,AVERAGE-BANDWIDTH=1032000" in master


def test_a_radio_programme_has_its_sound_as_the_only_variant() -> None:
    master = master_playlist([film("radio", 1, ())]).decode()
    assert master.splitlines()[-1] == "audio.m3u8"
    assert "EXT-X-MEDIA" not in master


def test_a_film_as_a_whole() -> None:
    found = read(vod_playlist(LIBRARY["b"], "audio").filled(signed))
    assert found.ended
    assert [segment.uri for segment in found.segments.values()] == [
        f"/None/b/audio/00{number}.m4s?x" for number in range(5)
    ]
