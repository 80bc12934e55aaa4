"""How good recommendations are: what the guard measured, and what people play of what they see."""

from datetime import timedelta
from typing import Any

from matinee.core.database import ReadTx, Row
from matinee.recommendations.admin_schemas import ClickThrough, Quality, TrainedModel
from matinee.runtime import Runtime

DAYS = 30
REMEMBERED = timedelta(minutes=5)

_MODELS = """
    SELECT id, state, source, report, trained_at FROM recommendation_models
    WHERE state <> 'training' ORDER BY id DESC
"""
# `genre:western` and `genre:drama` are rails of one kind
_CLICK_THROUGH = """
    -- cross-user
    WITH played AS (
        SELECT DISTINCT user_id, recommendation_id AS id FROM viewing_sessions
        WHERE recommendation_id IS NOT NULL AND NOT incognito
          AND started_at > statement_timestamp() - :days::int * interval '1 day'
    )
    SELECT split_part(i.rail, ':', 1) AS rail, i.variant, count(*) AS shown,
           count(played.id) AS played
    FROM rail_impressions i LEFT JOIN played USING (user_id, id)
    WHERE i.shown_at > statement_timestamp() - :days::int * interval '1 day'
    GROUP BY 1, 2 ORDER BY 1, 2
"""


async def get_quality(runtime: Runtime) -> Quality:
    """Measures and click-through of late; may be five minutes old."""
    return await runtime.cache.get_or_build_object(
        "quality", "", depends_on=set(), ttl=REMEMBERED, build=lambda: _measure(runtime)
    )


async def _measure(runtime: Runtime) -> Quality:
    timeout = runtime.settings.slow_statement_timeout_ms
    async with runtime.database.read(statement_timeout_ms=timeout) as tx:
        models = [TrainedModel(**row) for row in await tx.all(_MODELS)]
        click_through = await _click_through(tx)
    current = next((model for model in models if model.state == "current"), None)
    report: dict[str, Any] = current.report if current else {}
    return Quality(
        current=current,
        last=models[0] if models else None,
        ndcg=report.get("ndcg"),
        ndcg_popularity=report.get("ndcg_popularity"),
        coverage=report.get("coverage"),
        days=DAYS,
        click_through=click_through,
    )


async def _click_through(tx: ReadTx) -> list[ClickThrough]:
    return [_rate(row) for row in await tx.all(_CLICK_THROUGH, days=DAYS)]


def _rate(row: Row) -> ClickThrough:
    return ClickThrough(**row, rate=round(row["played"] / row["shown"], 4))
