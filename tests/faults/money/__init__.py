"""Attacks on money: races, kills, bad days of providers; the books are right after each."""
