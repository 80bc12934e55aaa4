"""`matinee import m3u`: channel lists from files and standard input."""

import json
from pathlib import Path

from tests.cli.conftest import Matinee

LIST = "#EXTM3U\n#EXTINF:-1,One\nhttps://live.example.com/1.m3u8\n"
REPEATED = f"{LIST}#EXTINF:-1,ONE\nhttps://live.example.com/2.m3u8\n"


def test_a_file_is_imported(matinee: Matinee, tmp_path: Path) -> None:
    file = tmp_path / "list.m3u"
    file.write_text(LIST)
    result = matinee("import", "m3u", str(file))
    assert (result.exit_code, json.loads(result.output)["created"]) == (0, 1)


def test_what_was_left_out_shows_in_the_exit_status(matinee: Matinee) -> None:
    assert matinee("import", "m3u", "-", typed=REPEATED).exit_code == 2


def test_a_file_that_is_not_there_is_one_message(matinee: Matinee, tmp_path: Path) -> None:
    result = matinee("import", "m3u", str(tmp_path / "none.m3u"))
    assert (result.exit_code, result.exception.__class__) == (1, SystemExit)


def test_an_address_of_this_machine_is_not_fetched(matinee: Matinee) -> None:
    result = matinee("import", "m3u", "http://127.0.0.1/list.m3u")
    assert (result.exit_code, "url" in result.output) == (1, True), result.output
