"""The cache tags of live television: what to raise when something in it changes."""

from uuid import UUID

from matinee.entitlements import tags

CHANNELS = tags.CHANNELS
"""Any change of channels, of the packages that carry them, or of blackouts."""

GUIDE = "guide"
"""Any change of airings or programmes."""


def guide_of(channel_id: UUID) -> str:
    """The cache tag of one channel's airings."""
    return f"guide:{channel_id}"
