"""Fine-tuning from examples to an encoder with its verdict: divide, train, mix, judge, export."""

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
from snapshelf.training.card import RunFacts, device_name, model_card, readable_card
from snapshelf.training.data import TrainingSet
from snapshelf.training.export import export, load_towers
from snapshelf.training.guard import ALPHAS, EvaluationSet, drawn_examples, mix_into, sweep, verdict
from snapshelf.training.logging import RunLog
from snapshelf.training.model import Towers, TwoTowers
from snapshelf.training.processes import Interrupt, is_alone, is_first, together, wait_for_all
from snapshelf.training.sources.example import Example
from snapshelf.training.sources.splits import split
from snapshelf.training.train import Progress, Recipe, train

if TYPE_CHECKING:
    from snapshelf.training.large.towers import LargeTowers

FEWEST = 20
"""With fewer examples there is nothing to learn from and to judge by."""

_SMALLEST_BATCH = 8
_HELD_OUT, _HELD_OUT_OF_FEW, _ENOUGH_HELD_OUT = 0.1, 0.25, 50
"""A tenth is held out; of a small catalogue up to a quarter, until there are enough to judge by."""
_LEAST_FIDELITY = 0.99
_RULE = "same id, title or photo on the same side, by lot"
_FREE_TO_CHANGE = frozenset({"epochs", "decay_epochs", "whole_epochs", "batch"})
"""A run may be prolonged, or go on with smaller batches; anything else makes it another run."""


@dataclass(frozen=True, slots=True)
class Stage:
    """How far a part of the run is.

    Parameters
    ----------
    name : str
        For example "decoding photos".
    done : int
    total : int or None
        None where it is not known.
    detail : str
        For example "loss 1.234, 120 photos/s".
    """

    name: str
    done: int
    total: int | None = None
    detail: str = ""


Watch: TypeAlias = Callable[[Stage], None]
Note: TypeAlias = Callable[[str], None]


def usual_recipe(base: str | Path = "bundled", *, lora: int | None = None) -> Recipe:
    """What a fine-tune is made with where nothing else is said.

    All weights of a large model, which knows much that a shop does not show, learn at a tenth of the bundled encoder's
    rate.
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
    watch: Watch | None = None,
    note: Note | None = None,
) -> Verdict:
    """Make an encoder that knows these examples, and say whether it is better than the one it started from.

    Some examples are held out to judge by. After training, mixes of the base's and the tuned weights are compared on
    them and on a general set, in both languages, and the best harmless one is exported. Stopped and called again with
    the same arguments, the run goes on from its checkpoint. Under ``torchrun`` every process calls it alike.

    Parameters
    ----------
    examples : iterable of Example
    out : Path
        Becomes the encoder's folder, with ``verdict.json`` and ``README.md``, the model card. What the run works with
        is below ``run/``, TensorBoard's logs are below ``logs/``.
    base : str or Path
        "bundled", the folder of an exported encoder of its kind, or a checkpoint of a large model.
    recipe : Recipe or None
        By default `usual_recipe`. Where memory does not suffice, the batch is halved.
    general : iterable of Example or None
        What the model must not become worse at; by default drawn products.
    teacher : Encoder or None
        Its similarities are imitated.
    lora : int or None
        Train an adapter of this rank instead of all weights of a large model. It is merged into the exported graphs,
        and kept alone in ``adapter/``.
    device : str or None
        By default a GPU where there is one.
    source : str
        Where the examples come from, for the card.
    watch, note : callable or None
        Told how far it is, and of what one should know.

    Raises
    ------
    TrainingError
        There is too little to learn from, nothing to tell apart or no text; the folder holds another run, or a
        checkpoint of another version; the smallest batch does not fit into memory; the loss is not a number.
    """
    recipe = recipe or usual_recipe(base, lora=lora)
    run = _FineTune(
        out,
        base=str(base),
        recipe=recipe,
        teacher=teacher,
        lora=lora,
        device=device,
        source=source,
        watch=watch or (lambda _: None),
        note=note or (lambda _: None),
    )
    with together(device):
        return run.go(examples, general)


@dataclass(slots=True, kw_only=False)
class _FineTune:
    out: Path
    base: str
    recipe: Recipe
    teacher: Encoder | None
    lora: int | None
    device: str | None
    source: str
    watch: Watch
    note: Note
    began: float = field(default_factory=time.monotonic)

    def go(self, examples: Iterable[Example], general: Iterable[Example] | None) -> Verdict:
        torch.manual_seed(self.recipe.seed)
        towers = self._load()
        learnt_from: list[Example] = []
        held_out: list[Example] = []
        if is_first():
            learnt_from, held_out = self._divide(examples)
            self._prepare(learnt_from, towers)
        wait_for_all()
        data = TrainingSet(self._work)
        before = _copy(towers.state_dict())
        self._train(towers, data, before)
        if is_first():
            facts = self._facts(learnt_from, held_out, data, towers, before)
            self._finish(towers, before, held_out, general, facts)
        wait_for_all()
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

    def _divide(self, examples: Iterable[Example]) -> tuple[list[Example], list[Example]]:
        usable, silent = [], 0
        for example in self._counted(examples, "reading"):
            # A product without a photo or a word about it teaches nothing.
            if example.photos and (example.about.titles or example.about.labels):
                usable.append(example)
            else:
                silent += 1
        if silent:
            self.note(f"{silent:,} examples are left out: they have no photo, or neither a title nor a label")
        _check_enough(usable, silent)
        share = min(_HELD_OUT_OF_FEW, max(_HELD_OUT, _ENOUGH_HELD_OUT / len(usable)))
        return split(
            usable,
            share,
            seed=self.recipe.seed,
            progress=lambda done, total: self.watch(Stage("comparing photos", done, total)),
        )

    def _counted(self, examples: Iterable[Example], what: str, total: int | None = None) -> Iterator[Example]:
        for number, example in enumerate(examples, 1):
            yield example
            self.watch(Stage(what, number, total))

    def _prepare(self, examples: Sequence[Example], towers: Towers) -> None:
        """Make sure that the folder holds this run, or nothing yet; decode the photos where that is not done."""
        self._work.mkdir(parents=True, exist_ok=True)
        recipe = {key: value for key, value in asdict(self.recipe).items() if key not in _FREE_TO_CHANGE}
        asked = {
            "examples": _digest(examples),
            "base": self.base,
            "base weights": _weights_fingerprint(towers.state_dict()),
            "teacher": self.teacher.fingerprint if self.teacher else None,
            "adapter": self.lora,
            **recipe,
        }
        known = self._work / "run.json"
        if known.exists():
            different = sorted(key for key, value in _read_json(known).items() if asked.get(key) != value)
            if different:
                raise TrainingError(
                    f"{self.out}: holds a run that was made with other {', '.join(different)}; give another --out, "
                    "the same as then, or delete the folder"
                )
        else:
            known.write_text(json.dumps(asked), encoding="utf-8")
        if not (self._work / "decoded").exists():
            TrainingSet.build(
                self._counted(examples, "decoding photos", len(examples)),
                towers,
                self._work,
                teacher=self.teacher,
            )
            (self._work / "decoded").touch()

    def _train(self, towers: Towers, data: TrainingSet, before: Mapping[str, Tensor]) -> None:
        """Train; a batch that does not fit into memory is halved and the run begins anew."""
        if is_first() and data.skipped:
            self.note(
                f"{len(data.skipped):,} photos cannot be used and are left out; the first: {data.skipped[0]}"
            )
        recipe = replace(self.recipe, batch=self._batch())
        while True:
            try:
                with Interrupt() as interrupt, RunLog(self.out / "logs", asdict(recipe)) as log:

                    def tell(step: Progress) -> None:
                        log.step(step)
                        detail = f"loss {step.loss:.3f}, {step.photos_per_second:.0f} photos/s"
                        self.watch(Stage("training", step.step, step.steps, detail))
                        interrupt.check()

                    train(towers, data, self._work, recipe, device=self.device, on_step=tell)
                return
            except (RuntimeError, MemoryError) as error:
                if not _out_of_memory(error):
                    raise
                if recipe.batch <= _SMALLEST_BATCH or not is_alone():
                    raise TrainingError(
                        f"a batch of {recipe.batch} does not fit into memory; give a smaller --batch, a smaller model, "
                        "or --lora"
                    ) from error
            # Steps count examples by the batch: those of another batch cannot be gone on from.
            (self._work / "checkpoint.pt").unlink(missing_ok=True)
            recipe = replace(recipe, batch=max(_SMALLEST_BATCH, recipe.batch // 2))
            (self._work / "batch").write_text(str(recipe.batch), encoding="utf-8")
            self.note(f"memory does not suffice; going on with {recipe.batch} in a step")
            towers.load_state_dict(before)
            if torch.cuda.is_available():
                torch.cuda.empty_cache()

    def _batch(self) -> int:
        """The batch asked for, or the smaller one that an earlier start of this run has come to."""
        known = self._work / "batch"
        return min(self.recipe.batch, int(known.read_text("utf-8"))) if known.exists() else self.recipe.batch

    def _facts(
        self,
        learnt_from: Sequence[Example],
        held_out: Sequence[Example],
        data: TrainingSet,
        towers: Towers,
        before: Mapping[str, Tensor],
    ) -> RunFacts:
        everything = [*learnt_from, *held_out]
        kinds = Counter(kind for example in everything for kind in example.about.labels)
        titles = Counter(language for example in everything for language in example.about.titles)
        return RunFacts(
            name=self.out.resolve().name,
            base=_base_facts(self.base, towers, before),
            data={
                "source": self.source,
                "examples": len(everything),
                "photos": sum(len(example.photos) for example in everything),
                "english_titles": titles["en"],
                "chinese_titles": titles["zh"],
                "labels": dict(kinds.most_common()),
                "unusable": len(data.skipped),
            },
            split={
                "learnt_from": len(learnt_from),
                "held_out": len(held_out),
                "seed": self.recipe.seed,
                "rule": _RULE,
            },
            recipe=self.recipe,
            batch=self._batch(),
            lora=self.lora,
            teacher=self.teacher.name if self.teacher else None,
            device=device_name(next(towers.parameters()).device),
            seconds=time.monotonic() - self.began,
        )

    def _finish(
        self,
        towers: Towers,
        before: Mapping[str, Tensor],
        held_out: Sequence[Example],
        general: Iterable[Example] | None,
        facts: RunFacts,
    ) -> None:
        """Judge, then export the chosen mix; the card comes last, so that a folder with a card is whole."""
        for name in ("card.json", "verdict.json", "README.md"):
            (self.out / name).unlink(missing_ok=True)
        after = _copy(towers.state_dict())
        skipped: list[str] = []
        target = EvaluationSet(held_out, towers, on_skipped=skipped.append)
        others = EvaluationSet(list(general or drawn_examples()), towers, on_skipped=skipped.append)
        if skipped:
            self.note(f"{len(skipped):,} photos to judge by cannot be used; the first: {skipped[0]}")
        self.watch(Stage("judging", 0, 1 + len(ALPHAS)))
        mixes = sweep(
            before,
            after,
            towers,
            target,
            others,
            on_mix=lambda done, total: self.watch(Stage("judging", done, total)),
        )
        judged = verdict(mixes, target, others, base=facts.base["fingerprint"])
        mix_into(towers, before, after, judged.alpha)
        self.watch(Stage("exporting", 0, 1))
        card = model_card(facts, judged)
        if isinstance(towers, TwoTowers):
            export(towers, self.out, card)
            least = _fidelity(towers, load_encoder(self.out))
        else:
            least = _export_large(_large(towers), self.out, card, with_adapter=self.lora is not None)
        if not least >= _LEAST_FIDELITY:
            (self.out / "card.json").unlink()
            raise TrainingError(
                f"{self.out}: the exported encoder is not the trained model (cosine {least:.4f}); please report this"
            )
        judged = replace(judged, tuned=load_encoder(self.out).fingerprint)
        judged.write(self.out / "verdict.json")
        (self.out / "README.md").write_text(readable_card(card, judged), encoding="utf-8")
        self.watch(Stage("exporting", 1, 1))


def _check_enough(examples: Sequence[Example], silent: int) -> None:
    if not examples and silent:
        raise TrainingError(
            "not one product has both a photo and a text: neither titles nor labels; give a feed whose titles say what "
            "the products are, or labels"
        )
    if len(examples) < FEWEST:
        raise TrainingError(
            f"{len(examples)} products are too few to learn from and to judge by; give at least {FEWEST}, better "
            "hundreds"
        )
    descriptions = {
        (*sorted(example.about.titles.items()), *sorted(example.about.labels.items())) for example in examples
    }
    if len(descriptions) < 2:
        said = ", ".join(text for _, text in next(iter(descriptions)))
        raise TrainingError(
            f"all {len(examples):,} examples say the same ({said!r}), so there is nothing to tell apart; give at "
            "least two classes, or titles"
        )


def _digest(examples: Sequence[Example]) -> str:
    digest = hashlib.blake2b(digest_size=16)
    for example in examples:
        about = example.about
        facts = [example.id, len(example.photos), sorted(about.titles.items()), sorted(about.labels.items())]
        digest.update(json.dumps(facts).encode())
    return digest.hexdigest()


def _weights_fingerprint(state: Mapping[str, Tensor]) -> str:
    digest = hashlib.blake2b(digest_size=16)
    for name, weight in sorted(state.items()):
        digest.update(name.encode())
        digest.update(weight.detach().cpu().contiguous().flatten().view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()


def _base_facts(base: str, towers: Towers, before: Mapping[str, Tensor]) -> dict[str, Any]:
    """Name, licence, languages, credits and fingerprint of the model that a run starts from."""
    if not isinstance(towers, TwoTowers):
        from snapshelf.training.large.export import describe

        return {
            "languages": _large(towers).checkpoint.languages,
            **describe(Path(base)),
            "fingerprint": _weights_fingerprint(before),
        }
    known = registry().get(base)
    card = Card.read(known.folder if known is not None and known.folder is not None else Path(base))
    return {
        "name": card.name,
        "licence": card.licence,
        "languages": card.languages,
        "credits": (card.model_extra or {}).get("credits"),
        "fingerprint": load_encoder(base).fingerprint,
    }


def _large(towers: Towers) -> LargeTowers:
    # Loaded here: the libraries of large models take seconds, and the bundled encoder needs none of them.
    from snapshelf.training.large.towers import LargeTowers

    assert isinstance(towers, LargeTowers)  # noqa: S101 - towers are small or large
    return towers


def _export_large(towers: LargeTowers, out: Path, card: Mapping[str, Any], *, with_adapter: bool) -> float:
    """Write the graphs, and the adapter alone; returns the least cosine with what was judged."""
    from snapshelf.training.large.export import export_large

    if with_adapter:
        towers.save_adapter(out / "adapter")
    return export_large(towers, out, card).least


def _fidelity(towers: TwoTowers, encoder: Encoder) -> float:
    """Least cosine between vectors of the model that was judged and of the one that was exported."""
    products = list(draw_catalogue(count=3, seed=11))
    photos = [product.photo(160) for product in products]
    texts = [*(product.title_en for product in products), *(product.title_zh for product in products)]
    towers.eval()
    device = next(towers.parameters()).device
    pixels = torch.from_numpy(np.stack([towers.preprocess(photo) for photo in photos])).to(device)
    tokens = towers.tokenise([normalise(text) for text in texts]).to(device)
    with torch.inference_mode():
        ours = [towers.encode_photos(pixels.permute(0, 3, 1, 2).float() / 255), towers.encode_texts(tokens)]
    theirs = np.concatenate([encoder.encode_photos(photos), encoder.encode_texts(texts)])
    return float((torch.cat(ours).cpu().numpy() * theirs).sum(axis=1).min())


def _out_of_memory(error: BaseException) -> bool:
    return isinstance(error, MemoryError | torch.OutOfMemoryError) or "can't allocate memory" in str(error)


def _copy(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {name: weight.detach().cpu().clone() for name, weight in state.items()}


def _read_json(path: Path) -> dict[str, Any]:
    try:
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise TrainingError(f"{path}: is damaged ({error}); delete the folder to start again") from error
    return content
