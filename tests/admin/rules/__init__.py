"""What violates each rule of the data."""
