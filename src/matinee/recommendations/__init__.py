"""What to watch next."""
