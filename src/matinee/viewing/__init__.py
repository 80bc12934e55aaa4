"""What was watched and what was said about it."""
