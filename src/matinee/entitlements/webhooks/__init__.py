"""What payment providers tell us: taken once, applied or parked, found again when it got lost."""
