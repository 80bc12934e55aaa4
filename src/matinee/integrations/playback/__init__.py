"""Signed playback: tickets in the addresses of playlists, signatures in those of media."""
