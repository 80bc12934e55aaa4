"""Playing: sessions, heartbeats, limits, play events."""
