"""Readers of guides (XMLTV) and channel lists (M3U), as others write them."""
