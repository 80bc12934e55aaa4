"""Months as people count them: the last of January and a month is the last of February."""

from calendar import monthrange
from datetime import datetime


def months_after(anchor: datetime, months: int) -> datetime:
    """The same day and time some months later, or the month's last day where it is shorter."""
    years, month = divmod(anchor.month - 1 + months, 12)
    year = anchor.year + years
    day = min(anchor.day, monthrange(year, month + 1)[1])
    return anchor.replace(year=year, month=month + 1, day=day)
