"""The national systems of age ratings: shipped as data, kept in every installation's database."""

import json
from functools import cache
from pathlib import Path

from matinee.catalog.tags import CATALOG
from matinee.core.database import WriteTx

_FILE = Path(__file__).with_name("ratings.json")
COLUMNS = ("country", "system", "label", "score", "description")

# Rows that are right already are left alone: a start that changes nothing writes nothing.
_UPSERT = """
    INSERT INTO maturity_ratings AS r (country, system, label, score, description)
    SELECT * FROM unnest(:country::text[], :system::text[], :label::text[], :score::smallint[],
                         :description::text[])
    ON CONFLICT (system, label) DO UPDATE
    SET country = excluded.country, score = excluded.score, description = excluded.description
    WHERE (r.country, r.score, r.description)
          IS DISTINCT FROM (excluded.country, excluded.score, excluded.description)
"""


@cache
def shipped_ratings() -> tuple[dict[str, str | int], ...]:
    """Every label with its country, system, score (the age it stands for, 0..21) and meaning."""
    return tuple(json.loads(_FILE.read_text(encoding="utf-8")))


async def ensure_ratings(tx: WriteTx) -> int:
    """Bring the table to what is shipped; labels that an operator added stay.

    Returns how many rows were added or changed.
    """
    columns = {name: [rating[name] for rating in shipped_ratings()] for name in COLUMNS}
    changed = await tx.execute(_UPSERT, **columns)
    if changed:
        tx.invalidate(CATALOG)
    return changed
