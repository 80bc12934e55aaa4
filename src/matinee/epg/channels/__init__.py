"""Channels as the operator's staff looks after them, one by one and by channel lists."""
