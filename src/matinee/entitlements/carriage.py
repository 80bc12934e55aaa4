"""Which packages carry a title: those that list it, and those that a rule gives it to."""

RULE_MATCHES = """(
    (rule.kind IS NULL OR rule.kind = t.kind)
    AND (rule.genres = '{}' OR rule.genres && t.genres)
    AND (rule.tags = '{}' OR rule.tags && t.tags)
    AND (rule.year_from IS NULL OR rule.year_from <= t.year)
    AND (rule.year_to IS NULL OR t.year <= rule.year_to)
)"""
"""SQL over `titles t` and `package_rules rule`: what the title is fulfils the rule."""

CARRIED = f"""(
    SELECT package_id, territory, available_from, available_until
    FROM package_contents WHERE title_id = t.id
    UNION ALL
    SELECT rule.package_id, rule.territory, rule.available_from, rule.available_until
    FROM package_rules rule WHERE {RULE_MATCHES}
)"""
"""A table over `titles t`: every package that carries the title somewhere, at some time."""

SOLD = f"""(
    EXISTS (SELECT FROM title_offers WHERE title_id = t.id) OR EXISTS (SELECT FROM {CARRIED} c)
)"""
"""SQL over `titles t`: at some time, somewhere, there is or was a way to get the title from us."""


def is_open(row: str, now: str) -> str:
    """SQL: the window of a row (its alias) is open in `:territory` at a moment (its SQL)."""
    return f"""(
        {row}.territory IN (:territory::text, '**')
        AND {row}.available_from <= {now} AND {now} < {row}.available_until
    )"""
