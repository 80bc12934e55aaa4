"""Rules that the data always keep, by what they are about."""
