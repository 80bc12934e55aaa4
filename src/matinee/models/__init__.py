"""All tables: one schema, seen whole. Importing this package fills `Base.metadata`."""

from matinee.models import (
    account,
    airing,
    catalog,
    entitlement,
    live,
    operations,
    payment,
    playout,
    purchase,
    recommendation,
    search,
    viewing,
)
from matinee.models.base import Base, Placement

__all__ = [
    "Base",
    "Placement",
    "account",
    "airing",
    "catalog",
    "entitlement",
    "live",
    "operations",
    "payment",
    "playout",
    "purchase",
    "recommendation",
    "search",
    "viewing",
]
