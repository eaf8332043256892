"""Guard against forgetting: weight interpolations (WiSE-FT), evaluated on the target and on a general set."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from snapshelf.errors import EvaluationError, PhotoError, TrainingError
from snapshelf.evaluation import (
    LEVEL,
    MIN_QUERIES,
    TOLERANCE,
    CategoryFigures,
    Comparison,
    EncoderTask,
    Metric,
    MixFigures,
    Scores,
    Side,
    Verdict,
    Wording,
    bonferroni_level,
    classify_difference,
    decide_rollout,
    label_task,
    paired_intervals,
    same_product_task,
    similar_photo_task,
    title_task,
)
from snapshelf.language import normalise
from snapshelf.training.model import Towers
from snapshelf.training.sources.bundled import drawn
from snapshelf.training.sources.example import Example

ALPHAS = (0.2, 0.4, 0.6, 0.8, 1.0)
"""Interpolation factors that are evaluated by default; 1 is the tuned model."""

State: TypeAlias = Mapping[str, Tensor]
"""A model's ``state_dict``."""

_MAX_EXAMPLES = 1_000
"""Examples of a set that are evaluated; more would take time without narrowing the intervals much."""
_GENERAL, _GENERAL_SEED = 400, 7
_PHOTO_BATCH, _TEXT_BATCH = 64, 256
_CATEGORY_KINDS = ("class", "article", "subcategory", "master")
_DECIDING_METRIC = {"title": "RR", "class": "AP", "look-alike": "AP", "photo → picture": "RR"}
"""The metric of each task that decides a verdict."""


def general_examples() -> Iterator[Example]:
    """Return the general set of Snapshelf: drawn products as studio pictures and shoppers' photos."""
    return drawn(_GENERAL, seed=_GENERAL_SEED)


@dataclass(frozen=True, slots=True, eq=False)
class _ReportedTask:
    """A task of a verdict: the queries of its parts, together."""

    name: str
    language: str | None
    parts: tuple[EncoderTask, ...]


class EvaluationSet:
    """Held-out or general examples, with photos decoded once and tasks built once.

    The corpus is the first photo of each example, at most 1,000, evenly sampled. The tasks that the examples allow:
    title → photo; class → photos, where a class is a label by its name in the lexicon (the raw label where the
    lexicon has none), or a colour with a category; photo → photos of the same category and colour; second photo →
    first photo of the same example.

    Parameters
    ----------
    examples : sequence of Example
    towers : Towers
        Their preprocessing is applied.
    on_skipped : callable or None
        Called with a sentence for each photo that cannot be used.

    Raises
    ------
    TrainingError
        No photo can be used.
    """

    def __init__(
        self,
        examples: Sequence[Example],
        towers: Towers,
        *,
        on_skipped: Callable[[str], None] | None = None,
    ) -> None:
        first_photos: list[NDArray[np.uint8]] = []
        second_photos: list[NDArray[np.uint8]] = []
        owners: list[str] = []
        used: list[Example] = []
        for example in examples[:: math.ceil(len(examples) / _MAX_EXAMPLES) or 1]:
            photos = []
            for photo in example.photos[:2]:
                try:
                    photos.append(towers.preprocess(photo()))
                except PhotoError as error:
                    if on_skipped is not None:
                        on_skipped(f"{example.id}: {error}")
            if not photos:
                continue
            # Ids need not be unique across sources; positions in the corpus are.
            owners += [str(len(used))] * (len(photos) - 1)
            second_photos += photos[1:]
            first_photos.append(photos[0])
            used.append(example)
        if not used:
            raise TrainingError("not one photo of the evaluation set can be used; see the messages before")
        self._first_photos = np.stack(first_photos)
        self._second_photos = np.stack(second_photos) if second_photos else None
        self.tasks = tuple(_tasks(used, owners))

    def __len__(self) -> int:
        return len(self._first_photos)

    def scores(self, towers: Towers) -> list[Scores]:
        """Evaluate every task with the current weights.

        Raises
        ------
        EncoderError
            A vector is not finite.
        """
        training = towers.training
        towers.eval()
        try:
            corpus = _photo_vectors(towers, self._first_photos)
            second_photos = (
                None if self._second_photos is None else _photo_vectors(towers, self._second_photos)
            )
            texts = [
                text for task in self.tasks if task.language for part in task.parts for text in part.queries
            ]
            texts = list(dict.fromkeys(texts))
            text_vectors = dict(zip(texts, _text_vectors(towers, texts), strict=True))
        finally:
            towers.train(training)

        def queries(part: EncoderTask) -> NDArray[np.float32]:
            if part.wording is not None:
                return np.stack([text_vectors[text] for text in part.queries])
            if part.itself is not None:
                return corpus[part.itself]
            assert second_photos is not None  # noqa: S101 - only a set with second photos has the task
            return second_photos

        return [
            _concatenated([part.score(queries(part), corpus) for part in task.parts]) for task in self.tasks
        ]


@dataclass(frozen=True, slots=True, eq=False)
class Mix:
    """Scores of interpolated weights on both sets, task by task.

    Parameters
    ----------
    alpha : float
        Interpolation factor; 0 is the base, 1 the tuned model.
    sides : mapping
        "target" and "general" → scores in the order of the tasks.
    """

    alpha: float
    sides: Mapping[Side, Sequence[Scores]]


def interpolate_weights(towers: Towers, base: State, tuned: State, alpha: float) -> None:
    """Set the weights to (1 − alpha) · base + alpha · tuned.

    WiSE-FT: Wortsman et al., "Robust fine-tuning of zero-shot models", CVPR 2022. Of the two factors of a LoRA adapter
    only B, which starts at zero, is interpolated, so that the product BA is linear in alpha.

    Parameters
    ----------
    towers : Towers
        Changed in place.
    base, tuned : mapping
        State of the towers before and after training.
    alpha : float
        0 to 1.
    """
    with torch.no_grad():
        for name, weight in towers.state_dict().items():
            value = tuned[name].to(weight.device)
            if value.is_floating_point() and "lora_A" not in name:
                value = torch.lerp(base[name].to(weight.device, value.dtype), value, alpha)
            weight.copy_(value)


def sweep_alphas(
    base: State,
    tuned: State,
    towers: Towers,
    target: EvaluationSet,
    general: EvaluationSet,
    alphas: Sequence[float] = ALPHAS,
    *,
    on_mix: Callable[[int, int], None] | None = None,
) -> list[Mix]:
    """Evaluate the base and every interpolation on both sets.

    Parameters
    ----------
    base, tuned : mapping
        State of the towers before and after training.
    towers : Towers
        Evaluated in place; holds the tuned weights afterwards.
    target, general : EvaluationSet
    alphas : sequence of float
        Interpolation factors, above 0 and up to 1.
    on_mix : callable or None
        Called with the number of evaluated mixes, and of all.

    Returns
    -------
    list of Mix
        The base first, then in the order of `alphas`.

    Raises
    ------
    TrainingError
        The tuned weights are not finite.
    """
    base, tuned = _cloned(base), _cloned(tuned)
    non_finite = next((name for name, weight in tuned.items() if not _is_finite(weight)), None)
    if non_finite is not None:
        raise TrainingError(
            f"the tuned weights are not finite numbers ({non_finite}); train again with lower learning rates or in fp32"
        )
    mixes = []
    try:
        for done, alpha in enumerate((0.0, *alphas), start=1):
            interpolate_weights(towers, base, tuned, alpha)
            mixes.append(Mix(alpha, {"target": target.scores(towers), "general": general.scores(towers)}))
            if on_mix is not None:
                on_mix(done, 1 + len(alphas))
    finally:
        interpolate_weights(towers, base, tuned, 1.0)
    return mixes


def verdict(
    mixes: Sequence[Mix],
    target: EvaluationSet,
    general: EvaluationSet,
    *,
    base: str,
    tuned: str = "",
    tolerance: float = TOLERANCE,
) -> Verdict:
    """Choose an interpolation and decide whether it may replace the base.

    Among the mixes that are no worse than the base in every deciding metric of both sets, choose the best mean of the
    target's deciding metrics. Where every mix is worse in a metric, choose the best mean over both sets; it may not
    be promoted.

    Parameters
    ----------
    mixes : sequence of Mix
        From `sweep_alphas`, the base first.
    target, general : EvaluationSet
        The sets that `sweep_alphas` was given.
    base, tuned : str
        Fingerprints of the encoders; the tuned encoder's is known after the export, see `dataclasses.replace`.
    tolerance : float
        Largest loss that counts as equal.
    """
    compared = _compare_mixes(mixes, {"target": target, "general": general}, tolerance)
    figures = {alpha: _figures(alpha, comparisons) for alpha, comparisons in compared.items()}
    harmless = [mix.alpha for mix in mixes[1:] if decide_rollout(compared[mix.alpha])[0]]
    if harmless:
        alpha = max(harmless, key=lambda alpha: (figures[alpha].target, -alpha))
    else:
        alpha = max(
            compared.keys() - {0.0},
            key=lambda alpha: (figures[alpha].target + figures[alpha].general, -alpha),
        )
    may_be_promoted, reasons = decide_rollout(compared[alpha])
    chosen = next(mix for mix in mixes if mix.alpha == alpha)
    return Verdict(
        base=base,
        tuned=tuned,
        alpha=alpha,
        level=LEVEL,
        tolerance=tolerance,
        mixes=tuple(figures.values()),
        comparisons=tuple(compared[alpha]),
        categories=tuple(_categories(target, mixes[0].sides["target"], chosen.sides["target"])),
        may_be_promoted=may_be_promoted,
        reasons=reasons,
    )


def _tasks(examples: Sequence[Example], owners: Sequence[str]) -> Iterator[_ReportedTask]:
    kinds = list(dict.fromkeys(kind for example in examples for kind in example.annotation.labels))
    labels = {kind: [example.annotation.labels.get(kind, "") for example in examples] for kind in kinds}
    category = next((kind for kind in _CATEGORY_KINDS if kind in labels), None)
    colour_and_category = [kind for kind in ("colour", category) if kind in labels]
    classes = [[kind] for kind in kinds] + ([colour_and_category] if len(colour_and_category) == 2 else [])
    for language in ("en", "zh"):
        titles = [example.annotation.titles.get(language, "") for example in examples]
        if any(titles):
            yield _ReportedTask("title", language, (title_task(titles, language, shared_titles=True),))
        parts = [part for names in classes if (part := _class_task(labels, names, language))]
        if parts:
            yield _ReportedTask("class", language, tuple(parts))
            for part in parts:
                yield _ReportedTask(f"class: {part.name}", language, (part,))
    look_alike_kinds = [kind for kind in (category, "colour") if kind in labels]
    if look_alike_kinds:
        # The task has no queries where every photo is the only photo of its kind.
        with contextlib.suppress(EvaluationError):
            yield _ReportedTask("look-alike", None, (similar_photo_task(labels, look_alike_kinds),))
    if owners:
        task = same_product_task(owners, [str(row) for row in range(len(examples))])
        yield _ReportedTask(task.name, None, (task,))


def _class_task(
    labels: Mapping[str, Sequence[str]], kinds: Sequence[str], language: Wording
) -> EncoderTask | None:
    raw = label_task(labels, kinds, "raw")
    try:
        named = label_task(labels, kinds, language)
    except EvaluationError:
        named = None  # the lexicon has no name for any of the labels
    if language == "en" and (named is None or len(named.queries) < len(raw.queries)):
        return raw
    return named


def _photo_vectors(towers: Towers, photos: NDArray[np.uint8]) -> NDArray[np.float32]:
    device = next(towers.parameters()).device
    with torch.inference_mode():
        parts = [
            towers.encode_photos(torch.from_numpy(part).to(device).permute(0, 3, 1, 2).float() / 255)
            for part in np.split(photos, range(_PHOTO_BATCH, len(photos), _PHOTO_BATCH))
        ]
        vectors: NDArray[np.float32] = torch.cat(parts).float().cpu().numpy()
    return vectors


def _text_vectors(towers: Towers, texts: Sequence[str]) -> NDArray[np.float32]:
    device = next(towers.parameters()).device
    with torch.inference_mode():
        parts = [
            towers.encode_texts(
                towers.tokenise([normalise(text) for text in texts[start : start + _TEXT_BATCH]]).to(device)
            )
            for start in range(0, len(texts), _TEXT_BATCH)
        ]
        vectors: NDArray[np.float32] = (
            torch.cat(parts).float().cpu().numpy() if parts else np.empty((0, towers.dimension), np.float32)
        )
    return vectors


def _concatenated(scores: Sequence[Scores]) -> Scores:
    return Scores(
        tuple(query for part in scores for query in part.queries),
        scores[0].metrics,
        np.concatenate([part.values for part in scores]),
    )


def _is_deciding(task: _ReportedTask, scores: Scores) -> bool:
    return task.name in _DECIDING_METRIC and len(scores.queries) >= MIN_QUERIES


def _compare_mixes(
    mixes: Sequence[Mix], sets: Mapping[Side, EvaluationSet], tolerance: float
) -> dict[float, list[Comparison]]:
    """Compare every mix with the first, the base."""
    tasks = [
        (side, task, [mix.sides[side][number] for mix in mixes])
        for side, examples in sets.items()
        for number, task in enumerate(examples.tasks)
    ]
    level = bonferroni_level(LEVEL, sum(_is_deciding(task, scores[0]) for _, task, scores in tasks))
    compared: dict[float, list[Comparison]] = {mix.alpha: [] for mix in mixes}
    for side, task, scores in tasks:
        base = scores[0].values
        # All mixes at once: resampling the queries takes most of the time.
        tuned = np.concatenate([mix_scores.values for mix_scores in scores], axis=1)
        low, high = paired_intervals(np.tile(base, len(mixes)), tuned, level=level)
        shape = (len(mixes), base.shape[1])
        means = tuned.mean(axis=0).reshape(shape)
        for mix, values, lows, highs in zip(
            mixes, means, low.reshape(shape), high.reshape(shape), strict=True
        ):
            for metric, base_mean, tuned_mean, lower, upper in zip(
                scores[0].metrics, means[0], values, lows, highs, strict=True
            ):
                compared[mix.alpha].append(
                    Comparison(
                        side=side,
                        task=task.name,
                        language=task.language,
                        metric=str(metric),
                        queries=len(base),
                        base=float(base_mean),
                        tuned=float(tuned_mean),
                        low=float(lower),
                        high=float(upper),
                        outcome=classify_difference(
                            float(tuned_mean - base_mean), float(lower), float(upper), tolerance=tolerance
                        ),
                        decides=_is_deciding(task, scores[0]) and _DECIDING_METRIC[task.name] == str(metric),
                    )
                )
    return compared


def _figures(alpha: float, comparisons: Sequence[Comparison]) -> MixFigures:
    def mean(side: Side) -> float:
        values = [
            comparison.tuned for comparison in comparisons if comparison.side == side and comparison.decides
        ]
        return float(np.mean(values)) if values else 0.0

    return MixFigures(alpha, mean("target"), mean("general"))


def _categories(
    examples: EvaluationSet, base_scores: Sequence[Scores], tuned_scores: Sequence[Scores]
) -> Iterator[CategoryFigures]:
    names = [f"class: {kind}" for kind in _CATEGORY_KINDS]
    category_tasks = {
        task.name: (task.parts[0], base, tuned)
        for task, base, tuned in zip(examples.tasks, base_scores, tuned_scores, strict=True)
        if task.language == "en" and task.name in names
    }
    # The finest kind of category.
    for name in [name for name in names if name in category_tasks][:1]:
        part, before, after = category_tasks[name]
        column = before.metrics.index(Metric("AP"))
        for query, answer, base, tuned in zip(
            part.queries, part.answers, before.values[:, column], after.values[:, column], strict=True
        ):
            yield CategoryFigures(query, int((part.groups == answer).sum()), float(base), float(tuned))


def _cloned(state: State) -> dict[str, Tensor]:
    """Clone a ``state_dict``, which shares memory with the model whose weights will change."""
    return {name: weight.detach().clone() for name, weight in state.items()}


def _is_finite(weight: Tensor) -> bool:
    return not weight.is_floating_point() or bool(torch.isfinite(weight).all())
