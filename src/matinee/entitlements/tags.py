"""The cache tags of entitlements: what to raise when something in them changes."""

FOR_SALE = "for_sale"
"""Any change of packages, of what they carry, or of offers. Grants and holds are the household's:
`user_tag`."""

CHANNELS = "channels"
"""Any change of channels, of the packages that carry them, or of blackouts."""
