"""Which worker runs which test, where several run them."""

from xdist.scheduler import LoadScopeScheduling

TOGETHER = ("tests/e2e/",)
"""Folders whose tests share what takes long to start."""


class Scheduling(LoadScopeScheduling):
    """Tests one by one to whoever is free; those of some folders all to one worker.

    `--dist loadgroup` would do it by a mark, but groups nothing under this pytest: it looks for a
    name in the ids of tests that is not there any more.
    """

    def _split_scope(self, nodeid: str) -> str:
        return next((folder for folder in TOGETHER if nodeid.startswith(folder)), nodeid)
