"""What viewing limits leave of a day, also when clocks are changed in it."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matinee.viewing.sessions.limits import Allowance, Rule, allowance, zone_of

NEW_YORK = ZoneInfo("America/New_York")
UTC_ZONE = ZoneInfo("UTC")
ALL_DAYS = range(7)


def week(rule: Rule) -> dict[int, Rule]:
    return dict.fromkeys(ALL_DAYS, rule)


def at(text: str, zone: ZoneInfo = UTC_ZONE) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(UTC)


EVENING = Rule(minutes=90, from_minute=17 * 60, until_minute=20 * 60)


def left(rule: Rule, now: datetime, used: int = 0, zone: ZoneInfo = UTC_ZONE) -> Allowance:
    return allowance(week(rule), zone, now, used)


def test_a_day_without_a_rule_is_free() -> None:
    assert allowance({}, UTC_ZONE, at("2026-11-25T03:00"), 80_000).seconds_left is None


def test_within_the_hours_the_minutes_count() -> None:
    assert left(EVENING, at("2026-11-25T17:30"), used=600).seconds_left == 90 * 60 - 600


def test_near_the_end_of_the_hours_they_count() -> None:
    assert left(EVENING, at("2026-11-25T19:50")).seconds_left == 600


def test_before_the_hours_it_is_said_when_they_begin() -> None:
    found = left(EVENING, at("2026-11-25T16:59"))
    assert (found.is_over, found.resets_at) == (True, at("2026-11-25T17:00"))


def test_the_last_moment_is_exclusive() -> None:
    found = left(EVENING, at("2026-11-25T20:00"))
    assert (found.is_over, found.resets_at) == (True, at("2026-11-26T17:00"))


def test_when_the_minutes_are_used_up_the_next_day_is_named() -> None:
    found = left(EVENING, at("2026-11-25T18:00"), used=90 * 60)
    assert (found.is_over, found.resets_at) == (True, at("2026-11-26T17:00"))


def test_days_without_any_minutes_are_passed_over() -> None:
    rules = week(Rule(minutes=0)) | {5: Rule(minutes=60, from_minute=600)}
    found = allowance(rules, UTC_ZONE, at("2026-11-25T12:00"), 0)  # a Wednesday
    assert (found.is_over, found.resets_at) == (True, at("2026-11-28T10:00"))


def test_a_free_day_begins_at_midnight() -> None:
    found = allowance({2: Rule(minutes=0)}, NEW_YORK, at("2026-11-25T12:00", NEW_YORK), 0)
    assert found.resets_at == at("2026-11-26T00:00", NEW_YORK)


def test_where_nothing_is_ever_allowed_there_is_no_end_in_sight() -> None:
    found = left(Rule(minutes=0), at("2026-11-25T12:00"))
    assert (found.is_over, found.resets_at) == (True, None)


def test_the_day_is_that_of_the_profile() -> None:
    rules = {2: Rule(minutes=0)}  # nothing on Wednesdays
    late = at("2026-11-26T03:00")  # in New York it still is one
    assert allowance(rules, NEW_YORK, late, 0).is_over
    assert not allowance(rules, UTC_ZONE, late, 0).is_over


def test_an_hour_is_missing_when_clocks_are_set_forward() -> None:
    """From 02:00 to 03:00 in New York on 2026-03-08."""
    night = Rule(until_minute=4 * 60)
    found = left(night, at("2026-03-08T00:00", NEW_YORK), zone=NEW_YORK)
    assert found.seconds_left == 3 * 3600


def test_an_hour_comes_twice_when_clocks_are_set_back() -> None:
    """From 02:00 to 01:00 in New York on 2026-11-01."""
    night = Rule(until_minute=90)
    found = left(night, at("2026-11-01T00:00", NEW_YORK), zone=NEW_YORK)
    assert found.seconds_left == 2.5 * 3600


def test_hours_that_begin_in_the_missing_hour_begin_in_time() -> None:
    rule = Rule(from_minute=150, until_minute=300)
    assert not left(rule, at("2026-03-08T03:00", NEW_YORK), zone=NEW_YORK).is_over


def test_the_days_around_a_change_have_23_and_25_hours() -> None:
    for day, hours in (("2026-03-08", 23), ("2026-11-01", 25)):
        found = left(Rule(), at(f"{day}T00:00", NEW_YORK), zone=NEW_YORK)
        assert found.seconds_left == hours * 3600


@given(
    st.integers(0, 2 * 365 * 1440).map(lambda n: at("2026-01-01T00:00") + timedelta(minutes=n)),
    st.sampled_from(["UTC", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe"]),
    st.dictionaries(
        st.integers(0, 6),
        st.builds(
            Rule,
            st.none() | st.integers(0, 300),
            st.integers(0, 719),
            st.integers(720, 1440),
        ),
    ),
    st.integers(0, 20_000),
)
def test_whoever_must_stop_may_go_on_when_it_is_said(
    now: datetime, zone_name: str, rules: dict[int, Rule], used: int
) -> None:
    zone = ZoneInfo(zone_name)
    found = allowance(rules, zone, now, used)
    if not found.is_over or found.resets_at is None:
        return
    assert found.resets_at > now
    assert not allowance(rules, zone, found.resets_at, 0).is_over
    moment_before = found.resets_at - timedelta(microseconds=1)
    if moment_before.astimezone(zone).date() > now.astimezone(zone).date():
        assert allowance(rules, zone, moment_before, 0).is_over


@pytest.mark.parametrize("name", ["Mars/Olympus", "", "../etc/passwd"])
def test_an_unknown_zone_is_utc(name: str) -> None:
    assert zone_of(name) == UTC_ZONE
