"""The lock files hold what the project asks for, with checksums and without addresses."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[1]
LOCKS = [ROOT / "requirements.lock", ROOT / "requirements-uv.lock"]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
OVERRIDDEN = {
    Requirement(text).name
    for text in PROJECT.get("tool", {}).get("uv", {}).get("override-dependencies", [])
}


def asked_for() -> list[Requirement]:
    project = PROJECT["project"]
    texts = list(project["dependencies"])
    for extra in project["optional-dependencies"].values():
        texts += extra
    for group in PROJECT["dependency-groups"].values():
        texts += group
    return [one for one in map(Requirement, texts) if one.name not in OVERRIDDEN]


def locked(lock: Path) -> dict[str, Requirement]:
    lines = re.findall(r"^(\S+==.+?) \\$", lock.read_text(encoding="utf-8"), re.MULTILINE)
    return {one.name: one for one in map(Requirement, lines)}


@pytest.mark.parametrize("wanted", asked_for(), ids=lambda wanted: wanted.name)
def test_what_the_project_asks_for_is_locked(wanted: Requirement) -> None:
    found = locked(LOCKS[0])[wanted.name]
    version = str(found.specifier).removeprefix("==")
    assert wanted.specifier.contains(version), "run `python3 dev lock`"


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_every_release_has_a_checksum(lock: Path) -> None:
    releases = re.split(r"^(?=\S+==)", lock.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    assert releases
    assert not [release.split()[0] for release in releases if "--hash=sha256:" not in release]


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_no_address_of_a_registry_or_a_machine_is_written_down(lock: Path) -> None:
    assert not re.findall(r"://|^-|--index|--find-links|\s/\w+/", lock.read_text(encoding="utf-8"))
