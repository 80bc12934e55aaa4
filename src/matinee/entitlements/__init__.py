"""What may be seen, what may be played, what is for sale, and who paid for it."""
