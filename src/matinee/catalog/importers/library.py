"""A folder of NFO files as one file of titles: each movie, and each series with its episodes."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from matinee.catalog.importers.nfo import documents_of, episode_of_element, title_of_element
from matinee.catalog.importers.problems import UnreadableFile
from matinee.catalog.importers.readers import LONGEST_ROW

Row = dict[str, Any]

SERIES_FILE = "tvshow.nfo"


class Library:
    """The folder of a media centre; `broken` names the files that could not be read."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.broken: dict[str, str] = {}

    def titles(self) -> Iterator[Row]:
        """Titles in our own format, folder by folder."""
        self.broken.clear()
        for place, folders, files in os.walk(self._folder):
            folders.sort()
            if SERIES_FILE in files:
                folders.clear()  # what lies below belongs to the series
                yield from self._series(Path(place))
            else:
                yield from self._movies(Path(place), sorted(files))

    def _movies(self, place: Path, files: list[str]) -> Iterator[Row]:
        """Kodi may write `movie.nfo` and a file of the film's own name; one of them counts."""
        seen: set[str] = set()
        for name in files:
            for document in self._documents(place / name):
                if document.tag != "movie":
                    self.broken[str(place / name)] = (
                        f"an episode outside of a folder with {SERIES_FILE}"
                    )
                elif (row := title_of_element(document))["external_id"] not in seen:
                    seen.add(row["external_id"])
                    yield row

    def _series(self, place: Path) -> Iterator[Row]:
        rows = [
            title_of_element(document)
            for document in self._documents(place / SERIES_FILE)
            if document.tag == "tvshow"
        ]
        seasons: dict[int, dict[Any, Row]] = {}
        for path in sorted(place.rglob("*.nfo")):
            for document in self._documents(path):
                if document.tag == "episodedetails":
                    season, episode = episode_of_element(document)
                    seasons.setdefault(season, {}).setdefault(episode["number"], episode)
        for row in rows[:1]:
            row["seasons"] = [
                {"number": number, "episodes": list(episodes.values())}
                for number, episodes in sorted(seasons.items())
            ]
            yield row

    def _documents(self, path: Path) -> list[Any]:
        if path.suffix.lower() != ".nfo":
            return []
        try:
            if path.stat().st_size > LONGEST_ROW:
                raise UnreadableFile(reason="it is too long")
            return documents_of(path.read_bytes())
        except UnreadableFile as problem:
            self.broken[str(path)] = str((problem.details or {}).get("reason", problem.message))
        except OSError as error:
            self.broken[str(path)] = str(error.strerror)
        return []
