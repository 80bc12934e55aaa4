"""Signed playback: media, playlists, the origin and linear channels."""
