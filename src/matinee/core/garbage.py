"""Python's collector of cyclic garbage, and work that it only slows down."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

RARELY = (20_000, 20, 20)
_usual = gc.get_threshold()
_asking = 0


@contextmanager
def collected_rarely() -> Iterator[None]:
    """For work that makes many short-lived objects without cycles, such as reading a large file.

    Looking for cycles among them took 40 % of the time of an import.
    """
    global _asking, _usual  # noqa: PLW0603 - there is one collector per process
    if _asking == 0:
        _usual = gc.get_threshold()
        gc.set_threshold(*RARELY)
    _asking += 1
    try:
        yield
    finally:
        _asking -= 1
        if _asking == 0:
            gc.set_threshold(*_usual)


def keep_what_was_loaded() -> None:
    """Take all modules and tables of a process that begins to serve out of the collector's way.

    Looking through them again and again took a tenth of the time of a large answer.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*RARELY)
