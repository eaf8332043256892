"""How fast and how large Snapshelf is on this machine: ``python -m benchmarks --help``."""
