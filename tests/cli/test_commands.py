"""What the commands of operators do, and how they fail."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from matinee import __version__
from matinee.cli import app
from matinee.cli.config import configuration_page
from matinee.migrations.state import current_revision, head_revision
from tests.cli.conftest import Matinee
from tests.makers import PASSWORD

CONFIGURATION = Path(__file__).parents[2] / "docs" / "configuration.md"


def test_it_knows_its_version() -> None:
    assert CliRunner().invoke(app, ["--version"]).output == f"matinee {__version__}\n"


def test_an_unknown_variable_is_named(matinee: Matinee) -> None:
    run = matinee("config", "check", prot="8000")
    assert run.exit_code == 1
    assert run.output == "unknown setting MATINEE_PROT\n"


def test_a_wrong_value_is_one_line_with_the_name_of_its_variable(matinee: Matinee) -> None:
    run = matinee("config", "check", port="eighty")
    assert run.exit_code == 1
    assert run.output.startswith("MATINEE_PORT: ")
    assert run.output.count("\n") == 1


@pytest.mark.parametrize("command", [("serve",), ("worker",), ("config", "check")])
def test_production_needs_a_secret_of_its_own(matinee: Matinee, command: tuple[str, ...]) -> None:
    run = matinee(*command, environment="production")
    assert run.exit_code == 1
    assert run.output.count("\n") == 1
    assert "MATINEE_SECRET_KEY must be your own" in run.output


def test_several_processes_need_redis(matinee: Matinee) -> None:
    run = matinee("serve", environment="production", secret_key="k" * 32, workers="2")
    assert run.exit_code == 1
    assert "MATINEE_REDIS_URL is needed" in run.output


def test_settings_are_shown_without_secrets(matinee: Matinee) -> None:
    run = matinee("config", "check", secret_key="do not show this", port="8001")
    assert run.exit_code == 0
    assert "MATINEE_PORT = 8001  (set)" in run.output
    assert "MATINEE_WORKERS = 1  (default)" in run.output
    assert "do not show this" not in run.output


def test_the_page_about_settings_is_up_to_date() -> None:
    assert CONFIGURATION.read_text(encoding="utf-8") == configuration_page(), (
        "run `matinee config docs --output docs/configuration.md`"
    )


def test_every_setting_says_what_it_means() -> None:
    rows = [line for line in configuration_page().splitlines() if line.startswith("| `")]
    assert all(row.split("|")[3].strip() for row in rows)


def test_the_api_document_needs_neither_settings_nor_database(no_settings: None) -> None:
    run = CliRunner().invoke(app, ["openapi"])
    assert run.exit_code == 0
    assert json.loads(run.output)["info"]["version"] == __version__


def test_a_database_out_of_reach_is_a_message(matinee: Matinee) -> None:
    run = matinee("db", "check", database_url="postgresql://somebody@127.0.0.1:1/none")
    assert run.exit_code == 1
    assert run.output.startswith("No way to the database")


def test_a_database_can_go_back_and_forth(matinee: Matinee, database_url: str) -> None:
    assert matinee("db", "check").exit_code == 0
    assert matinee("db", "downgrade", "base", "--yes").output == "The database is at base.\n"
    behind = matinee("db", "check")
    assert behind.exit_code == 1
    assert "run `matinee db upgrade`" in behind.output
    assert matinee("db", "upgrade").exit_code == 0
    assert current_revision(database_url) == head_revision()
    assert matinee("db", "current").output == f"{head_revision()}\n"


def test_going_back_is_asked_twice(matinee: Matinee, database_url: str) -> None:
    assert matinee("db", "downgrade", "base", typed="n\n").exit_code == 1
    assert current_revision(database_url) == head_revision()


def test_nothing_is_served_on_an_old_schema(matinee: Matinee, free_port: int) -> None:
    matinee("db", "downgrade", "base", "--yes")
    run = matinee("serve", port=str(free_port))
    assert run.exit_code == 1
    assert "run `matinee db upgrade`" in run.output


def test_an_administrator_is_made_once(matinee: Matinee) -> None:
    create = ("admin", "create", "boss@example.com")
    made = matinee(*create, typed=f"{PASSWORD}\n")
    assert made.output == "boss@example.com is admin now.\n"
    again = matinee(*create, typed=f"{PASSWORD}\n")
    assert again.exit_code == 1
    assert again.output.count("\n") == 1


def test_an_administrator_needs_a_password_that_is_hard_to_guess(matinee: Matinee) -> None:
    run = matinee("admin", "create", "boss@example.com", typed="password\n")
    assert run.exit_code == 1
    assert run.output.startswith("password: ")


def test_titles_come_from_a_file_and_wrong_rows_are_reported(
    matinee: Matinee, tmp_path: Path
) -> None:
    file = tmp_path / "titles.ndjson"
    good = {"external_id": "a:1", "kind": "movie", "name": "Nosferatu", "year": 1922}
    file.write_text(f"{json.dumps(good)}\n{json.dumps(good | {'kind': 'play'})}\n")
    first = matinee("import", "titles", str(file))
    assert first.exit_code == 2
    report = json.loads(first.stdout)
    assert (report["created"], report["error_count"]) == (1, 1)
    assert report["errors"][0]["field"] == "kind"


def test_a_dry_run_writes_nothing(matinee: Matinee, tmp_path: Path) -> None:
    file = tmp_path / "titles.json"
    file.write_text(json.dumps([{"external_id": "a:1", "kind": "movie", "name": "Nosferatu"}]))
    for _ in range(2):
        run = matinee("import", "titles", str(file), "--dry-run")
        assert json.loads(run.stdout)["created"] == 1


def test_all_or_nothing_reports_and_imports_nothing(matinee: Matinee, tmp_path: Path) -> None:
    file = tmp_path / "titles.ndjson"
    good = {"external_id": "a:1", "kind": "movie", "name": "Nosferatu"}
    file.write_text(f"{json.dumps(good)}\n{json.dumps({'name': 'Nobody'})}\n")
    refused = matinee("import", "titles", str(file), "--all-or-nothing")
    assert refused.exit_code == 2
    assert json.loads(refused.stdout)["error_count"] == 1
    file.write_text(json.dumps(good))
    assert json.loads(matinee("import", "titles", str(file)).stdout)["created"] == 1


def test_titles_come_from_standard_input_too(matinee: Matinee) -> None:
    row = {"external_id": "a:1", "kind": "movie", "name": "Nosferatu"}
    run = matinee("import", "titles", "-", typed=json.dumps([row]))
    assert json.loads(run.stdout)["created"] == 1


def test_an_untouched_audit_log_is_intact(matinee: Matinee) -> None:
    matinee("admin", "create", "boss@example.com", typed=f"{PASSWORD}\n")
    run = matinee("audit", "verify")
    assert run.exit_code == 0
    found = json.loads(run.stdout)
    assert found["intact"]
    assert found["unsealed_rows"] == 1


def test_an_audit_log_without_a_noted_head_is_not(matinee: Matinee) -> None:
    run = matinee("audit", "verify", "--head", f"1:{'0' * 64}")
    assert run.exit_code == 1
    assert "was changed" in run.stderr


def test_a_file_that_is_not_there_is_a_message(matinee: Matinee, tmp_path: Path) -> None:
    run = matinee("import", "titles", str(tmp_path / "none.json"))
    assert run.exit_code == 1
    assert run.output.startswith("There is no file")
