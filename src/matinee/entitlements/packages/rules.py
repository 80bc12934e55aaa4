"""Rules by which a package carries titles for what they are (E-01); each read asks them anew."""

from typing import Any
from uuid import UUID

from matinee.accounts.viewer import Viewer
from matinee.core.database import ReadTx, WriteTx
from matinee.core.errors import InvalidValue, NotFound
from matinee.entitlements.carriage import RULE_MATCHES
from matinee.entitlements.packages.changes import write_down
from matinee.entitlements.packages.content_schemas import (
    Conditions,
    MatchedTitle,
    RuleOut,
    RulePreview,
    Rules,
    WriteRule,
)
from matinee.entitlements.packages.windows import CLOSES, OPENS, SHOWN_WINDOW
from matinee.entitlements.tags import FOR_SALE

_COLUMNS = f"r.id, r.kind, r.genres, r.tags, r.year_from, r.year_to, {SHOWN_WINDOW.format('r')}"
_EXISTS = "SELECT EXISTS (SELECT FROM content_packages WHERE id = :package_id)"
_LOCK_PACKAGE = "SELECT id FROM content_packages WHERE id = :package_id FOR NO KEY UPDATE"
_RULES = f"SELECT {_COLUMNS} FROM package_rules r WHERE r.package_id = :package_id ORDER BY r.id"
_LOCK = f"""
    SELECT {_COLUMNS} FROM package_rules r
    WHERE r.package_id = :package_id AND r.id = :rule_id FOR UPDATE
"""
_ADD = f"""
    INSERT INTO package_rules AS r
        (package_id, kind, genres, tags, year_from, year_to, territory, available_from,
         available_until)
    VALUES (:package_id, :kind, :genres, :tags, :year_from, :year_to, :territory, {OPENS},
            {CLOSES})
    RETURNING {_COLUMNS}
"""
_CHANGE = f"""
    UPDATE package_rules r
    SET kind = :kind, genres = :genres, tags = :tags, year_from = :year_from, year_to = :year_to,
        territory = :territory, available_from = {OPENS}, available_until = {CLOSES}
    WHERE r.id = :rule_id RETURNING {_COLUMNS}
"""
_DELETE = "DELETE FROM package_rules WHERE id = :rule_id"
_UNKNOWN_GENRES = """
    SELECT wanted.slug FROM unnest(:genres::text[]) AS wanted(slug)
    WHERE NOT EXISTS (SELECT FROM genres g WHERE g.slug = wanted.slug)
"""
_MATCHES = f"""
    FROM titles t,
         (SELECT :kind::text AS kind, :genres::text[] AS genres, :tags::text[] AS tags,
                 :year_from::smallint AS year_from, :year_to::smallint AS year_to) AS rule
    WHERE {RULE_MATCHES}
"""
_COUNT = f"""
    SELECT count(*) AS titles, count(*) FILTER (WHERE t.status = 'published') AS published
    {_MATCHES}
"""
_SAMPLE = f"""
    SELECT t.id, t.name, t.kind, t.year, t.status {_MATCHES}
    ORDER BY t.status = 'published' DESC, t.added_at DESC, t.id DESC LIMIT 24
"""
_MOVE_GENRE = """
    UPDATE package_rules
    SET genres = CASE WHEN genres @> ARRAY[:into::text] THEN array_remove(genres, :slug::text)
                      ELSE array_replace(genres, :slug::text, :into::text) END
    WHERE genres @> ARRAY[:slug::text]
"""


async def list_rules(tx: ReadTx, package_id: UUID) -> Rules:
    """All rules of a package, the oldest first.

    Raises:
        NotFound: there is no such package.
    """
    if not await tx.scalar(_EXISTS, package_id=package_id):
        raise NotFound()
    rows = await tx.all(_RULES, package_id=package_id)
    return Rules(items=[RuleOut(**row) for row in rows])


async def preview(tx: ReadTx, wish: Conditions) -> RulePreview:
    """What a rule of these conditions would carry now.

    Raises:
        InvalidValue: there is no genre of that slug.
    """
    await _refuse_unknown_genres(tx, wish)
    conditions = wish.model_dump()
    counts = await tx.one(_COUNT, **conditions)
    assert counts is not None
    sample = [MatchedTitle(**row) for row in await tx.all(_SAMPLE, **conditions)]
    return RulePreview(**counts, sample=sample)


async def create_rule(tx: WriteTx, staff: Viewer, package_id: UUID, wish: WriteRule) -> RuleOut:
    """Let a package carry whatever fulfils the conditions.

    Raises:
        NotFound: there is no such package.
        InvalidValue: there is no genre of that slug.
    """
    if await tx.scalar(_LOCK_PACKAGE, package_id=package_id) is None:
        raise NotFound()
    await _refuse_unknown_genres(tx, wish)
    row = await tx.one(_ADD, package_id=package_id, **_columns(wish))
    assert row is not None
    created = RuleOut(**row)
    targets = {"package": package_id, "rule": created.id}
    await write_down(tx, staff, "package.create_rule", targets, after=created)
    return created


async def put_rule(
    tx: WriteTx, staff: Viewer, package_id: UUID, rule_id: UUID, wish: WriteRule
) -> RuleOut:
    """Replace a rule.

    Raises:
        NotFound: the package has no such rule.
        InvalidValue: there is no genre of that slug.
    """
    before = await _locked(tx, package_id, rule_id)
    await _refuse_unknown_genres(tx, wish)
    row = await tx.one(_CHANGE, rule_id=rule_id, **_columns(wish))
    assert row is not None
    after = RuleOut(**row)
    targets = {"package": package_id, "rule": rule_id}
    await write_down(tx, staff, "package.put_rule", targets, before=before, after=after)
    return after


async def delete_rule(tx: WriteTx, staff: Viewer, package_id: UUID, rule_id: UUID) -> None:
    """Remove a rule; what the package lists by name stays.

    Raises:
        NotFound: the package has no such rule.
    """
    before = await _locked(tx, package_id, rule_id)
    await tx.execute(_DELETE, rule_id=rule_id)
    targets = {"package": package_id, "rule": rule_id}
    await write_down(tx, staff, "package.delete_rule", targets, before=before)


async def move_genre(tx: WriteTx, slug: str, into: str) -> None:
    """Let rules name one genre instead of another: all of its titles have that now."""
    if await tx.execute(_MOVE_GENRE, slug=slug, into=into):
        tx.invalidate(FOR_SALE)


async def _locked(tx: WriteTx, package_id: UUID, rule_id: UUID) -> RuleOut:
    row = await tx.one(_LOCK, package_id=package_id, rule_id=rule_id)
    if row is None:
        raise NotFound()
    return RuleOut(**row)


def _columns(wish: WriteRule) -> dict[str, Any]:
    columns = wish.model_dump()
    for labels in ("genres", "tags"):
        columns[labels] = list(dict.fromkeys(columns[labels]))
    return columns


async def _refuse_unknown_genres(tx: ReadTx, wish: Conditions) -> None:
    if unknown := await tx.all(_UNKNOWN_GENRES, genres=wish.genres):
        raise InvalidValue("genres", unknown=[row["slug"] for row in unknown])
