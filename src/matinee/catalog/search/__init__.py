"""Finding titles, people and collections by words, by names with typing errors, by meaning."""
