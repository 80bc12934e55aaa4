"""The demo: a real catalogue, a household, staff; and catalogues of any size for benchmarks."""
