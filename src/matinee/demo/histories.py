"""What the demo's own household did before you came; guests did nothing yet."""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from matinee.demo.lives import Film, Life

FILE = Path(__file__).with_name("data") / "histories.json"


def lives_of(
    household: UUID, profiles: Mapping[str, UUID], films: Mapping[str, Film], now: datetime
) -> list[Life]:
    """The lives of the household's profiles, which are given by name."""
    told = json.loads(FILE.read_text(encoding="utf-8"))
    lives = []
    for name, history in told.items():
        audience = "kids" if history.get("kids") else "standard"
        life = Life(household, profiles[name], audience=audience)
        _tell(life, history, films, now)
        lives.append(life)
    return lives


def _tell(life: Life, history: Mapping[str, Any], films: Mapping[str, Film], now: datetime) -> None:
    def film(name: str) -> Film:
        return films[f"demo:{name}"]

    for name, share, days_ago in history["movies"]:
        life.watch(film(name), share, _evening(now, days_ago))
    for name, finished, share, days_ago in history["series"]:
        for number in range(finished):
            life.watch(film(name), 1.0, _evening(now, days_ago + finished - number), episode=number)
        if share:
            life.watch(film(name), share, _evening(now, days_ago), episode=finished)
    for name, value in history["ratings"].items():
        life.rate(film(name), value, now - timedelta(days=1))
    for days_ago, name in enumerate(history["list"], 1):
        life.listed.append((film(name).id, now - timedelta(days=days_ago)))
    for hours_ago, name in enumerate(history["browsed"], 2):
        life.browsed.append((film(name).id, now - timedelta(hours=hours_ago)))


def _evening(now: datetime, days_ago: float) -> datetime:
    """When somebody stopped to watch: the evening of a day, or a moment of today."""
    moment = now - timedelta(days=days_ago)
    return moment.replace(hour=21, minute=40) if days_ago >= 1 else moment
