"""Collecting garbage rarely: only while the work lasts, however many do it at once."""

import gc

import pytest

from matinee.core.garbage import RARELY, collected_rarely


def test_the_collector_is_slowed_down_only_while_the_work_lasts() -> None:
    usual = gc.get_threshold()
    with collected_rarely():
        assert gc.get_threshold() == RARELY
        with collected_rarely():
            assert gc.get_threshold() == RARELY
        assert gc.get_threshold() == RARELY
    assert gc.get_threshold() == usual


def test_work_that_fails_leaves_the_collector_as_it_was() -> None:
    usual = gc.get_threshold()

    def fail() -> None:
        with collected_rarely():
            raise ValueError

    with pytest.raises(ValueError):
        fail()
    assert gc.get_threshold() == usual
