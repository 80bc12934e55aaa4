"""Media of the built-in origin: on disk, on the segment grid, ready to be sent."""
