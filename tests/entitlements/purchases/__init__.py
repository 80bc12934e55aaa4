"""Tests of renting and buying."""
