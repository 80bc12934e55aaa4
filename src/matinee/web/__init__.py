"""Pages for browsers, served from this package: nothing is fetched from elsewhere."""
