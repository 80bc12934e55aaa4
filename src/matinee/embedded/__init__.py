"""PostgreSQL without an installation: for the demo, for tests, for small operators."""
