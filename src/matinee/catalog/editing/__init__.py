"""What the operator's editors do with titles, seasons and episodes."""
