"""What changing to a dearer package in the middle of a period costs: pure, in whole cents."""

from datetime import datetime, timedelta

_MICROSECOND = timedelta(microseconds=1)


def prorated_cents(
    old_cents: int, new_cents: int, *, start: datetime, end: datetime, now: datetime
) -> int:
    """The new price for the rest of the period, less what was paid for that rest at the old one.

    Both prices are for the whole period from `start` to `end`. Never negative: a cheaper package
    gives nothing back. Rounded down, once, so in favour of the household: going to a package in two
    steps at the same moment never costs more than going there at once.
    """
    whole = (end - start) // _MICROSECOND
    rest = min(max((end - now) // _MICROSECOND, 0), whole)
    if whole <= 0:
        return 0
    return max(new_cents - old_cents, 0) * rest // whole
