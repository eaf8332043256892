"""Tuning: a shelf asks itself for its own products, and learns what each signal is worth in this shop."""

from snapshelf.tuning.fit import fit_prior
from snapshelf.tuning.observations import Observation, best_rows
from snapshelf.tuning.tune import SECONDS, Inquiry, inquire, tune

__all__ = ["SECONDS", "Inquiry", "Observation", "best_rows", "fit_prior", "inquire", "tune"]
