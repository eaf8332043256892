"""The training run: data in memory, steps, checkpoints that a run can go on from."""

from __future__ import annotations

import json
import math
import random
import time
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file
from tokenizers import Tokenizer
from torch import Tensor

from snapshelf.errors import TrainingError
from snapshelf.language import Lexicon
from snapshelf.training._augment import augment
from snapshelf.training._captions import KINDS, Captioner, Labelled, Language
from snapshelf.training._loss import caption_positives, contrastive_loss, same_text
from snapshelf.training._model import CHECKPOINT_FORMAT, Architecture, TwoTowers, load_checkpoint
from snapshelf.training._sources import Example
from snapshelf.training._tokenizer import train_tokenizer


@dataclass(frozen=True, slots=True)
class Recipe:
    """Everything that decides a run, besides the data.

    Parameters
    ----------
    epochs : float
        Passes over the examples.
    decay_epochs : float
        The last passes, in which the learning rate falls to zero and the photo tower sees every patch. Until then the
        rate is constant after a short warm-up, so that a run can be prolonged.
    batch : int
        Examples in a step; each brings its title and an attribute caption.
    photo_rate, text_rate : float
        Peak learning rates of AdamW.
    keep_patches : int
        Patches of each photo seen before the decay.
    chinese : float
        Share of Chinese among titles; attribute captions are half and half.
    vocabulary : int
        Size of the tokeniser.
    seed : int
    """

    epochs: float = 10.0
    decay_epochs: float = 2.0
    batch: int = 320
    photo_rate: float = 3e-4
    text_rate: float = 1e-3
    weight_decay: float = 0.05
    warmup_steps: int = 100
    keep_patches: int = 24
    chinese: float = 0.25
    vocabulary: int = 8_000
    seed: int = 20261122


@dataclass(frozen=True, slots=True)
class Progress:
    """State after a step, for a progress bar or a log."""

    step: int
    steps: int
    loss: float
    photos_per_second: float


class TrainingSet:
    """Examples in memory, in the arrays that steps are cut from."""

    def __init__(self, examples: Sequence[Example]) -> None:
        if len(examples) < 2:
            raise TrainingError(f"{len(examples)} examples are too few to contrast; give at least 2")
        self.about: list[Labelled] = [example.about for example in examples]
        self.photos: NDArray[np.uint8] = np.concatenate([example.photos for example in examples])
        counts = np.array([len(example.photos) for example in examples])
        self._counts, self._first = counts, np.cumsum(counts) - counts
        self.replaceable = torch.tensor([example.replaceable_background for example in examples])
        self._ids: dict[tuple[str, str], int] = {}

    def __len__(self) -> int:
        return len(self.about)

    def views(self, index: NDArray[np.int64], rng: np.random.Generator) -> Tensor:
        """One photo of each example: float (n, 3, s, s) in [0, 1]."""
        chosen = self._first[index] + rng.integers(self._counts[index])
        return torch.from_numpy(self.photos[chosen]).permute(0, 3, 1, 2).float() / 255

    def label_ids(self, labels: Sequence[dict[str, str]], missing: int) -> Tensor:
        """int64 (n, kinds): a number for each label, `missing` where there is none."""
        rows = [
            [
                self._ids.setdefault((kind, row[kind]), len(self._ids)) if kind in row else missing
                for kind in KINDS
            ]
            for row in labels
        ]
        return torch.tensor(rows)


def train(
    examples: Sequence[Example],
    folder: Path,
    recipe: Recipe,
    *,
    start: Path | None = None,
    on_step: Callable[[Progress], None] | None = None,
) -> Path:
    """Train both towers; goes on from the folder's checkpoint when there is one.

    Parameters
    ----------
    examples : sequence of Example
    folder : Path
        Gets ``tokenizer.json``, ``recipe.json`` and ``checkpoint.pt``.
    recipe : Recipe
    start : Path or None
        Weights of `timm`'s ``vit_tiny_patch16_224`` (safetensors) for the photo tower.
    on_step : callable or None

    Returns
    -------
    Path
        The checkpoint.

    Raises
    ------
    TrainingError
        There is too little data, the checkpoint is of another version, or the loss is not a number.
    """
    folder.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(recipe.seed)
    data = TrainingSet(examples)
    captioner = Captioner(Lexicon.bundled(), random.Random(recipe.seed))
    _complete_labels(data, captioner)
    tokenizer = _tokenizer(folder / "tokenizer.json", data, captioner, recipe)
    model = TwoTowers(Architecture(vocabulary=tokenizer.get_vocab_size()))
    if start is not None:
        model.photo.load_timm(load_file(start))
    optimiser = _optimiser(model, recipe)
    (folder / "recipe.json").write_text(json.dumps(asdict(recipe), indent=2), encoding="utf-8")

    checkpoint, step = folder / "checkpoint.pt", 0
    if checkpoint.exists():
        state = load_checkpoint(checkpoint)
        model.load_state_dict(state["model"])
        optimiser.load_state_dict(state["optimiser"])
        step = int(state["step"])
    per_epoch = max(1, len(data) // recipe.batch)
    steps, decay = int(recipe.epochs * per_epoch), max(1, int(recipe.decay_epochs * per_epoch))
    rates = [group["lr"] for group in optimiser.param_groups]
    batches = _Batches(data, captioner, tokenizer, recipe, first=step)
    began, first = time.monotonic(), step
    model.train()
    for batch in batches:
        if step >= steps:
            break
        factor = min(1.0, (step + 1) / recipe.warmup_steps, (steps - step) / decay)
        for group, rate in zip(optimiser.param_groups, rates, strict=True):
            group["lr"] = rate * factor
        keep = recipe.keep_patches if step < steps - decay else None
        photos = model.photo(batch.photos * 2 - 1, keep)
        scale = model.scale()
        loss = contrastive_loss(photos, model.text(batch.titles), batch.title_positives, scale)
        loss = loss + contrastive_loss(photos, model.text(batch.attributes), batch.attribute_positives, scale)
        if not math.isfinite(loss.item()):
            raise TrainingError(f"the loss became {loss.item()} at step {step}; lower the learning rates")
        optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        step += 1
        if on_step is not None:
            speed = (step - first) * recipe.batch / (time.monotonic() - began)
            on_step(Progress(step, steps, loss.item(), speed))
        if step % 100 == 0:
            _save(checkpoint, model, optimiser, step)
    _save(checkpoint, model, optimiser, step)
    return checkpoint


@dataclass(frozen=True, slots=True)
class _Batch:
    photos: Tensor
    titles: Tensor
    title_positives: Tensor
    attributes: Tensor
    attribute_positives: Tensor


class _Batches:
    """Endless batches, each a function of the seed and its number, so that a resumed run does not repeat itself."""

    def __init__(
        self, data: TrainingSet, captioner: Captioner, tokenizer: Tokenizer, recipe: Recipe, *, first: int
    ) -> None:
        self._data, self._captioner, self._tokenizer, self._recipe = data, captioner, tokenizer, recipe
        self._first = first

    def __iter__(self) -> Iterator[_Batch]:
        size = min(self._recipe.batch, len(self._data))
        per_epoch = len(self._data) // size
        number = self._first
        while True:
            epoch, place = divmod(number, per_epoch)
            order = np.random.default_rng([self._recipe.seed, epoch]).permutation(len(self._data))
            yield self._batch(order[place * size : (place + 1) * size], number)
            number += 1

    def _batch(self, index: NDArray[np.int64], number: int) -> _Batch:
        data, captioner = self._data, self._captioner
        rng = np.random.default_rng([self._recipe.seed, 1, number])
        generator = torch.Generator().manual_seed(int(rng.integers(2**31)))
        photos = augment(data.views(index, rng), replaceable=data.replaceable[index], generator=generator)
        about = [data.about[i] for i in index]
        titles = [captioner.title(one, _language(rng, self._recipe.chinese)) for one in about]
        captions = [captioner.attributes(one, _language(rng, 0.5)) for one in about]
        keys = torch.tensor([zlib.crc32(one.titles["en"].lower().encode()) for one in about])
        labels = data.label_ids([dict(one.labels) for one in about], missing=-2)
        constraints = data.label_ids([dict(caption.names) for caption in captions], missing=-1)
        # A caption that names nothing is the product's title: true of the product itself alone.
        positives = caption_positives(constraints, labels) & (constraints != -1).any(dim=1, keepdim=True)
        return _Batch(
            photos,
            encode_tokens(self._tokenizer, titles),
            same_text(keys),
            encode_tokens(self._tokenizer, [caption.text for caption in captions]),
            positives | torch.eye(len(index), dtype=torch.bool),
        )


def encode_tokens(tokenizer: Tokenizer, texts: Sequence[str]) -> Tensor:
    """int64 (n, longest of the texts), padded with 0."""
    encoded = [one.ids for one in tokenizer.encode_batch(list(texts), add_special_tokens=False)]
    tokens = torch.zeros(len(texts), max(1, *(len(ids) for ids in encoded)), dtype=torch.int64)
    for row, ids in zip(tokens, encoded, strict=True):
        row[: len(ids)] = torch.tensor(ids, dtype=torch.int64)
    return tokens


def _language(rng: np.random.Generator, chinese: float) -> Language:
    return "zh" if rng.random() < chinese else "en"


def _complete_labels(data: TrainingSet, captioner: Captioner) -> None:
    """Add what titles tell, and call each concept by one name, whatever a source calls it."""
    data.about = [
        Labelled(
            one.titles, captioner.canonical({**captioner.labels_in_title(one.titles["en"]), **one.labels})
        )
        for one in data.about
    ]


def _tokenizer(path: Path, data: TrainingSet, captioner: Captioner, recipe: Recipe) -> Tokenizer:
    if path.exists():
        return Tokenizer.from_file(str(path))

    def captions() -> Iterator[str]:
        for concept in Lexicon.bundled().concepts():
            for names in concept.names.values():
                yield from names
                yield from names
        for one in data.about:
            yield captioner.title(one, "en")
            yield captioner.title(one, "zh")
            yield captioner.attributes(one, "en").text
            yield captioner.attributes(one, "zh").text

    tokenizer = train_tokenizer(
        captions(), vocabulary=recipe.vocabulary, longest=Architecture(vocabulary=0).text_length
    )
    tokenizer.save(str(path))
    return tokenizer


def _optimiser(model: TwoTowers, recipe: Recipe) -> torch.optim.AdamW:
    groups: dict[tuple[float, float], list[Tensor]] = {}
    for name, parameter in model.named_parameters():
        fresh = not name.startswith("photo.") or "to_common" in name
        rate = recipe.text_rate if fresh else recipe.photo_rate
        decay = recipe.weight_decay if parameter.ndim == 2 and "embed" not in name else 0.0
        groups.setdefault((rate, decay), []).append(parameter)
    return torch.optim.AdamW(
        [{"params": members, "lr": rate, "weight_decay": decay} for (rate, decay), members in groups.items()],
        betas=(0.9, 0.98),
    )


def _save(path: Path, model: TwoTowers, optimiser: torch.optim.Optimizer, step: int) -> None:
    state = {
        "format": CHECKPOINT_FORMAT,
        "shape": model.shape.to_json(),
        "model": model.state_dict(),
        "optimiser": optimiser.state_dict(),
        "step": step,
    }
    partial = path.with_suffix(".partial")
    torch.save(state, partial)
    partial.replace(path)
