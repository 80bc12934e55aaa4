"""Importing guides: from a feed to airings of our channels, as a difference."""
