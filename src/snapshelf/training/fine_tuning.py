"""Fine-tuning: split the examples, train, interpolate the weights, evaluate, export an encoder with its verdict."""

from __future__ import annotations

import hashlib
import json
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import torch
from torch import Tensor

from snapshelf.demo import draw_catalogue
from snapshelf.encoders import Card, Encoder, load_encoder, registry
from snapshelf.errors import TrainingError
from snapshelf.evaluation import Verdict
from snapshelf.language import normalise
from snapshelf.training.card import RunSummary, device_name, model_card, readable_card
from snapshelf.training.data import TrainingSet
from snapshelf.training.export import export, load_towers
from snapshelf.training.guard import (
    ALPHAS,
    EvaluationSet,
    general_examples,
    interpolate_weights,
    sweep_alphas,
    verdict,
)
from snapshelf.training.logging import RunLog
from snapshelf.training.model import Towers, TwoTowers
from snapshelf.training.processes import (
    DeferredInterrupt,
    barrier,
    is_main_process,
    is_single_process,
    process_group,
)
from snapshelf.training.sources.example import Example
from snapshelf.training.sources.splits import split
from snapshelf.training.train import Progress, Recipe, train

if TYPE_CHECKING:
    from snapshelf.training.large.towers import LargeTowers

MIN_EXAMPLES = 20
"""Fewest examples that can be split into a training and a held-out set."""

_MIN_BATCH = 8
_HELD_OUT, _HELD_OUT_SMALL, _ENOUGH_HELD_OUT = 0.1, 0.25, 50
"""A tenth is held out; of a small catalogue up to a quarter, until there are 50 held-out examples."""
_MIN_FIDELITY = 0.99
_RULE = "same id, title or photo on the same side, by lot"
_CHANGEABLE = frozenset({"epochs", "decay_epochs", "whole_epochs", "batch"})
"""A run may be prolonged, or resumed with smaller batches; any other setting makes it another run."""


@dataclass(frozen=True, slots=True)
class Stage:
    """Progress of a stage of the run.

    Parameters
    ----------
    name : str
        For example "decoding photos".
    done : int
        Units done: examples, steps or mixes.
    total : int or None
        None where unknown.
    detail : str
        For example "loss 1.234, 120 photos/s".
    """

    name: str
    done: int
    total: int | None = None
    detail: str = ""


OnProgress: TypeAlias = Callable[[Stage], None]
OnNotice: TypeAlias = Callable[[str], None]


def default_recipe(base: str | Path = "bundled", *, lora: int | None = None) -> Recipe:
    """Return the default hyperparameters of a fine-tune.

    Full fine-tuning of a large model has a tenth of the bundled encoder's learning rate, against forgetting.

    Parameters
    ----------
    base : str or Path
        See `fine_tune`.
    lora : int or None
        Rank of the adapter, if any.
    """
    folder = Path(base)
    large = folder.is_dir() and not (folder / "photo.onnx").exists()
    photo_rate, text_rate = (1e-5, 1e-5) if large and lora is None else (1e-4, 2e-4)
    return Recipe(
        epochs=10.0,
        decay_epochs=4.0,
        whole_epochs=10.0,
        batch=128,
        photo_rate=photo_rate,
        text_rate=text_rate,
        warmup_steps=20,
        keep_patches=None,
        rare=0,
    )


def fine_tune(
    examples: Iterable[Example],
    out: Path,
    *,
    base: str | Path = "bundled",
    recipe: Recipe | None = None,
    general: Iterable[Example] | None = None,
    teacher: Encoder | None = None,
    lora: int | None = None,
    device: str | None = None,
    source: str = "",
    on_progress: OnProgress | None = None,
    on_notice: OnNotice | None = None,
) -> Verdict:
    """Fine-tune an encoder on examples, and decide whether it is better than its base.

    Some examples are held out for evaluation. After training, interpolations of the base's and the tuned weights are
    evaluated on them and on a general set, in both languages, and the best of those that are worse nowhere is
    exported. A stopped run that is called again with the same arguments resumes from its checkpoint. Under
    ``torchrun`` every process makes the same call.

    Parameters
    ----------
    examples : iterable of Example
    out : Path
        Folder of the encoder, with ``verdict.json`` and ``README.md``, the model card. The run's own files are in
        ``run/``, TensorBoard's logs in ``logs/``.
    base : str or Path
        "bundled", the folder of an exported encoder of its kind, or a checkpoint of a large model.
    recipe : Recipe or None
        By default `default_recipe`. Where memory is too small, the batch is halved.
    general : iterable of Example or None
        General set, on which the model must not become worse; by default drawn products.
    teacher : Encoder or None
        Teacher for distillation.
    lora : int or None
        Train a LoRA adapter of this rank instead of all weights of a large model. It is merged into the exported
        graphs, and stored separately in ``adapter/``.
    device : str or None
        By default a GPU where there is one.
    source : str
        Where the examples come from, for the card.
    on_progress : callable or None
        Called with a `Stage` as the run proceeds.
    on_notice : callable or None
        Called with sentences that the user should read, such as photos that are left out.

    Returns
    -------
    Verdict

    Raises
    ------
    TrainingError
        There are too few examples, all have the same text or none; the folder holds another run, or a checkpoint of
        another version; the smallest batch does not fit into memory; the loss is not finite.
    """
    recipe = recipe or default_recipe(base, lora=lora)
    run = _FineTuneRun(
        out,
        base=str(base),
        recipe=recipe,
        teacher=teacher,
        lora=lora,
        device=device,
        source=source,
        on_progress=on_progress or (lambda _: None),
        on_notice=on_notice or (lambda _: None),
    )
    with process_group(device):
        return run.run(examples, general)


@dataclass(slots=True, kw_only=False)
class _FineTuneRun:
    out: Path
    base: str
    recipe: Recipe
    teacher: Encoder | None
    lora: int | None
    device: str | None
    source: str
    on_progress: OnProgress
    on_notice: OnNotice
    started: float = field(default_factory=time.monotonic)

    def run(self, examples: Iterable[Example], general: Iterable[Example] | None) -> Verdict:
        torch.manual_seed(self.recipe.seed)
        towers = self._load()
        training: list[Example] = []
        held_out: list[Example] = []
        if is_main_process():
            training, held_out = self._split(examples)
            self._prepare_data(training, towers)
        barrier()
        data = TrainingSet(self._work)
        base_weights = _cpu_copy(towers.state_dict())
        self._train(towers, data, base_weights)
        if is_main_process():
            summary = self._run_summary(training, held_out, data, towers, base_weights)
            self._finish(towers, base_weights, held_out, general, summary)
        barrier()
        return Verdict.read(self.out / "verdict.json")

    @property
    def _work(self) -> Path:
        return self.out / "run"

    def _load(self) -> Towers:
        towers = load_towers(self.base)
        if self.lora is None:
            return towers
        if isinstance(towers, TwoTowers):
            raise TrainingError(
                f"{self.base}: adapters (LoRA) are for large models; this one is small enough to train it whole"
            )
        return _large(towers).with_lora(self.lora)

    def _split(self, examples: Iterable[Example]) -> tuple[list[Example], list[Example]]:
        usable, unusable = [], 0
        for example in self._counted(examples, "reading"):
            # Training needs a photo with a title or a label.
            if example.photos and (example.annotation.titles or example.annotation.labels):
                usable.append(example)
            else:
                unusable += 1
        if unusable:
            self.on_notice(
                f"{unusable:,} examples are left out: they have no photo, or neither a title nor a label"
            )
        _check_enough(usable, unusable)
        share = min(_HELD_OUT_SMALL, max(_HELD_OUT, _ENOUGH_HELD_OUT / len(usable)))
        return split(
            usable,
            share,
            seed=self.recipe.seed,
            progress=lambda done, total: self.on_progress(Stage("comparing photos", done, total)),
        )

    def _counted(
        self, examples: Iterable[Example], stage: str, total: int | None = None
    ) -> Iterator[Example]:
        for number, example in enumerate(examples, 1):
            yield example
            self.on_progress(Stage(stage, number, total))

    def _prepare_data(self, examples: Sequence[Example], towers: Towers) -> None:
        """Check that the folder holds this run or none; decode the photos if that is still to be done."""
        self._work.mkdir(parents=True, exist_ok=True)
        recipe = {key: value for key, value in asdict(self.recipe).items() if key not in _CHANGEABLE}
        settings = {
            "examples": _digest(examples),
            "base": self.base,
            "base weights": _weights_fingerprint(towers.state_dict()),
            "teacher": self.teacher.fingerprint if self.teacher else None,
            "adapter": self.lora,
            **recipe,
        }
        path = self._work / "run.json"
        if path.exists():
            different = sorted(key for key, value in _read_json(path).items() if settings.get(key) != value)
            if different:
                raise TrainingError(
                    f"{self.out}: holds a run that was made with other {', '.join(different)}; give another --out, "
                    "the same as then, or delete the folder"
                )
        else:
            path.write_text(json.dumps(settings), encoding="utf-8")
        if not (self._work / "decoded").exists():
            TrainingSet.build(
                self._counted(examples, "decoding photos", len(examples)),
                towers,
                self._work,
                teacher=self.teacher,
            )
            (self._work / "decoded").touch()

    def _train(self, towers: Towers, data: TrainingSet, base_weights: Mapping[str, Tensor]) -> None:
        """Train; where a batch does not fit into memory, halve it and start again."""
        if is_main_process() and data.skipped:
            self.on_notice(
                f"{len(data.skipped):,} photos cannot be used and are left out; the first: {data.skipped[0]}"
            )
        recipe = replace(self.recipe, batch=self._batch())
        while True:
            try:
                with DeferredInterrupt() as interrupt, RunLog(self.out / "logs", asdict(recipe)) as log:

                    def on_step(step: Progress) -> None:
                        log.step(step)
                        detail = f"loss {step.loss:.3f}, {step.photos_per_second:.0f} photos/s"
                        self.on_progress(Stage("training", step.step, step.steps, detail))
                        interrupt.check()

                    train(towers, data, self._work, recipe, device=self.device, on_step=on_step)
                return
            except (RuntimeError, MemoryError) as error:
                if not _out_of_memory(error):
                    raise
                if recipe.batch <= _MIN_BATCH or not is_single_process():
                    raise TrainingError(
                        f"a batch of {recipe.batch} does not fit into memory; give a smaller --batch, a smaller model, "
                        "or --lora"
                    ) from error
            # A checkpoint of another batch size cannot be resumed: its steps stand for other examples.
            (self._work / "checkpoint.pt").unlink(missing_ok=True)
            recipe = replace(recipe, batch=max(_MIN_BATCH, recipe.batch // 2))
            (self._work / "batch").write_text(str(recipe.batch), encoding="utf-8")
            self.on_notice(f"memory does not suffice; going on with {recipe.batch} in a step")
            towers.load_state_dict(base_weights)
            if torch.cuda.is_available():
                torch.cuda.empty_cache()

    def _batch(self) -> int:
        """Return the recipe's batch size, or the smaller size that an earlier start of this run used."""
        path = self._work / "batch"
        return min(self.recipe.batch, int(path.read_text("utf-8"))) if path.exists() else self.recipe.batch

    def _run_summary(
        self,
        training: Sequence[Example],
        held_out: Sequence[Example],
        data: TrainingSet,
        towers: Towers,
        base_weights: Mapping[str, Tensor],
    ) -> RunSummary:
        examples = [*training, *held_out]
        kinds = Counter(kind for example in examples for kind in example.annotation.labels)
        titles = Counter(language for example in examples for language in example.annotation.titles)
        return RunSummary(
            name=self.out.resolve().name,
            base=_base_summary(self.base, towers, base_weights),
            data={
                "source": self.source,
                "examples": len(examples),
                "photos": sum(len(example.photos) for example in examples),
                "english_titles": titles["en"],
                "chinese_titles": titles["zh"],
                "labels": dict(kinds.most_common()),
                "unusable": len(data.skipped),
            },
            split={
                "learnt_from": len(training),
                "held_out": len(held_out),
                "seed": self.recipe.seed,
                "rule": _RULE,
            },
            recipe=self.recipe,
            batch=self._batch(),
            lora=self.lora,
            teacher=self.teacher.name if self.teacher else None,
            device=device_name(next(towers.parameters()).device),
            seconds=time.monotonic() - self.started,
        )

    def _finish(
        self,
        towers: Towers,
        base_weights: Mapping[str, Tensor],
        held_out: Sequence[Example],
        general: Iterable[Example] | None,
        summary: RunSummary,
    ) -> None:
        """Evaluate, then export the chosen mix; the card is written last, so that a folder with a card is complete."""
        for name in ("card.json", "verdict.json", "README.md"):
            (self.out / name).unlink(missing_ok=True)
        tuned_weights = _cpu_copy(towers.state_dict())
        skipped: list[str] = []
        target = EvaluationSet(held_out, towers, on_skipped=skipped.append)
        general_set = EvaluationSet(list(general or general_examples()), towers, on_skipped=skipped.append)
        if skipped:
            self.on_notice(
                f"{len(skipped):,} photos of the evaluation cannot be used; the first: {skipped[0]}"
            )
        self.on_progress(Stage("judging", 0, 1 + len(ALPHAS)))
        mixes = sweep_alphas(
            base_weights,
            tuned_weights,
            towers,
            target,
            general_set,
            on_mix=lambda done, total: self.on_progress(Stage("judging", done, total)),
        )
        judged = verdict(mixes, target, general_set, base=summary.base["fingerprint"])
        interpolate_weights(towers, base_weights, tuned_weights, judged.alpha)
        self.on_progress(Stage("exporting", 0, 1))
        card = model_card(summary, judged)
        if isinstance(towers, TwoTowers):
            export(towers, self.out, card)
            cosine = _fidelity(towers, load_encoder(self.out))
        else:
            cosine = _export_large(_large(towers), self.out, card, with_adapter=self.lora is not None)
        if not cosine >= _MIN_FIDELITY:
            (self.out / "card.json").unlink()
            raise TrainingError(
                f"{self.out}: the exported encoder is not the trained model (cosine {cosine:.4f}); please report this"
            )
        judged = replace(judged, tuned=load_encoder(self.out).fingerprint)
        judged.write(self.out / "verdict.json")
        (self.out / "README.md").write_text(readable_card(card, judged), encoding="utf-8")
        self.on_progress(Stage("exporting", 1, 1))


def _check_enough(examples: Sequence[Example], unusable: int) -> None:
    if not examples and unusable:
        raise TrainingError(
            "not one product has both a photo and a text: neither titles nor labels; give a feed whose titles say what "
            "the products are, or labels"
        )
    if len(examples) < MIN_EXAMPLES:
        raise TrainingError(
            f"{len(examples)} products are too few to learn from and to judge by; give at least {MIN_EXAMPLES}, better "
            "hundreds"
        )
    descriptions = {
        (*sorted(example.annotation.titles.items()), *sorted(example.annotation.labels.items()))
        for example in examples
    }
    if len(descriptions) < 2:
        text = ", ".join(value for _, value in next(iter(descriptions)))
        raise TrainingError(
            f"all {len(examples):,} examples say the same ({text!r}), so there is nothing to tell apart; give at "
            "least two classes, or titles"
        )


def _digest(examples: Sequence[Example]) -> str:
    digest = hashlib.blake2b(digest_size=16)
    for example in examples:
        annotation = example.annotation
        fields = [
            example.id,
            len(example.photos),
            sorted(annotation.titles.items()),
            sorted(annotation.labels.items()),
        ]
        digest.update(json.dumps(fields).encode())
    return digest.hexdigest()


def _weights_fingerprint(state: Mapping[str, Tensor]) -> str:
    digest = hashlib.blake2b(digest_size=16)
    for name, weight in sorted(state.items()):
        digest.update(name.encode())
        digest.update(weight.detach().cpu().contiguous().flatten().view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()


def _base_summary(base: str, towers: Towers, base_weights: Mapping[str, Tensor]) -> dict[str, Any]:
    """Return name, licence, languages, credits and fingerprint of the base model."""
    if not isinstance(towers, TwoTowers):
        from snapshelf.training.large.export import describe

        return {
            "languages": _large(towers).checkpoint.languages,
            **describe(Path(base)),
            "fingerprint": _weights_fingerprint(base_weights),
        }
    entry = registry().get(base)
    card = Card.read(entry.folder if entry is not None and entry.folder is not None else Path(base))
    return {
        "name": card.name,
        "licence": card.licence,
        "languages": card.languages,
        "credits": (card.model_extra or {}).get("credits"),
        "fingerprint": load_encoder(base).fingerprint,
    }


def _large(towers: Towers) -> LargeTowers:
    # Imported here: the libraries of large models take seconds to load, and the bundled encoder needs none.
    from snapshelf.training.large.towers import LargeTowers

    assert isinstance(towers, LargeTowers)  # noqa: S101 - towers are small or large
    return towers


def _export_large(towers: LargeTowers, out: Path, card: Mapping[str, Any], *, with_adapter: bool) -> float:
    """Export the graphs and the adapter; return the smallest cosine with the evaluated model's vectors."""
    from snapshelf.training.large.export import export_large

    if with_adapter:
        towers.save_adapter(out / "adapter")
    return export_large(towers, out, card).least


def _fidelity(towers: TwoTowers, encoder: Encoder) -> float:
    """Return the smallest cosine between vectors of the evaluated and of the exported model."""
    products = list(draw_catalogue(count=3, seed=11))
    photos = [product.photo(160) for product in products]
    texts = [*(product.title_en for product in products), *(product.title_zh for product in products)]
    towers.eval()
    device = next(towers.parameters()).device
    pixels = torch.from_numpy(np.stack([towers.preprocess(photo) for photo in photos])).to(device)
    tokens = towers.tokenise([normalise(text) for text in texts]).to(device)
    with torch.inference_mode():
        model_vectors = [
            towers.encode_photos(pixels.permute(0, 3, 1, 2).float() / 255),
            towers.encode_texts(tokens),
        ]
    encoder_vectors = np.concatenate([encoder.encode_photos(photos), encoder.encode_texts(texts)])
    return float((torch.cat(model_vectors).cpu().numpy() * encoder_vectors).sum(axis=1).min())


def _out_of_memory(error: BaseException) -> bool:
    return isinstance(error, MemoryError | torch.OutOfMemoryError) or "can't allocate memory" in str(error)


def _cpu_copy(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {name: weight.detach().cpu().clone() for name, weight in state.items()}


def _read_json(path: Path) -> dict[str, Any]:
    try:
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise TrainingError(f"{path}: is damaged ({error}); delete the folder to start again") from error
    return content
