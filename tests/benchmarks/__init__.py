"""Tests of the benchmarks that decide what ships."""
