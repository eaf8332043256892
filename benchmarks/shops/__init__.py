"""Shops of many kinds, each searched with queries whose right answers are known: ``python -m benchmarks.shops``."""
