"""Promo and gift codes: how they are made and found, and how staff looks after them."""

import hashlib
import secrets
import unicodedata
from uuid import UUID

from pydantic import BaseModel

from matinee.accounts.viewer import Viewer
from matinee.core.database import ReadTx, Row, WriteTx
from matinee.core.errors import InvalidValue, RuleViolated
from matinee.core.paging import decode_cursor, encode_cursor
from matinee.entitlements.packages.changes import write_down
from matinee.entitlements.packages.code_schemas import (
    CodeOut,
    Codes,
    CodeSearch,
    CreateCodes,
    DisableCodes,
    Disabled,
    NewCode,
    NewCodes,
)
from matinee.entitlements.schemas import PackageRef

ALPHABET = "23456789BCDFGHJKMNPQRTVWXZ"
"""Neither letters that look like digits, nor vowels that would make words."""

GROUPS, GROUP = 4, 4
"""26 ** 16 codes: 75 bits, so that no plain hash of one can be turned back."""

_PACKAGE = "SELECT id FROM content_packages WHERE slug = :package"
_TITLE = "SELECT id FROM titles WHERE id = :title_id FOR KEY SHARE"
_NOW = "SELECT clock_timestamp()"
_ADD = """
    INSERT INTO promo_codes
        (code_hash, label, kind, package_id, days, title_id, max_redemptions, valid_from,
         valid_until)
    SELECT code_hash, :label, :kind, :package_id, :days, :title_id, :max_redemptions, :valid_from,
           :valid_until
    FROM unnest(:hashes::bytea[]) WITH ORDINALITY AS made(code_hash, n) ORDER BY n
    RETURNING id, code_hash
"""
_STATE = """
    CASE WHEN c.valid_until <= statement_timestamp() THEN 'over'
         WHEN c.redeemed = c.max_redemptions THEN 'used_up'
         WHEN statement_timestamp() < c.valid_from THEN 'upcoming'
         ELSE 'open' END
"""
_LIST = f"""
    SELECT c.id, c.label, c.kind, c.days, c.title_id, c.max_redemptions, c.redeemed, c.valid_from,
           c.valid_until, c.created_at, {_STATE} AS state,
           p.id AS package_id, p.slug AS package_slug, p.name AS package_name
    FROM promo_codes c LEFT JOIN content_packages p ON p.id = c.package_id
    WHERE (:label::text IS NULL OR c.label = :label)
      AND (:package::text IS NULL OR p.slug = :package)
      AND (:kind::text IS NULL OR c.kind = :kind)
      AND (:state::text IS NULL OR {_STATE} = :state)
      AND (:before::uuid IS NULL OR c.id < :before)
    ORDER BY c.id DESC LIMIT :wanted
"""
# A window that is shut is one that ended; one that has not opened yet is made to end just before.
_DISABLE = """
    UPDATE promo_codes c
    SET valid_from = least(c.valid_from, this.moment - interval '1 microsecond'),
        valid_until = this.moment
    FROM (SELECT clock_timestamp() AS moment) AS this,
         (SELECT id FROM promo_codes
          WHERE id = ANY (:code_ids::uuid[]) OR label = :label ORDER BY id FOR UPDATE) AS wanted
    WHERE c.id = wanted.id AND (c.valid_until IS NULL OR this.moment < c.valid_until)
    RETURNING c.id
"""


class _Batch(BaseModel):
    """What the audit log keeps of many codes; never what they read."""

    label: str | None = None
    kind: str | None = None
    gives: str | None = None
    code_ids: list[UUID]


def hash_of(code: str) -> bytes:
    """What a code is found by; case, spaces and punctuation do not matter.

    >>> hash_of("Winter-2027") == hash_of(" winter 2027")
    True
    """
    letters = unicodedata.normalize("NFKC", code).upper()
    return hashlib.sha256("".join(filter(str.isalnum, letters)).encode()).digest()


def new_code() -> str:
    """A code that nobody can guess, in groups that are easy to read out."""
    groups = ("".join(secrets.choice(ALPHABET) for _ in range(GROUP)) for _ in range(GROUPS))
    return "-".join(groups)


async def create_codes(tx: WriteTx, staff: Viewer, wish: CreateCodes) -> NewCodes:
    """Make codes and show them, once: only their hashes are kept.

    Raises:
        InvalidValue: there is no such package or title.
        RuleViolated: they would end before they begin.
    """
    package_id, title_id = await _gift(tx, wish)
    valid_from = wish.valid_from or await tx.scalar(_NOW)
    if wish.valid_until is not None and wish.valid_until <= valid_from:
        raise RuleViolated("valid_until", message="They would end before they begin.")
    made = {hash_of(code): code for code in (new_code() for _ in range(wish.count))}
    rows = await tx.all(
        _ADD,
        hashes=list(made),
        label=wish.label,
        kind=wish.kind,
        package_id=package_id,
        days=wish.days,
        title_id=title_id,
        max_redemptions=wish.max_redemptions,
        valid_from=valid_from,
        valid_until=wish.valid_until,
    )
    batch = _Batch(
        label=wish.label,
        kind=wish.kind,
        gives=f"{wish.package} for {wish.days} days" if wish.package else f"title {title_id}",
        code_ids=[row["id"] for row in rows],
    )
    await write_down(tx, staff, "code.create", {"label": wish.label}, after=batch)
    items = [NewCode(id=row["id"], code=made[bytes(row["code_hash"])]) for row in rows]
    return NewCodes(label=wish.label, items=items)


async def _gift(tx: ReadTx, wish: CreateCodes) -> tuple[UUID | None, UUID | None]:
    """The ids of the package or the title that the codes give."""
    if wish.package is not None:
        package_id = await tx.scalar(_PACKAGE, package=wish.package)
        if package_id is None:
            raise InvalidValue("package", message="There is no such package.")
        return package_id, None
    if await tx.scalar(_TITLE, title_id=wish.title_id) is None:
        raise InvalidValue("title_id", message="There is no such title.")
    return None, wish.title_id


async def list_codes(tx: ReadTx, wish: CodeSearch) -> Codes:
    """Codes that were made, the newest first.

    Raises:
        BadCursor: the cursor is none of ours.
    """
    [before] = decode_cursor(wish.cursor, (UUID,)) if wish.cursor else (None,)
    rows = await tx.all(
        _LIST,
        before=before,
        wanted=wish.page_size + 1,
        **wish.model_dump(include={"label", "package", "kind", "state"}),
    )
    page = rows[: wish.page_size]
    cursor = encode_cursor(page[-1]["id"]) if len(rows) > len(page) else None
    return Codes(items=[_shown(row) for row in page], next_cursor=cursor)


def _shown(row: Row) -> CodeOut:
    package = None
    if row["package_id"] is not None:
        package = PackageRef(
            id=row["package_id"], slug=row["package_slug"], name=row["package_name"]
        )
    return CodeOut(**row, package=package)


async def disable_codes(tx: WriteTx, staff: Viewer, wish: DisableCodes) -> Disabled:
    """Let codes not be used any more; what they gave stays. Those that are over already stay so."""
    rows = await tx.all(_DISABLE, code_ids=wish.code_ids or [], label=wish.label)
    batch = _Batch(label=wish.label, code_ids=sorted(row["id"] for row in rows))
    targets = {"label": wish.label} if wish.label else {"codes": len(rows)}
    await write_down(tx, staff, "code.disable", targets, before=batch)
    return Disabled(disabled=len(rows))
