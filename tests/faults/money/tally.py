"""What became of the attempts of a test, as a line of the table that is printed in the end."""

from dataclasses import dataclass

TALLIES: list["Tally"] = []
"""Of all tests of this run."""


@dataclass(frozen=True)
class Tally:
    """How often something was tried, acknowledged, and is there.

    `lost` counts what was acknowledged and is not there, `doubled` what is there twice.
    """

    name: str
    attempts: int
    acknowledged: int
    present: int
    lost: int
    doubled: int

    def hold(self) -> None:
        """Write the line, and fail where something was lost or doubled."""
        TALLIES.append(self)
        assert (self.lost, self.doubled) == (0, 0), self


def table() -> list[str]:
    """The lines, with their heading."""
    heads = ("attempts", "acknowledged", "present", "lost", "doubled")
    lines = [f"{'':<44}" + "".join(f"{head:>14}" for head in heads)]
    for tally in TALLIES:
        counts = [getattr(tally, head) for head in heads]
        lines.append(f"{tally.name:<44}" + "".join(f"{count:>14}" for count in counts))
    return lines
