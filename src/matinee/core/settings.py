"""Everything an operator can set: read once from `MATINEE_*` variables and secret files."""

from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    Field,
    SecretStr,
    ValidationError,
    model_validator,
)
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from matinee.core.client_address import TrustedProxies
from matinee.core.environment import PREFIX, UnsafeSettings, read_files
from matinee.core.signal_weights import SignalWeights

__all__ = [
    "DEFAULT_SECRET",
    "PREFIX",
    "Settings",
    "SignalWeights",
    "UnsafeSettings",
    "load_settings",
]

DEFAULT_SECRET = "development-only-secret-change-me"

Commas = Annotated[list[str], NoDecode]
COMMA_SEPARATED = (
    "previous_secret_keys",
    "allowed_origins",
    "trusted_proxies",
    "sandbox_webhook_secrets",
    "stripe_webhook_secrets",
    "playback_secrets",
)


def _check_networks(networks: list[str]) -> list[str]:
    TrustedProxies(networks)
    return networks


def _without_last_slash(address: str) -> str:
    return address.rstrip("/")


class Settings(BaseSettings):
    """One value per decision an operator can take; every field documents itself."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        extra="forbid",
        frozen=True,
        validate_default=False,
        hide_input_in_errors=True,
    )

    environment: Literal["production", "development", "demo", "test"] = Field(
        "production",
        description="Demo and development relax start-up checks; never serve with them.",
    )
    public_url: Annotated[str, AfterValidator(_without_last_slash)] = Field(
        "http://127.0.0.1:8000",
        description="Address viewers use; decides cookies and links in mail.",
    )
    secret_key: SecretStr = Field(
        SecretStr(DEFAULT_SECRET), description="Signs tokens and links; at least 32 characters."
    )
    previous_secret_keys: Commas = Field(
        default_factory=list,
        repr=False,
        description="Older secret keys, still accepted while rotating.",
    )
    allowed_origins: Commas = Field(
        default_factory=list,
        description="Other origins whose pages may call the API with cookies (comma separated).",
    )
    trusted_proxies: Annotated[Commas, AfterValidator(_check_networks)] = Field(
        default_factory=list, description="CIDRs of proxies whose X-Forwarded-For is believed."
    )
    operator_country: str = Field(
        "US", pattern=r"^[A-Z]{2}$", description="Territory of viewers whose country is unknown."
    )
    catalog_language: str = Field(
        "en",
        pattern=r"^[a-z]{2,3}$",
        description="Language of the names and texts that titles have without a localisation.",
    )

    database_url: SecretStr | None = Field(
        None,
        description="PostgreSQL DSN (several hosts allowed); the embedded server without it.",
    )
    database_pool_min: int = Field(
        1, ge=0, le=100, description="Connections kept open per process."
    )
    database_pool_max: int = Field(10, ge=1, le=200, description="Connections at most per process.")
    database_pgbouncer: bool = Field(
        False, description="Set when a transaction-pooling PgBouncer stands in between."
    )
    statement_timeout_ms: int = Field(2000, ge=10, description="Longest statement of a request.")
    slow_statement_timeout_ms: int = Field(5000, ge=10, description="The same for vector searches.")
    home_part_timeout_ms: int = Field(
        1000,
        ge=10,
        description="Longest statement of a part of the home screen; one that is"
        " slower is left out.",
    )
    job_statement_timeout_ms: int = Field(60000, ge=10, description="The same for background jobs.")
    lock_timeout_ms: int = Field(
        1500, ge=10, description="Longest wait for a row lock of a request."
    )
    embedded_data_dir: Path | None = Field(
        None, description="Where the embedded PostgreSQL keeps its data."
    )
    embedded_pg_bin: Path | None = Field(
        None, description="PostgreSQL programs to embed instead of the packaged ones."
    )

    redis_url: SecretStr | None = Field(
        None, description="Redis or Valkey; needed as soon as more than one process serves."
    )
    cache_megabytes: int = Field(64, ge=1, description="Memory for cached answers per process.")

    media_dir: Path = Field(
        Path("/var/lib/matinee/media"),
        description="Folder of the media that `matinee media ingest` makes and our own origin"
        " sends; the demo keeps its own.",
    )
    media_base_url: Annotated[str, AfterValidator(_without_last_slash)] | None = Field(
        None,
        pattern=r"^https?://[^\s?#]+$",
        description="What addresses of media begin with where something else sends them, such as"
        " https://media.example.com/media; our own origin without it.",
    )
    playback_signer: Literal["builtin", "nginx", "akamai", "cloudfront", "open"] = Field(
        "builtin",
        description="Who checks the addresses of media: our own origin (`builtin`), nginx's"
        " secure_link, or a CDN. `open` signs nothing, for tests.",
    )
    playback_secrets: Commas = Field(
        default_factory=list,
        repr=False,
        description="Keys that sign addresses of media, as name:secret (comma separated, newest"
        " first, older ones are still accepted); nginx has the same ones. Derived from the secret"
        " key without them.",
    )
    akamai_key: SecretStr | None = Field(
        None, description="Key of Akamai's edge authorization, in hexadecimal digits."
    )
    akamai_token_name: str = Field(
        "hdnts", pattern=r"^[A-Za-z0-9_]{1,30}$", description="Name of its token."
    )
    cloudfront_key_id: str | None = Field(
        None, pattern=r"^[A-Z0-9]{1,64}$", description="Id of the public key in CloudFront."
    )
    cloudfront_private_key: SecretStr | None = Field(
        None, description="The RSA key that belongs to it, in PEM."
    )

    host: str = Field("127.0.0.1", description="Address to listen on.")
    port: int = Field(8000, ge=1, le=65535, description="Port to listen on.")
    workers: int = Field(1, ge=1, le=64, description="Server processes.")
    stop_delay_seconds: float = Field(
        0,
        ge=0,
        le=3,
        description="Time between failing /readyz and closing the port, for load balancers.",
    )
    run_worker_in_api: bool = Field(
        False, description="Run background jobs inside the API process (small installations)."
    )
    job_concurrency: int = Field(
        4, ge=1, le=64, description="Jobs run at the same time per worker."
    )
    max_body_bytes: int = Field(
        1_048_576, ge=1024, description="Largest request body, imports apart."
    )
    max_import_bytes: int = Field(
        536_870_912, ge=1024, description="Largest uploaded import file, as sent."
    )
    rate_limits_enabled: bool = Field(True, description="Switch for load tests; keep it on.")

    smtp_url: SecretStr | None = Field(
        None, description="smtp://user:password@host:587 or smtps://…; without it no mail is sent."
    )
    mail_from: str = Field("Matinee <no-reply@localhost>", description="Sender of mail.")

    embedding_provider: Literal["local", "sentence-transformers", "openai-compatible", "none"] = (
        Field(
            "local",
            description="Who turns texts into vectors for search by meaning and for"
            " recommendations; `local` is all-MiniLM-L6-v2 in the process (needs the"
            " `local-embeddings` extra, is `none` without it).",
        )
    )
    embedding_model: str | None = Field(
        None,
        max_length=200,
        description="Name of another provider's model; all titles are embedded anew when it"
        " changes.",
    )
    embedding_url: str | None = Field(
        None,
        pattern=r"^https?://[^\s]+$",
        description="Base address of an OpenAI-compatible API, such as https://host/v1.",
    )
    embedding_api_key: SecretStr | None = Field(None, description="Key for that API.")
    embedding_truncate: bool = Field(
        False,
        description="Cut longer vectors to 384 numbers; for models made for it (Matryoshka) only.",
    )

    search_embedding_wait_ms: int = Field(
        150,
        ge=0,
        le=2000,
        description="How long a search waits for the meaning of its words before it goes on"
        " without.",
    )

    public_max_maturity: int = Field(
        12, ge=0, le=21, description="Highest age rating shown to people who are not signed in."
    )
    reveal_territories: bool = Field(
        False, description="Answer 451 instead of 404 where a title is visible in other countries."
    )
    max_profiles: int = Field(5, ge=1, le=20, description="Profiles per user (P-04).")
    signal_weights: SignalWeights = Field(
        SignalWeights(),
        description="What a profile's rating, watching or listing of a title counts for in its"
        " taste; a JSON object, kinds left out keep their defaults.",
    )
    max_watchlist: int = Field(
        1000, ge=1, le=10_000, description='Titles on the "My List" of a profile.'
    )
    heartbeat_seconds: int = Field(
        30,
        ge=5,
        le=60,
        description="How often players report where they are; a stream that was silent for three"
        " times as long is over.",
    )
    unsold_titles: Literal["locked", "free"] = Field(
        "locked",
        description="What becomes of titles that are in no package and have no offer: nobody may"
        " play them, or everybody.",
    )
    included_streams: int = Field(
        1,
        ge=1,
        le=20,
        description="How many streams at once any household may have; packages can allow more.",
    )
    expired_playback: Literal["finish", "hard"] = Field(
        "finish",
        description="Whether somebody whose right ends while he watches may finish (at most 4 hours"
        " more), or is stopped.",
    )
    payment_provider: Literal["manual", "sandbox", "stripe"] = Field(
        "manual",
        description="Who takes the money for new orders: staff by hand, a built-in practice"
        " provider, or Stripe. Older orders stay with theirs.",
    )
    refund_hours: int = Field(
        48, ge=0, le=8760, description="How long a household may undo what it has not played."
    )
    sandbox_webhook_secrets: Commas = Field(
        default_factory=list,
        repr=False,
        description="Signs webhooks of the practice provider (`whsec_` and base64, comma"
        " separated, newest first); without one there is no such endpoint.",
    )
    sandbox_webhook_url: str | None = Field(
        None,
        pattern=r"^https?://[^\s]+$",
        description="Where the practice provider posts; this server without it.",
    )
    stripe_secret_key: SecretStr | None = Field(None, description="Key for Stripe's API.")
    stripe_webhook_secrets: Commas = Field(
        default_factory=list,
        repr=False,
        description="Secrets of Stripe's webhook endpoint (comma separated, several while"
        " rotating); without one there is no such endpoint.",
    )
    learning_memory_mb: int = Field(
        2048,
        ge=800,
        le=8192,
        description="Memory that learning recommendations may take, in a process of its own. It"
        " bounds how many of the most watched titles are learned by EASE: 18 800 by default.",
    )
    guide_days_kept: int = Field(
        14,
        ge=1,
        le=400,
        description="Days for which the guide of the past is kept, also for catching up.",
    )
    play_events_months: int = Field(
        24, ge=1, le=120, description="Months for which single play events are kept."
    )
    registration_open: bool = Field(True, description="Whether anybody may register.")
    deletion_grace_days: int = Field(
        7, ge=0, le=90, description="Days in which a deleted account can be restored by signing in."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="Least level."
    )
    log_format: Literal["json", "console"] = Field(
        "json", description="Lines for machines or people."
    )
    otlp_endpoint: str | None = Field(
        None, description="OpenTelemetry collector (needs the `opentelemetry` extra)."
    )

    @model_validator(mode="before")
    @classmethod
    def _split_commas(cls, values: dict[str, object]) -> dict[str, object]:
        for name in COMMA_SEPARATED:
            if isinstance(value := values.get(name), str):
                values[name] = [part.strip() for part in value.split(",") if part.strip()]
        return values

    @model_validator(mode="after")
    def _refuse_half_an_endpoint(self) -> Self:
        if self.embedding_provider == "openai-compatible" and not (
            self.embedding_url and self.embedding_model
        ):
            raise UnsafeSettings(
                "MATINEE_EMBEDDING_URL and MATINEE_EMBEDDING_MODEL are needed when"
                " MATINEE_EMBEDDING_PROVIDER is openai-compatible"
            )
        return self

    @model_validator(mode="after")
    def _refuse_stripe_without_key(self) -> Self:
        if self.payment_provider == "stripe" and self.stripe_secret_key is None:
            raise UnsafeSettings(
                "MATINEE_STRIPE_SECRET_KEY is needed when MATINEE_PAYMENT_PROVIDER is stripe"
            )
        return self

    @model_validator(mode="after")
    def _refuse_unsafe(self) -> Self:
        if self.environment != "production":
            return self
        secret = self.secret_key.get_secret_value()
        if secret == DEFAULT_SECRET or len(secret) < 32:
            raise UnsafeSettings(
                "MATINEE_SECRET_KEY must be your own and have 32 characters or more"
            )
        if self.workers > 1 and self.redis_url is None:
            raise UnsafeSettings("MATINEE_REDIS_URL is needed when MATINEE_WORKERS is above 1")
        if self.payment_provider == "sandbox" or self.sandbox_webhook_secrets:
            raise UnsafeSettings("the practice payment provider takes no money")
        return self

    @cached_property
    def secure_cookies(self) -> bool:
        """Whether viewers come by TLS, so that cookies may demand it."""
        return self.public_url.startswith("https://")


def load_settings(**overrides: Any) -> Settings:
    """Settings from the environment; `MATINEE_X_FILE` names a file that holds the value of X.

    Raises:
        UnsafeSettings: unknown `MATINEE_*` variables, unreadable files, values of the wrong form
            or unfit for production. The message never quotes a value.
    """
    try:
        return Settings(**(read_files(Settings.model_fields) | overrides))
    except ValidationError as error:
        complaints = [_complaint(item["loc"], item["msg"]) for item in error.errors()]
        raise UnsafeSettings("; ".join(complaints)) from None


def _complaint(location: tuple[int | str, ...], message: str) -> str:
    name = ".".join(str(part) for part in location)
    text = message.removeprefix("Value error, ")
    return f"{PREFIX}{name.upper()}: {text}" if name else text
