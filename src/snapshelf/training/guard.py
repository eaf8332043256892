"""The guard against harm: mixes of base and tuned weights, measured on what was tuned for and on what was not."""

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
    LEAST_QUERIES,
    LEVEL,
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
    label_impressions,
    label_task,
    look_alike_task,
    outcome_of,
    paired_intervals,
    same_product_task,
    simultaneous,
    title_task,
)
from snapshelf.language import normalise
from snapshelf.training.model import Towers
from snapshelf.training.sources.bundled import drawn
from snapshelf.training.sources.example import Example

ALPHAS = (0.2, 0.4, 0.6, 0.8, 1.0)
"""Parts of the tuned weights that are tried by default."""

State: TypeAlias = Mapping[str, Tensor]
"""A model's ``state_dict``."""

_MOST = 1_000
"""Examples of a set that are looked at: more would cost time and tell little."""
_GENERAL, _GENERAL_SEED = 400, 7
_PHOTOS_AT_ONCE, _TEXTS_AT_ONCE = 64, 256
_CATEGORY_KINDS = ("class", "article", "subcategory", "master")
_DECIDING = {"title": "RR", "class": "AP", "look-alike": "AP", "photo → picture": "RR"}
"""The one metric of each task that a verdict rests on."""


def drawn_examples() -> Iterator[Example]:
    """Draw the general set that comes with Snapshelf: products as a studio and as shoppers see them."""
    return drawn(_GENERAL, seed=_GENERAL_SEED)


@dataclass(frozen=True, slots=True, eq=False)
class _Task:
    """A task as a verdict tells of it; several tasks are measured as one where its queries are of several kinds."""

    name: str
    language: str | None
    parts: tuple[EncoderTask, ...]


class EvaluationSet:
    """Examples that mixes are judged by: photos decoded once, tasks made once.

    The corpus is the first photo of each example, at most 1,000 of them, evenly spread. Tasks, as far as the examples
    allow them: title → photo; class → photos, a class being a label by its name in the lexicon (the raw one where the
    lexicon has none), or a colour and a category together; photo → others of the same category and colour; a
    further photo → the first of the same example.

    Parameters
    ----------
    examples : sequence of Example
    towers : Towers
        Says how photos are prepared.
    on_skipped : callable or None
        Told of each photo that cannot be used.

    Raises
    ------
    TrainingError
        Not one photo can be used.
    """

    def __init__(
        self,
        examples: Sequence[Example],
        towers: Towers,
        *,
        on_skipped: Callable[[str], None] | None = None,
    ) -> None:
        pictures: list[NDArray[np.uint8]] = []
        further: list[NDArray[np.uint8]] = []
        owners: list[str] = []
        used: list[Example] = []
        for example in examples[:: math.ceil(len(examples) / _MOST) or 1]:
            photos = []
            for photo in example.photos[:2]:
                try:
                    photos.append(towers.preprocess(photo()))
                except PhotoError as error:
                    if on_skipped is not None:
                        on_skipped(f"{example.id}: {error}")
            if not photos:
                continue
            # Ids need not be unique across sources; a place in the corpus is.
            owners += [str(len(used))] * (len(photos) - 1)
            further += photos[1:]
            pictures.append(photos[0])
            used.append(example)
        if not used:
            raise TrainingError("not one photo to judge the encoder by can be used; see the messages before")
        self._pictures = np.stack(pictures)
        self._further = np.stack(further) if further else None
        self.tasks = tuple(_tasks(used, owners))

    def __len__(self) -> int:
        return len(self._pictures)

    def scores(self, towers: Towers) -> list[Scores]:
        """Measure every task of `tasks` with the weights as they are.

        Raises
        ------
        EncoderError
            A vector is not finite.
        """
        training = towers.training
        towers.eval()
        try:
            corpus = _photo_vectors(towers, self._pictures)
            further = None if self._further is None else _photo_vectors(towers, self._further)
            texts = [
                text for task in self.tasks if task.language for part in task.parts for text in part.queries
            ]
            texts = list(dict.fromkeys(texts))
            words = dict(zip(texts, _text_vectors(towers, texts), strict=True))
        finally:
            towers.train(training)

        def queries(part: EncoderTask) -> NDArray[np.float32]:
            if part.wording is not None:
                return np.stack([words[text] for text in part.queries])
            if part.itself is not None:
                return corpus[part.itself]
            assert further is not None  # noqa: S101 - only a set with further photos has the task
            return further

        return [_together([part.score(queries(part), corpus) for part in task.parts]) for task in self.tasks]


@dataclass(frozen=True, slots=True, eq=False)
class Mix:
    """Scores of one mix of weights on both sets, task by task.

    Parameters
    ----------
    alpha : float
        Part of the tuned weights; 0 is the base.
    sides : mapping
        "target" and "general" → scores in the order of the set's tasks.
    """

    alpha: float
    sides: Mapping[Side, Sequence[Scores]]


def mix_into(towers: Towers, base: State, tuned: State, alpha: float) -> None:
    """Set the weights to (1 − alpha) · base + alpha · tuned.

    WiSE-FT: Wortsman et al., "Robust fine-tuning of zero-shot models", CVPR 2022. Of a low-rank adapter, whose two
    factors are multiplied, only the one that starts at zero is mixed, so that the model's weights are mixed linearly.
    """
    with torch.no_grad():
        for name, weight in towers.state_dict().items():
            new = tuned[name].to(weight.device)
            if new.is_floating_point() and "lora_A" not in name:
                new = torch.lerp(base[name].to(weight.device, new.dtype), new, alpha)
            weight.copy_(new)


def sweep(
    base: State,
    tuned: State,
    towers: Towers,
    target: EvaluationSet,
    general: EvaluationSet,
    alphas: Sequence[float] = ALPHAS,
    *,
    on_mix: Callable[[int, int], None] | None = None,
) -> list[Mix]:
    """Measure the base and every mix on both sets.

    Parameters
    ----------
    base, tuned : mapping
        State of the towers before and after training.
    towers : Towers
        Computes; its weights are the tuned ones afterwards.
    target, general : EvaluationSet
    alphas : sequence of float
        Parts of the tuned weights, above 0 and up to 1.
    on_mix : callable or None
        Told how many mixes are measured and how many there are.

    Returns
    -------
    list of Mix
        The base first, then in the order of `alphas`.

    Raises
    ------
    TrainingError
        The tuned weights are not finite numbers.
    """
    base, tuned = _apart(base), _apart(tuned)
    broken = next((name for name, weight in tuned.items() if not _finite(weight)), None)
    if broken is not None:
        raise TrainingError(
            f"the tuned weights are not finite numbers ({broken}); train again with lower learning rates or in fp32"
        )
    mixes = []
    try:
        for done, alpha in enumerate((0.0, *alphas), start=1):
            mix_into(towers, base, tuned, alpha)
            mixes.append(Mix(alpha, {"target": target.scores(towers), "general": general.scores(towers)}))
            if on_mix is not None:
                on_mix(done, 1 + len(alphas))
    finally:
        mix_into(towers, base, tuned, 1.0)
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
    """Choose a mix and say whether it may take the base's place.

    Of the mixes that are not worse than the base in any deciding figure of either set, the one with the best
    mean of the target's deciding figures is chosen; where every mix is worse somewhere, the one with the best
    mean over both sets, and it may not be promoted.

    Parameters
    ----------
    mixes : sequence of Mix
        From `sweep`.
    target, general : EvaluationSet
        Those of the sweep.
    base, tuned : str
        Fingerprints of the encoders; that of the tuned one is known when it is exported, see `dataclasses.replace`.
    tolerance : float
        Loss that is of no account.
    """
    compared = _compared(mixes, {"target": target, "general": general}, tolerance)
    figures = {alpha: _figures(alpha, comparisons) for alpha, comparisons in compared.items()}
    harmless = [mix.alpha for mix in mixes[1:] if label_impressions(compared[mix.alpha])[0]]
    if harmless:
        alpha = max(harmless, key=lambda each: (figures[each].target, -each))
    else:
        alpha = max(
            compared.keys() - {0.0}, key=lambda each: (figures[each].target + figures[each].general, -each)
        )
    may_be_promoted, reasons = label_impressions(compared[alpha])
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


def _tasks(examples: Sequence[Example], owners: Sequence[str]) -> Iterator[_Task]:
    kinds = list(dict.fromkeys(kind for example in examples for kind in example.about.labels))
    labels = {kind: [example.about.labels.get(kind, "") for example in examples] for kind in kinds}
    category = next((kind for kind in _CATEGORY_KINDS if kind in labels), None)
    together = [kind for kind in ("colour", category) if kind in labels]
    classes = [[kind] for kind in kinds] + ([together] if len(together) == 2 else [])
    for language in ("en", "zh"):
        titles = [example.about.titles.get(language, "") for example in examples]
        if any(titles):
            yield _Task("title", language, (title_task(titles, language, alike=True),))
        parts = [part for names in classes if (part := _class_task(labels, names, language))]
        if parts:
            yield _Task("class", language, tuple(parts))
            for part in parts:
                yield _Task(f"class: {part.name}", language, (part,))
    alike = [kind for kind in (category, "colour") if kind in labels]
    if alike:
        # There is none where every photo is the only one of its kind.
        with contextlib.suppress(EvaluationError):
            yield _Task("look-alike", None, (look_alike_task(labels, alike),))
    if owners:
        task = same_product_task(owners, [str(row) for row in range(len(examples))])
        yield _Task(task.name, None, (task,))


def _class_task(
    labels: Mapping[str, Sequence[str]], kinds: Sequence[str], language: Wording
) -> EncoderTask | None:
    raw = label_task(labels, kinds, "raw")
    try:
        named = label_task(labels, kinds, language)
    except EvaluationError:
        named = None  # the lexicon knows none of them
    if language == "en" and (named is None or len(named.queries) < len(raw.queries)):
        return raw
    return named


def _photo_vectors(towers: Towers, photos: NDArray[np.uint8]) -> NDArray[np.float32]:
    device = next(towers.parameters()).device
    with torch.inference_mode():
        parts = [
            towers.encode_photos(torch.from_numpy(part).to(device).permute(0, 3, 1, 2).float() / 255)
            for part in np.split(photos, range(_PHOTOS_AT_ONCE, len(photos), _PHOTOS_AT_ONCE))
        ]
        vectors: NDArray[np.float32] = torch.cat(parts).float().cpu().numpy()
    return vectors


def _text_vectors(towers: Towers, texts: Sequence[str]) -> NDArray[np.float32]:
    device = next(towers.parameters()).device
    with torch.inference_mode():
        parts = [
            towers.encode_texts(
                towers.tokenise([normalise(text) for text in texts[start : start + _TEXTS_AT_ONCE]]).to(
                    device
                )
            )
            for start in range(0, len(texts), _TEXTS_AT_ONCE)
        ]
        vectors: NDArray[np.float32] = (
            torch.cat(parts).float().cpu().numpy() if parts else np.empty((0, towers.dimension), np.float32)
        )
    return vectors


def _together(scores: Sequence[Scores]) -> Scores:
    return Scores(
        tuple(query for one in scores for query in one.queries),
        scores[0].metrics,
        np.concatenate([one.values for one in scores]),
    )


def _decides(task: _Task, scores: Scores) -> bool:
    return task.name in _DECIDING and len(scores.queries) >= LEAST_QUERIES


def _compared(
    mixes: Sequence[Mix], sets: Mapping[Side, EvaluationSet], tolerance: float
) -> dict[float, list[Comparison]]:
    """Every mix's comparisons with the first one, the base."""
    tasks = [
        (side, task, [mix.sides[side][place] for mix in mixes])
        for side, judged in sets.items()
        for place, task in enumerate(judged.tasks)
    ]
    level = simultaneous(LEVEL, sum(_decides(task, scores[0]) for _, task, scores in tasks))
    compared: dict[float, list[Comparison]] = {mix.alpha: [] for mix in mixes}
    for side, task, scores in tasks:
        base = scores[0].values
        # All mixes at once: drawing the queries is what takes the time.
        tuned = np.concatenate([one.values for one in scores], axis=1)
        low, high = paired_intervals(np.tile(base, len(mixes)), tuned, level=level)
        shape = (len(mixes), base.shape[1])
        means = tuned.mean(axis=0).reshape(shape)
        for mix, values, lows, highs in zip(
            mixes, means, low.reshape(shape), high.reshape(shape), strict=True
        ):
            for metric, before, after, least, most in zip(
                scores[0].metrics, means[0], values, lows, highs, strict=True
            ):
                compared[mix.alpha].append(
                    Comparison(
                        side=side,
                        task=task.name,
                        language=task.language,
                        metric=str(metric),
                        queries=len(base),
                        base=float(before),
                        tuned=float(after),
                        low=float(least),
                        high=float(most),
                        outcome=outcome_of(
                            float(after - before), float(least), float(most), tolerance=tolerance
                        ),
                        decides=_decides(task, scores[0]) and _DECIDING[task.name] == str(metric),
                    )
                )
    return compared


def _figures(alpha: float, comparisons: Sequence[Comparison]) -> MixFigures:
    def mean(side: Side) -> float:
        values = [one.tuned for one in comparisons if one.side == side and one.decides]
        return float(np.mean(values)) if values else 0.0

    return MixFigures(alpha, mean("target"), mean("general"))


def _categories(
    judged: EvaluationSet, before: Sequence[Scores], after: Sequence[Scores]
) -> Iterator[CategoryFigures]:
    wanted = [f"class: {kind}" for kind in _CATEGORY_KINDS]
    found = {
        task.name: (task.parts[0], old, new)
        for task, old, new in zip(judged.tasks, before, after, strict=True)
        if task.language == "en" and task.name in wanted
    }
    # The finest kind there is.
    for name in [name for name in wanted if name in found][:1]:
        part, old, new = found[name]
        column = old.metrics.index(Metric("AP"))
        for query, answer, base, tuned in zip(
            part.queries, part.answers, old.values[:, column], new.values[:, column], strict=True
        ):
            yield CategoryFigures(query, int((part.groups == answer).sum()), float(base), float(tuned))


def _apart(state: State) -> dict[str, Tensor]:
    """A copy: a ``state_dict`` shares its memory with the model whose weights are about to change."""
    return {name: weight.detach().clone() for name, weight in state.items()}


def _finite(weight: Tensor) -> bool:
    return not weight.is_floating_point() or bool(torch.isfinite(weight).all())
