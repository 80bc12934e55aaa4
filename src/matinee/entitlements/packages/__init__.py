"""What is for sale: packages and what they carry, offers of titles, codes."""
