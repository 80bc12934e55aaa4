"""Why an import of a guide is refused."""

from matinee.core.errors import Conflict, Problem, RuleViolated


class ImportRunning(Conflict):
    """This source is being imported already."""


class LeaseLost(Conflict):
    """Another process has taken this import over; nothing of it was stored."""


class GuideUnreadable(Problem):
    """The guide could not be read to its end; the old one stays."""


class GuideShrunk(RuleViolated):
    """The guide has suddenly less than half of its programmes; the old one stays."""
