"""What to watch on television: what is on now, and the programmes of a day that suit a profile."""
