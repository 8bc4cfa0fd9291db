"""Measurements and trials that are too long for the tests; see benchmarks/README.md."""
