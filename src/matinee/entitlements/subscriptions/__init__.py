"""Subscribing to packages: orders, trials, changes, codes, and what staff give."""
