"""The filter that keeps what may be played: the same decision as `access.decide`, as SQL.

A differential test holds the two against each other.
"""

from typing import Any

from matinee.accounts.viewer import Viewer
from matinee.entitlements.carriage import RULE_MATCHES, SOLD, is_open
from matinee.entitlements.facts import live_at


def entitled_at(now: str) -> str:
    """SQL over `titles t`: a right lets the household play the title at a moment (its SQL).

    It stands beside the rule of visibility and says nothing about it. What depends on the
    household alone is looked up once for a whole list.
    """
    held = f"""ARRAY(
        SELECT g.package_id FROM user_entitlements g
        WHERE g.user_id = :user_id::uuid AND g.package_id IS NOT NULL AND {live_at(now)}
    )"""
    return f"""(
        NOT EXISTS (
            SELECT FROM account_holds h
            WHERE h.user_id = :user_id::uuid AND h.lifted_at IS NULL AND h.blocks_playback
        )
        AND (
            t.id = ANY (ARRAY(
                SELECT g.title_id FROM user_entitlements g
                WHERE g.user_id = :user_id::uuid AND g.title_id IS NOT NULL AND {live_at(now)}
            ))
            OR EXISTS (
                SELECT FROM package_contents c
                WHERE c.title_id = t.id AND c.package_id = ANY ({held}) AND {is_open("c", now)}
            )
            OR EXISTS (
                SELECT FROM package_rules rule
                WHERE rule.package_id = ANY ({held}) AND {is_open("rule", now)} AND {RULE_MATCHES}
            )
            OR EXISTS (
                SELECT FROM title_offers o
                WHERE o.title_id = t.id AND o.offer_type = 'free' AND o.active
                  AND {is_open("o", now)}
            )
            OR (:unsold_is_free::bool AND NOT {SOLD})
        )
    )"""


ENTITLED = entitled_at("statement_timestamp()")
"""SQL over `titles t`: the household may play it now. Its parameters: those of visibility, and
those of `entitled_parameters`."""


def entitled_parameters(viewer: Viewer) -> dict[str, Any]:
    """The parameter of `ENTITLED` that visibility does not have."""
    return {"unsold_is_free": viewer.unsold_is_free}
