"""The command that imports guides."""

import json
from pathlib import Path

from tests.cli.conftest import Matinee
from tests.epg.importing.makers import MORNING, guide


def test_a_guide_is_imported_into_a_source_of_that_name(matinee: Matinee, tmp_path: Path) -> None:
    file = tmp_path / "guide.xml"
    file.write_text(guide(one=MORNING))
    for _ in range(2):
        run = matinee("import", "xmltv", str(file), "--source", "National")
        assert run.exit_code == 0, run.output
    report = json.loads(run.output)
    assert (report["programmes"], report["unmapped_channels"]) == (3, ["one"])


def test_a_guide_that_cannot_be_read_is_one_line(matinee: Matinee, tmp_path: Path) -> None:
    file = tmp_path / "guide.xml"
    file.write_text("<tv>\n<channel></tv>")
    run = matinee("import", "xmltv", str(file))
    assert run.exit_code == 1
    assert "line 2" in run.output
    assert run.output.count("\n") == 1


def test_a_guide_that_is_not_there_is_one_line(matinee: Matinee) -> None:
    run = matinee("import", "xmltv", "none.xml")
    assert (run.exit_code, run.output) == (1, "There is no file none.xml.\n")
