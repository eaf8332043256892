"""Calibration error of probabilities."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_BINS = 15


def expected_calibration_error(
    probabilities: NDArray[np.float64], outcomes: NDArray[np.bool_], *, bins: int = _BINS
) -> float:
    """Return the expected calibration error, the mean distance between predicted and observed frequencies.

    The probabilities are binned with equal widths; the error is Σ nᵢ/n · |mean probability − observed frequency| over
    the bins (Naeini, Cooper and Hauskrecht, "Obtaining well calibrated probabilities using Bayesian binning",
    AAAI 2015).

    Parameters
    ----------
    probabilities : ndarray
        float64 (n,), n ≥ 1, between 0 and 1.
    outcomes : ndarray
        bool (n,).
    bins : int
    """
    places = np.minimum((probabilities * bins).astype(np.int64), bins - 1)
    gaps = np.bincount(places, weights=probabilities - outcomes, minlength=bins)
    return float(np.abs(gaps).sum() / len(probabilities))
