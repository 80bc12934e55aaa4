"""Looking at it all from above: audit, jobs, invariants."""
