"""Matching the channels of guides with ours: by themselves where it is certain, else by staff."""
