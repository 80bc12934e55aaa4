"""Exports: the channels and guide of a profile for players of others, such as Kodi and TiviMate."""
