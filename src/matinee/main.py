"""The application: middleware around the routes of all domains."""

import contextlib
from collections.abc import AsyncIterator

from fastapi import FastAPI
from fastapi.telemetry import TelemetryConfig
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware

from matinee import __version__, health
from matinee.accounts import admin as accounts_admin
from matinee.accounts import router as accounts
from matinee.accounts import tidying, viewer
from matinee.admin import router as admin
from matinee.catalog import admin as catalog_admin
from matinee.catalog import router as catalog
from matinee.catalog.importers import admin as imports_admin
from matinee.catalog.search import admin as search_admin
from matinee.catalog.search import router as search
from matinee.catalog.shelves import admin as shelves_admin
from matinee.core.caching import RevalidationMiddleware
from matinee.core.compression import CompressionMiddleware
from matinee.core.errors import (
    BodyTooLarge,
    InvalidValue,
    MalformedJson,
    RateLimited,
    RequestCutOff,
    Unavailable,
    UnknownField,
    UnsupportedMediaType,
    ValidationFailed,
    install_error_handlers,
    problems,
)
from matinee.core.middleware import RequestMiddleware, SecurityHeadersMiddleware
from matinee.core.openapi import describe
from matinee.core.ratelimit import RateLimitMiddleware
from matinee.core.routing import install_routes
from matinee.core.settings import Settings, load_settings
from matinee.core.telemetry import UNTRACED, configure_logging, load_tracing
from matinee.enrichment import admin as enrichment_admin
from matinee.enrichment import programme_embeddings
from matinee.entitlements import blackouts_admin
from matinee.entitlements import router as access
from matinee.entitlements.packages import admin as packages_admin
from matinee.entitlements.packages import channels_admin as package_channels_admin
from matinee.entitlements.packages import router as packages
from matinee.entitlements.packages import selling_admin
from matinee.entitlements.purchases import admin as purchases_admin
from matinee.entitlements.purchases import router as purchases
from matinee.entitlements.purchases import sweeping as purchases_sweeping
from matinee.entitlements.sandbox import router as sandbox
from matinee.entitlements.subscriptions import admin as subscriptions_admin
from matinee.entitlements.subscriptions import ending, sweeping, tier
from matinee.entitlements.subscriptions import router as subscriptions
from matinee.entitlements.webhooks import admin as webhooks_admin
from matinee.entitlements.webhooks import router as webhooks
from matinee.epg.channels import admin as channels_admin
from matinee.epg.exports import players
from matinee.epg.exports import router as exports
from matinee.epg.guide import router as guide
from matinee.epg.importing import admin as guide_imports_admin
from matinee.epg.importing import pruning as guide_pruning
from matinee.epg.linking import admin as linking_admin
from matinee.epg.linking import jobs as linking_jobs
from matinee.epg.marks import router as marks
from matinee.epg.marks import views as channel_views
from matinee.epg.matching import admin as matching_admin
from matinee.playback import router as playback
from matinee.playback.linear import admin as linear_admin
from matinee.playback.media import admin as media_admin
from matinee.playback.origin import Origin
from matinee.profiles import router as profiles
from matinee.recommendations import admin as recommendations_admin
from matinee.recommendations import router as recommendations
from matinee.recommendations import trend_counting
from matinee.recommendations.learning import admin as learning_admin
from matinee.recommendations.learning import introducing
from matinee.recommendations.live import router as live_recommendations
from matinee.runtime import Runtime
from matinee.viewing import router as viewing
from matinee.viewing.progress import router as progress
from matinee.viewing.sessions import admin as sessions_admin
from matinee.viewing.sessions import closing, partitions
from matinee.viewing.sessions import router as sessions
from matinee.web import api_docs

COMMON = (
    MalformedJson,
    RequestCutOff,
    BodyTooLarge,
    UnsupportedMediaType,
    ValidationFailed,
    UnknownField,
    InvalidValue,
    RateLimited,
    Unavailable,
)
"""What any operation can answer."""

ROUTERS = (
    health.router,
    accounts.router,
    accounts.me_router,
    accounts_admin.router,
    profiles.router,
    viewing.router,
    viewing.household_router,
    progress.router,
    sessions.router,
    sessions.thin_router,
    sessions_admin.router,
    catalog.router,
    search.router,
    catalog_admin.router,
    imports_admin.router,
    imports_admin.upload_router,
    guide_imports_admin.router,
    guide_imports_admin.upload_router,
    shelves_admin.router,
    search_admin.router,
    enrichment_admin.router,
    recommendations.router,
    recommendations_admin.router,
    learning_admin.router,
    live_recommendations.router,
    admin.router,
    access.router,
    packages.router,
    packages_admin.router,
    package_channels_admin.router,
    blackouts_admin.router,
    selling_admin.router,
    purchases.router,
    purchases_admin.router,
    subscriptions.router,
    subscriptions_admin.router,
    webhooks.router,
    webhooks_admin.router,
    media_admin.router,
    linear_admin.router,
    guide.router,
    channels_admin.router,
    channels_admin.upload_router,
    matching_admin.router,
    linking_admin.router,
    exports.router,
    exports.document_router,
    players.router,
    marks.router,
    sandbox.router,
    sandbox.page_router,
    playback.router,
    api_docs.router,
)

WITHOUT_ROUTES = (
    channel_views,
    closing,
    partitions,
    tidying,
    trend_counting,
    introducing,
    programme_embeddings,
    ending,
    sweeping,
    tier,
    purchases_sweeping,
    guide_pruning,
    linking_jobs,
)
"""Modules that no route leads to; importing them declares their jobs."""

ALLOWED_HEADERS = (
    "authorization content-type idempotency-key if-match if-none-match x-request-id traceparent"
).split()
EXPOSED_HEADERS = "etag x-request-id ratelimit ratelimit-policy retry-after".split()


def create_app(settings: Settings | None = None, runtime: Runtime | None = None) -> FastAPI:
    """The ASGI application; a server calls it without arguments."""
    settings = settings or (runtime.settings if runtime else load_settings())
    configure_logging(settings.log_level, settings.log_format)
    runtime = runtime or Runtime(settings)

    @contextlib.asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        await runtime.open()
        try:
            yield
        finally:
            await runtime.close()

    app = FastAPI(
        title="Matinee",
        version=__version__,
        lifespan=lifespan,
        redirect_slashes=False,
        middleware=_middleware(settings, runtime),
        telemetry=_telemetry(settings),
        docs_url=None,
        redoc_url=None,
        openapi_url="/api/openapi.json",
    )
    app.state.runtime = runtime
    install_error_handlers(app)
    install_routes(
        app,
        ROUTERS,
        most_bytes=settings.max_body_bytes,
        most_upload_bytes=settings.max_import_bytes,
    )
    describe(app, problems(*COMMON))
    return app


def _telemetry(settings: Settings) -> TelemetryConfig:
    if settings.otlp_endpoint is None:
        return UNTRACED
    config: TelemetryConfig = load_tracing().telemetry_config(settings.otlp_endpoint)
    return config


def _middleware(settings: Settings, runtime: Runtime) -> list[Middleware]:
    """Outermost first."""
    stack = [
        Middleware(
            RequestMiddleware, metrics=runtime.metrics, trusted_proxies=settings.trusted_proxies
        ),
        Middleware(Origin, runtime=runtime),
        Middleware(SecurityHeadersMiddleware, tls=settings.secure_cookies),
    ]
    if settings.otlp_endpoint:
        stack.append(Middleware(load_tracing().SpanNameMiddleware))
    if settings.allowed_origins:
        stack.append(
            Middleware(
                CORSMiddleware,
                allow_origins=settings.allowed_origins,
                allow_credentials=True,
                allow_methods=["GET", "POST", "PUT", "PATCH", "DELETE"],
                allow_headers=ALLOWED_HEADERS,
                expose_headers=EXPOSED_HEADERS,
            )
        )
    if settings.rate_limits_enabled:
        stack.append(
            Middleware(
                RateLimitMiddleware,
                limiter=runtime.limiter,
                identify=viewer.known_user(runtime),
                webhooks="/api/v1/webhooks/",
            )
        )
    return [*stack, Middleware(CompressionMiddleware), Middleware(RevalidationMiddleware)]
