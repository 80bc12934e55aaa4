"""The cache tags of the catalogue: what to raise when something in it changes."""

CATALOG = "catalog"
"""Any change of what the catalogue shows."""
