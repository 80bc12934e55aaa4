"""Renting and buying single titles: orders, payments, refunds."""
