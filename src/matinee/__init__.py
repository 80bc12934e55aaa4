"""Matinee: the whole back end of a streaming-TV service."""

__version__ = "0.1.0"
