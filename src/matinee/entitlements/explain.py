"""Explaining who may play what: the decision with everything that it was made from."""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from matinee.accounts.staff import USERS_READ, allowed
from matinee.accounts.viewer import HOUSEHOLD, Viewer, somebody_of
from matinee.core.database import ReadTx, Row
from matinee.core.errors import Forbidden, NotFound, RuleViolated
from matinee.entitlements.access import (
    Asking,
    Carriage,
    Facts,
    Grant,
    Offer,
    Package,
    Window,
    decide,
)
from matinee.entitlements.carriage import RULE_MATCHES
from matinee.entitlements.channels import channel_facts_of
from matinee.entitlements.explaining import Case, Hold
from matinee.entitlements.facts import facts_of
from matinee.entitlements.schemas import (
    AccessExplanation,
    ExplainedRow,
    access_fields,
    package_ref,
)
from matinee.runtime import Runtime

_WINDOW = """
    {row}.territory, nullif({row}.available_from, '-infinity') AS available_from,
    nullif({row}.available_until, 'infinity') AS available_until
"""
_HOLDS = """
    SELECT id, reason, blocks_playback, created_at, lifted_at
    FROM account_holds WHERE user_id = :user_id ORDER BY id
"""
_GRANTS = """
    SELECT g.id, g.kind, g.starts_at, g.expires_at, g.package_id, g.season_id, g.quality,
           g.first_played_at, g.revoked_at, g.source_type, g.revoke_reason, p.slug, p.name
    FROM user_entitlements g LEFT JOIN content_packages p ON p.id = g.package_id
    WHERE g.user_id = :user_id AND (g.title_id = :title_id::uuid OR g.title_id IS NULL)
    ORDER BY g.id
"""
_CARRIAGES = f"""
    SELECT c.kind, c.row_id, {_WINDOW.format(row="c")}, p.id, p.slug, p.name, p.price_cents,
           p.currency, p.billing_period, p.max_quality, p.active
    FROM titles t, LATERAL (
        SELECT 'listed' AS kind, id AS row_id, package_id, territory, available_from,
               available_until
        FROM package_contents WHERE title_id = t.id
        UNION ALL
        SELECT 'rule', rule.id, rule.package_id, rule.territory, rule.available_from,
               rule.available_until
        FROM package_rules rule WHERE {RULE_MATCHES}
    ) AS c
    JOIN content_packages p ON p.id = c.package_id
    WHERE t.id = :title_id ORDER BY p.slug, c.row_id
"""
_CHANNEL_CARRIAGES = f"""
    SELECT 'listed' AS kind, pc.id AS row_id, {_WINDOW.format(row="pc")}, p.id, p.slug, p.name,
           p.price_cents, p.currency, p.billing_period, p.max_quality, p.active
    FROM package_channels pc JOIN content_packages p ON p.id = pc.package_id
    WHERE pc.channel_id = :channel_id ORDER BY p.slug, pc.id
"""
_BLACKOUTS = """
    SELECT id, territory, starts_at, ends_at FROM blackouts
    WHERE channel_id = :channel_id ORDER BY starts_at, id
"""
_OFFERS = f"""
    SELECT id, offer_type, price_cents, currency, quality, {_WINDOW.format(row="o")}, season_id,
           rental_window_hours, start_within_hours, active
    FROM title_offers o WHERE title_id = :title_id ORDER BY id
"""
_TITLE = "SELECT true FROM titles WHERE id = :title_id"
_CHANNEL = "SELECT true FROM channels WHERE id = :channel_id"
_SEASON = "SELECT true FROM seasons WHERE id = :season_id AND title_id = :title_id"


@dataclass(frozen=True, slots=True)
class Question:
    """What is to be explained, a title or a channel; of whom, only staff may choose."""

    title_id: UUID | None = None
    season_id: UUID | None = None
    channel_id: UUID | None = None
    at: datetime | None = None
    user_id: UUID | None = None
    profile_id: UUID | None = None


async def explain(
    runtime: Runtime, tx: ReadTx, viewer: Viewer, question: Question
) -> AccessExplanation:
    """The decision on a title, season or channel, with every row that could have had a say in it.

    Another moment is looked at with what is known now: what was revoked or lifted since is so.

    Raises:
        Forbidden: it is about others or another moment, and the viewer is no staff of support.
        NotFound: there is no such title, season, channel, household or profile, or the viewer may
            not see the title or the channel.
        RuleViolated: a profile was named without its household, or not just one thing to explain.
    """
    if (question.title_id is None) == (question.channel_id is None):
        raise RuleViolated("title_id", message="Name either a title or a channel.")
    is_staff = allowed(viewer, USERS_READ)
    asker = await _asker(runtime, tx, viewer, question, is_staff=is_staff)
    asking, facts = await _facts(tx, asker, question)
    if not (is_staff or (facts.shown and facts.suitable)):
        raise NotFound()
    await _require_existing(tx, question)
    carriages, offers, blackouts = await _rows(tx, question)
    grants = await tx.all(_GRANTS, user_id=asker.user_id, title_id=question.title_id)
    holds = await tx.all(_HOLDS, user_id=asker.user_id)
    facts = replace(
        facts,
        carriages=[_carriage(row) for row in carriages],
        offers=[_offer(row) for row in offers],
        grants=[_grant(row) for row in grants],
    )
    case = Case(facts, asking, question.season_id, decide(facts, asking, question.season_id))
    rows = [
        *(_explained_hold(case, row) for row in holds),
        *(_explained_grant(case, row) for row in grants),
        *(_explained_carriage(case, row) for row in carriages),
        *(_explained_offer(case, row) for row in offers),
        *(_explained_blackout(case, row) for row in blackouts),
    ]
    return AccessExplanation(
        **access_fields(case.decision),
        title_id=question.title_id,
        season_id=question.season_id,
        channel_id=question.channel_id,
        at=asking.now,
        territory=asking.territory,
        shown=facts.shown,
        suitable=facts.suitable,
        sold=facts.sold,
        rows=sorted(rows, key=lambda row: row.reason != "decided"),
    )


async def _asker(
    runtime: Runtime, tx: ReadTx, viewer: Viewer, question: Question, *, is_staff: bool
) -> Viewer:
    """The viewer himself with his profile, or whomever a member of staff asks about."""
    plays = runtime.settings.environment in ("demo", "test")
    about_others = question.user_id is not None or question.profile_id is not None
    if not is_staff and (about_others or (question.at is not None and not plays)):
        raise Forbidden(permission=USERS_READ)
    if not about_others:
        viewer.profile  # noqa: B018 - raises without one
        return viewer
    if question.user_id is None:
        raise RuleViolated("user_id", message="Name the household of this profile.")
    row = await tx.one(HOUSEHOLD, user_id=question.user_id, profile_id=question.profile_id)
    if row is None or row["profile_id"] != question.profile_id:
        raise NotFound()
    unsold_is_free = runtime.settings.unsold_titles == "free"
    return somebody_of(question.user_id, row, unsold_is_free=unsold_is_free)


async def _facts(tx: ReadTx, asker: Viewer, question: Question) -> tuple[Asking, Facts]:
    if question.channel_id is not None:
        asking, found = await channel_facts_of(tx, asker, [question.channel_id], at=question.at)
        return asking, found[question.channel_id]
    assert question.title_id is not None
    asking, found = await facts_of(tx, asker, [question.title_id], at=question.at)
    return asking, found[question.title_id]


async def _rows(tx: ReadTx, question: Question) -> tuple[list[Row], list[Row], list[Row]]:
    """Carriages, offers and blackouts, whether they count or not."""
    if question.channel_id is not None:
        named = {"channel_id": question.channel_id}
        return await tx.all(_CHANNEL_CARRIAGES, **named), [], await tx.all(_BLACKOUTS, **named)
    title = {"title_id": question.title_id}
    return await tx.all(_CARRIAGES, **title), await tx.all(_OFFERS, **title), []


async def _require_existing(tx: ReadTx, question: Question) -> None:
    if question.channel_id is not None:
        if not await tx.scalar(_CHANNEL, channel_id=question.channel_id):
            raise NotFound()
        return
    named = {"title_id": question.title_id}
    if not await tx.scalar(_TITLE, **named):
        raise NotFound()
    if question.season_id is not None and not await tx.scalar(
        _SEASON, season_id=question.season_id, **named
    ):
        raise NotFound()


def _window(row: Row) -> Window:
    return Window(row["territory"], row["available_from"], row["available_until"])


def _carriage(row: Row) -> Carriage:
    package = Package(
        row["id"],
        row["slug"],
        row["name"],
        row["price_cents"],
        row["currency"],
        row["billing_period"],
        row["max_quality"],
        row["active"],
    )
    return Carriage(package, _window(row))


def _offer(row: Row) -> Offer:
    return Offer(
        row["id"],
        row["offer_type"],
        row["price_cents"],
        row["currency"],
        row["quality"],
        _window(row),
        season_id=row["season_id"],
        rental_window_hours=row["rental_window_hours"],
        start_within_hours=row["start_within_hours"],
        active=row["active"],
    )


def _grant(row: Row) -> Grant:
    return Grant(
        row["id"],
        row["kind"],
        row["starts_at"],
        row["expires_at"],
        package_id=row["package_id"],
        season_id=row["season_id"],
        quality=row["quality"],
        first_played_at=row["first_played_at"],
        revoked_at=row["revoked_at"],
    )


def _explained_hold(case: Case, row: Row) -> ExplainedRow:
    hold = Hold(**row)
    return ExplainedRow(
        kind="hold",
        id=hold.id,
        reason=case.reason_of_hold(hold),
        type=hold.reason,
        starts_at=hold.created_at,
        ends_at=hold.lifted_at,
    )


def _explained_grant(case: Case, row: Row) -> ExplainedRow:
    grant = _grant(row)
    return ExplainedRow(
        kind="grant",
        id=grant.id,
        reason=case.reason_of_grant(grant),
        type=grant.kind,
        source=row["source_type"],
        package=package_ref(row["package_id"], row["slug"], row["name"])
        if grant.package_id
        else None,
        season_id=grant.season_id,
        quality=grant.quality,
        starts_at=grant.starts_at,
        ends_at=grant.expires_at,
        revoke_reason=row["revoke_reason"],
    )


def _explained_carriage(case: Case, row: Row) -> ExplainedRow:
    carriage = _carriage(row)
    package, window = carriage.package, carriage.window
    return ExplainedRow(
        kind=row["kind"],
        id=row["row_id"],
        reason=case.reason_of_carriage(carriage),
        package=package_ref(package.id, package.slug, package.name),
        territory=window.territory,
        quality=package.max_quality,
        price_cents=package.price_cents,
        currency=package.currency,
        starts_at=window.available_from,
        ends_at=window.available_until,
    )


def _explained_offer(case: Case, row: Row) -> ExplainedRow:
    offer = _offer(row)
    return ExplainedRow(
        kind="offer",
        id=offer.id,
        reason=case.reason_of_offer(offer),
        type=offer.type,
        season_id=offer.season_id,
        territory=offer.window.territory,
        quality=offer.quality,
        price_cents=offer.price_cents,
        currency=offer.currency,
        starts_at=offer.window.available_from,
        ends_at=offer.window.available_until,
    )


def _explained_blackout(case: Case, row: Row) -> ExplainedRow:
    window = Window(row["territory"], row["starts_at"], row["ends_at"])
    return ExplainedRow(
        kind="blackout",
        id=row["id"],
        reason=case.reason_of_blackout(window),
        territory=row["territory"],
        starts_at=row["starts_at"],
        ends_at=row["ends_at"],
    )
