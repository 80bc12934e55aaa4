"""Households as the operator's support sees them: finding, looking, disabling."""

from uuid import UUID

from matinee.accounts import audit, sessions, staffing
from matinee.accounts.audit import Actor
from matinee.accounts.households import identity_of
from matinee.accounts.schemas import UpdateUser, UserDetail, Users, UserSummary
from matinee.accounts.staff import STAFF_MANAGE, allowed
from matinee.accounts.viewer import Viewer, user_tag
from matinee.core.database import ReadTx, WriteTx
from matinee.core.errors import Forbidden, NotFound, RuleViolated
from matinee.core.paging import decode_cursor, encode_cursor
from matinee.core.text import like_pattern

_FIND = """
    -- cross-user
    SELECT i.identity, u.user_id, u.email, u.country, u.status, s.role, u.created_at,
           u.deletion_requested_at
    FROM login_identities i
    JOIN users u ON u.user_id = i.user_id
    LEFT JOIN staff s ON s.user_id = i.user_id
    WHERE i.identity LIKE :pattern AND (:after::text IS NULL OR i.identity > :after)
    ORDER BY i.identity LIMIT :limit
"""
_DETAIL = """
    SELECT u.user_id, u.email, u.country, u.status, s.role, u.created_at, u.deletion_requested_at,
           (SELECT count(*) FROM profiles p WHERE p.user_id = u.user_id) AS profiles,
           (SELECT count(*) FROM auth_sessions a
            WHERE a.user_id = u.user_id AND a.revoked_at IS NULL
              AND a.expires_at > clock_timestamp()) AS live_sessions,
           (SELECT max(a.last_seen_at) FROM auth_sessions a
            WHERE a.user_id = u.user_id) AS last_seen_at
    FROM users u LEFT JOIN staff s ON s.user_id = u.user_id
    WHERE u.user_id = :user_id AND u.status <> 'deleted'
"""
_LOCK = "SELECT status FROM users WHERE user_id = :user_id FOR NO KEY UPDATE"
_SET_STATUS = """
    UPDATE users SET status = :status, updated_at = clock_timestamp() WHERE user_id = :user_id
"""


async def find_users(tx: ReadTx, email: str | None, cursor: str | None, page_size: int) -> Users:
    """Households whose address begins with `email`, in the order of addresses.

    Raises:
        BadCursor: it is not one of ours.
    """
    (after,) = decode_cursor(cursor, [str]) if cursor else (None,)
    pattern = like_pattern(identity_of(email or "")) + "%"
    rows = await tx.all(_FIND, pattern=pattern, after=after, limit=page_size + 1)
    page = [dict(row) for row in rows[:page_size]]
    identities = [row.pop("identity") for row in page]
    return Users(
        items=[UserSummary(**row) for row in page],
        next_cursor=encode_cursor(identities[-1]) if len(rows) > page_size else None,
    )


async def get_user(tx: ReadTx, user_id: UUID) -> UserDetail:
    """One household.

    Raises:
        NotFound: there is none of that id, or it was deleted.
    """
    row = await tx.one(_DETAIL, user_id=user_id)
    if row is None:
        raise NotFound()
    return UserDetail(**row)


async def update_user(tx: WriteTx, viewer: Viewer, user_id: UUID, wish: UpdateUser) -> UserDetail:
    """Disable a household, which signs it out everywhere at once, or enable it again.

    Raises:
        NotFound: there is no such household.
        RuleViolated: nobody disables himself.
        Forbidden: only who manages staff may touch the accounts of staff.
        LastAdmin: nobody else could run the service.
    """
    if user_id == viewer.household:
        raise RuleViolated("status", message="You cannot disable yourself.")
    user = await get_user(tx, user_id)
    if user.role is not None and not allowed(viewer, STAFF_MANAGE):
        raise Forbidden(permission=STAFF_MANAGE)
    if user.status == wish.status:
        return user
    if wish.status == "disabled":
        await staffing.require_another_admin(tx, user_id)
    before = await tx.scalar(_LOCK, user_id=user_id)
    if before == "deleted":
        raise NotFound()
    await _set_status(tx, viewer, user_id, before, wish)
    return await get_user(tx, user_id)


async def _set_status(
    tx: WriteTx, viewer: Viewer, user_id: UUID, before: str, wish: UpdateUser
) -> None:
    await tx.execute(_SET_STATUS, user_id=user_id, status=wish.status)
    if wish.status == "disabled":
        await sessions.end_all(tx, user_id, reason="disabled")
    await audit.record(
        tx,
        Actor.of(viewer),
        "user.disable" if wish.status == "disabled" else "user.enable",
        targets={"user": user_id},
        before={"status": before},
        after={"status": wish.status},
        reason=wish.reason,
    )
    tx.invalidate(user_tag(user_id))
