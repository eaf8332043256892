"""Tune a shelf: it asks itself for its own products, and fits weights and probabilities to what it finds."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from snapshelf.events import EventLog
from snapshelf.search import Calibration, Prior, SearchService, Tuning, raw_weights
from snapshelf.tuning.clicks import refine
from snapshelf.tuning.fit import fit_curves, fit_weights
from snapshelf.tuning.observations import Numbers, Observation, background, best_rows, observe
from snapshelf.tuning.questions import Questions

SECONDS = 20.0
"""Time after which no more questions are asked: what was asked until then is a fair sample."""

_TEXTS = 64


@dataclass(frozen=True, slots=True, eq=False)
class Inquiry:
    """What a shelf was asked, and the scales of its signals."""

    observations: Sequence[Observation]
    scales: Mapping[str, tuple[float, float]]


def inquire(
    service: SearchService,
    *,
    seed: int = 0,
    seconds: float = SECONDS,
    progress: Callable[[int, int | None], None] | None = None,
    cancelled: Callable[[], bool] = lambda: False,
) -> Inquiry:
    """Ask a shelf for its own products.

    Parameters
    ----------
    service : SearchService
    seed : int
    seconds : float
        See `SECONDS`.
    progress : callable or None
        Called with the number of questions asked and their total.
    cancelled : callable
        No more questions are asked once it returns true.
    """
    until = time.monotonic() + seconds
    questions = Questions(
        service.catalogue, service.index, service.corpus.lexicon, service.catalogue_view, seed
    ).all()
    texts = list(dict.fromkeys(question.text for question in questions if question.text))[:_TEXTS]
    scales = background(service.catalogue, service.index, service.encoder, texts, seed)
    observations = []
    for number, question in enumerate(questions, 1):
        if time.monotonic() > until or cancelled():
            break
        if (observation := observe(service, question)) is not None:
            observations.append(observation)
        if progress is not None:
            progress(number, len(questions))
    return Inquiry(observations, scales)


def tune(
    service: SearchService,
    *,
    prior: Prior | None = None,
    log: EventLog | None = None,
    seed: int = 0,
    seconds: float = SECONDS,
    progress: Callable[[int, int | None], None] | None = None,
    cancelled: Callable[[], bool] = lambda: False,
) -> Tuning:
    """Let a shelf ask itself, and fit the weights of its signals and what their values mean.

    No labels and no network are needed: each question is made from products, and so are its answers.

    Parameters
    ----------
    service : SearchService
    prior : Prior or None
        What is known of other shops; by default the bundled prior.
    log : EventLog or None
        What shoppers clicked, see `refine`.
    seed, seconds, progress, cancelled
        See `inquire`.
    """
    prior = prior or Prior.bundled()
    fingerprint, version = service.encoder.fingerprint, service.catalogue.version
    products = service.index.count()
    inquiry = inquire(service, seed=seed, seconds=seconds, progress=progress, cancelled=cancelled)
    observations, scales = inquiry.observations, inquiry.scales
    weights = raw_weights(fit_weights(observations, scales, prior.weights), scales)
    clicks = 0
    if log is not None:
        weights, clicks = refine(weights, log)
    curves = fit_curves(observations, scales, weights, prior.curves)
    return Tuning(
        products=products,
        version=version,
        questions=len(observations),
        weights=weights,
        worth=_worth(observations),
        success=_success(observations, weights),
        clicks=clicks,
        calibration=Calibration(
            fingerprint=fingerprint,
            fitted_on=f"{len(observations)} questions of the shelf to itself, {products} products",
            scales=scales,
            curves=curves,
        ),
    )


def _worth(observations: Sequence[Observation]) -> dict[str, float]:
    """Return how often each signal alone puts a right product before a wrong one, over the questions that need it."""
    signals: dict[str, list[float]] = defaultdict(list)
    for each in observations:
        columns: dict[str, Numbers | None]
        if each.question.is_blind:
            columns = {"text_image": each.evidence.text_image, "text_title": each.evidence.text_title}
        elif each.evidence.kind == "photo":
            columns = {"photo": each.evidence.photo}
        elif each.evidence.kind == "words":
            columns = {"lexical": each.evidence.lexical}
        else:
            continue
        for name, values in columns.items():
            if values is not None and each.relevant.any() and not each.relevant.all():
                signals[name].append(_ordered_pairs(np.nan_to_num(values), each.relevant))
    return {name: float(np.mean(shares)) for name, shares in signals.items()}


def _ordered_pairs(values: Numbers, relevant: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> float:
    """Return the share of the pairs of a right and a wrong candidate in the right order; a tie counts half."""
    right, wrong = values[relevant][:, None], values[~relevant][None, :]
    return float((right > wrong).mean() + 0.5 * (right == wrong).mean())


def _success(observations: Sequence[Observation], weights: Mapping[str, float]) -> dict[str, float]:
    """Return, for each source of questions that have an answer, the share whose first hit is right."""
    shares: dict[str, list[bool]] = defaultdict(list)
    for each in observations:
        if each.question.relevant is not None:
            shares[each.question.source].append(bool(each.relevant[best_rows(each, weights, 1)].any()))
    return {source: float(np.mean(right)) for source, right in shares.items()}
