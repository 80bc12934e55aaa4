"""What an operator sets: from variables and files, and never something dangerous by mistake."""

from pathlib import Path

import pytest

from matinee.core.settings import DEFAULT_SECRET, Settings, UnsafeSettings, load_settings

SECRET = "a secret key that is long enough"


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only what a test sets, and a secret fit for production."""
    for name in Settings.model_fields:
        monkeypatch.delenv(f"MATINEE_{name.upper()}", raising=False)
    monkeypatch.setenv("MATINEE_SECRET_KEY", SECRET)


def test_values_come_from_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MATINEE_PORT", "9000")

    assert load_settings().port == 9000


def test_lists_are_separated_by_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MATINEE_TRUSTED_PROXIES", "10.0.0.0/8, 2001:db8::/32,")

    assert load_settings().trusted_proxies == ["10.0.0.0/8", "2001:db8::/32"]


def test_the_default_environment_is_the_strict_one() -> None:
    assert load_settings().environment == "production"


def test_an_unknown_variable_is_a_typing_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MATINEE_PROT", "9000")

    with pytest.raises(UnsafeSettings, match="MATINEE_PROT"):
        load_settings()


def test_variables_of_others_do_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MATINEEX_PORT", "9000")

    load_settings()


def test_a_secret_can_come_from_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text("another secret that is long enough\n")
    monkeypatch.delenv("MATINEE_SECRET_KEY")
    monkeypatch.setenv("MATINEE_SECRET_KEY_FILE", str(file))

    assert load_settings().secret_key.get_secret_value() == "another secret that is long enough"


def test_a_variable_and_its_file_at_once_are_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("MATINEE_SECRET_KEY_FILE", str(tmp_path / "key"))

    with pytest.raises(UnsafeSettings, match="both set"):
        load_settings()


def test_a_file_that_cannot_be_read_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("MATINEE_REDIS_URL_FILE", str(tmp_path / "missing"))

    with pytest.raises(UnsafeSettings, match="MATINEE_REDIS_URL_FILE"):
        load_settings()


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("MATINEE_PORT", "99999"),
        ("MATINEE_PORT", "eighty"),
        ("MATINEE_ENVIRONMENT", "prod"),
        ("MATINEE_OPERATOR_COUNTRY", "usa"),
        ("MATINEE_TRUSTED_PROXIES", "everybody"),
        ("MATINEE_STATEMENT_TIMEOUT_MS", "0"),
        ("MATINEE_MAX_BODY_BYTES", "-1"),
    ],
)
def test_a_value_of_the_wrong_form_names_its_variable(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    monkeypatch.setenv(variable, value)

    with pytest.raises(UnsafeSettings, match=variable):
        load_settings()


@pytest.mark.parametrize("secret", [DEFAULT_SECRET, "short", ""])
def test_production_needs_a_secret_of_its_own(monkeypatch: pytest.MonkeyPatch, secret: str) -> None:
    monkeypatch.setenv("MATINEE_SECRET_KEY", secret)

    with pytest.raises(UnsafeSettings, match="MATINEE_SECRET_KEY"):
        load_settings()


def test_several_processes_need_redis_in_production(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MATINEE_WORKERS", "2")

    with pytest.raises(UnsafeSettings, match="MATINEE_REDIS_URL"):
        load_settings()


@pytest.mark.parametrize("environment", ["development", "demo", "test"])
def test_elsewhere_the_defaults_will_do(environment: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MATINEE_SECRET_KEY")
    monkeypatch.setenv("MATINEE_ENVIRONMENT", environment)

    load_settings()


def test_a_refusal_does_not_quote_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MATINEE_SECRET_KEY", "hunter2")
    monkeypatch.setenv("MATINEE_DATABASE_URL", "postgresql://matinee:hunter2@db/matinee")

    with pytest.raises(UnsafeSettings) as refused:
        load_settings()
    assert "hunter2" not in str(refused.value)


def test_printing_the_settings_shows_no_secret() -> None:
    settings = Settings(
        secret_key="hunter2" * 8,
        previous_secret_keys=["hunter2"],
        database_url="postgresql://matinee:hunter2@db/matinee",
        redis_url="redis://:hunter2@redis",
        smtp_url="smtp://ana:hunter2@mail",
    )

    assert "hunter2" not in repr(settings)


def test_cookies_are_secure_where_viewers_come_by_tls() -> None:
    secure = [
        Settings(public_url=url, secret_key=SECRET).secure_cookies
        for url in ("https://tv.example", "http://127.0.0.1:8000")
    ]

    assert secure == [True, False]


def test_every_setting_says_what_it_is_for() -> None:
    assert [name for name, field in Settings.model_fields.items() if not field.description] == []


def test_the_public_address_ends_without_a_slash() -> None:
    settings = Settings(environment="test", public_url="https://tv.example.com/")
    assert settings.public_url == "https://tv.example.com"
