"""Programmes of the guide as titles of our catalogue."""
