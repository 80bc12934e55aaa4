"""What many ask for at once is looked up once, and kept for its time."""

import asyncio

import pytest

from matinee.playback.remembered import Remembered


class Source:
    """Answers with how often it was asked, or fails."""

    def __init__(self) -> None:
        self.asked = 0
        self.broken = False

    async def load(self, key: str) -> str:
        self.asked += 1
        asked = self.asked
        await asyncio.sleep(0)
        if self.broken:
            raise OSError(key)
        return f"{key}{asked}"


async def test_all_who_ask_at_once_get_the_same() -> None:
    source = Source()
    remembered = Remembered(source.load, 60)
    assert set(await asyncio.gather(*(remembered.get("a") for _ in range(9)))) == {"a1"}
    assert await remembered.get("a") == "a1"


async def test_after_its_time_it_is_looked_up_again() -> None:
    source = Source()
    remembered = Remembered(source.load, 0)
    assert [await remembered.get("a"), await remembered.get("a")] == ["a1", "a2"]


async def test_a_failure_is_told_to_all_and_not_kept() -> None:
    source = Source()
    source.broken = True
    remembered = Remembered(source.load, 60)
    results = await asyncio.gather(*(remembered.get("a") for _ in range(3)), return_exceptions=True)
    assert [type(result) for result in results] == [OSError] * 3
    source.broken = False
    assert await remembered.get("a") == "a2"


async def test_whoever_gives_up_does_not_stop_the_others() -> None:
    source = Source()
    remembered = Remembered(source.load, 60)
    first = asyncio.create_task(remembered.get("a"))
    second = asyncio.create_task(remembered.get("a"))
    await asyncio.sleep(0)
    first.cancel()
    assert await second == "a1"
    with pytest.raises(asyncio.CancelledError):
        await first


async def test_no_more_keys_are_kept_than_allowed() -> None:
    source = Source()
    remembered = Remembered(source.load, 60, most=2)
    for key in "abc":
        await remembered.get(key)
    assert await remembered.get("c") == "c3"
    assert await remembered.get("a") == "a4"
