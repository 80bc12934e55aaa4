"""Random lives of a household that spends money, held against a small model."""
