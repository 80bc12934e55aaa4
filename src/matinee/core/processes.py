"""Processes that must not outlive their parent, and finding out whether one still lives."""

import ctypes
import os
import signal
import sys
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


def die_with_parent(parent: int, by: signal.Signals) -> None:
    """Called in a child: the kernel will send it a signal when its parent ends, however it ends.

    "Parent" means the thread that made the child, so that should be the main one. Does nothing
    where the kernel is not Linux.
    """
    if _libc is None:
        return
    _libc.prctl(_PR_SET_PDEATHSIG, by)
    if os.getppid() != parent:  # it ended before we could ask
        os.kill(os.getpid(), by)


def lives(pid: int) -> bool:
    """Whether there is such a process; a zombie, which only waits to be noticed, is none."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except FileNotFoundError:
        return not Path("/proc/self").exists()


def works_in(pid: int, folder: Path) -> bool:
    """Whether a process has a folder as its working folder; True where nobody may know."""
    try:
        return Path(f"/proc/{pid}/cwd").resolve(strict=True) == folder
    except FileNotFoundError:
        return not Path("/proc/self").exists()
    except PermissionError:
        return True
