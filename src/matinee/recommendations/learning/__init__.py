"""Learning from what is watched together: neighbours of titles, guarded and versioned."""
