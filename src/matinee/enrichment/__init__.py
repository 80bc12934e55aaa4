"""Making the catalogue richer: what titles are about, as vectors."""
