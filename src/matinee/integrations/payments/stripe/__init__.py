"""Stripe: its API by HTTP, its objects as our facts."""
