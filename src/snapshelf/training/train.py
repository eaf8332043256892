"""The training loop: batches, learning-rate schedule, checkpoints to resume from, one process or several."""

from __future__ import annotations

import json
import math
import multiprocessing
import os
import time
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from pathlib import Path
from random import Random
from typing import Any, Literal, cast

import numpy as np
import torch
import torch.distributed
import torch.distributed.nn.functional as collective
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset, Sampler

from snapshelf.errors import TrainingError
from snapshelf.language import Lexicon
from snapshelf.training.augment import augment
from snapshelf.training.captions import Captioner, Language
from snapshelf.training.checkpoint import load_checkpoint, save_checkpoint
from snapshelf.training.data import TeacherVectors, TrainingSet
from snapshelf.training.loss import LossName, Objective, Targets, Vectors, distillation_loss
from snapshelf.training.model import Towers

_MAX_CLASS_NAMES = 256
"""Class names in a batch; where there are more, this many are sampled."""
_TITLE_BATCH = 1_024
_MAX_WORKERS = 16
"""Each worker takes shared memory for the photos of two batches."""
_TEACHER_SCALE = 20.0
"""Inverse temperature of the teacher's similarities."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """Hyperparameters of a run.

    Parameters
    ----------
    epochs : float
        Passes over the examples.
    decay_epochs : float
        Final epochs of linear learning-rate decay to zero. Before them the rates are constant, after a linear
        warm-up, so that a run can be prolonged.
    whole_epochs : float
        Final epochs without patch dropping.
    batch : int
        Batch size over all processes, in examples; each contributes its title and an attribute caption.
    photo_rate, text_rate : float
        Peak learning rates of AdamW.
    weight_decay : float
        Of AdamW.
    warmup_steps : int
        Steps of linear learning-rate warm-up.
    keep_patches : int or None
        Patches of each photo that are kept before `whole_epochs` (patch dropping); None for all.
    chinese : float
        Share of Chinese among titles; captions and class names are half and half.
    misspelt : float
        Share of English texts with a synthetic typo.
    rare : int
        Oversampling threshold: examples with a label that fewer examples have are sampled three times per epoch.
    loss : "contrastive" or "sigmoid"
    captions, classes : float
        Weights of the two label losses: attribute captions with photos, and class names with photos. 0 disables a
        loss.
    neighbours : int
        Size of the groups of similar examples that a batch is made of, as hard negatives (NGAME, Dahiya et al.,
        2023); 1 for uniform batches. Similarity is that of the starting towers.
    lock_photos : bool
        Freeze the photo tower and contrast texts with the vectors of all photos (locked-image tuning, LiT, Zhai et
        al., 2022). Steps cost a fraction, so that batches may be larger.
    average : float
        Decay of the exponential moving average of the weights, which is the model that a run ends with. 0 for the
        last step's weights.
    distil : float
        Weight of the distillation loss, with a teacher.
    precision : "auto", "fp32" or "bf16"
        Mixed precision of the towers; "auto" is bf16 where the device is faster with it.
    seed : int
    """

    epochs: float = 10.0
    decay_epochs: float = 3.0
    whole_epochs: float = 1.0
    batch: int = 320
    photo_rate: float = 3e-4
    text_rate: float = 1e-3
    weight_decay: float = 0.05
    warmup_steps: int = 100
    keep_patches: int | None = 24
    chinese: float = 0.25
    misspelt: float = 0.08
    rare: int = 200
    loss: LossName = "contrastive"
    captions: float = 1.0
    classes: float = 1.0
    neighbours: int = 1
    lock_photos: bool = False
    average: float = 0.0
    distil: float = 1.0
    precision: Literal["auto", "fp32", "bf16"] = "auto"
    seed: int = 20261122


@dataclass(frozen=True, slots=True)
class Progress:
    """State after a step, for a progress bar or a log; `losses` are the terms of `loss`."""

    step: int
    steps: int
    loss: float
    losses: Mapping[str, float]
    photos_per_second: float
    rate: float


def train(
    towers: Towers,
    data: TrainingSet,
    folder: Path,
    recipe: Recipe,
    *,
    device: str | torch.device | None = None,
    on_step: Callable[[Progress], None] | None = None,
) -> Path:
    """Train both towers; resume from the folder's checkpoint where it exists.

    Under ``torchrun`` the processes share each batch; every process must get the same data and recipe.

    Parameters
    ----------
    towers : Towers
        Trained in place.
    data : TrainingSet
        Where it was built with a teacher, its similarities are distilled.
    folder : Path
        Gets ``recipe.json`` and ``checkpoint.pt``.
    recipe : Recipe
    device : str, torch.device or None
        None takes a GPU where there is one.
    on_step : callable or None
        Called after each step, in the main process.

    Returns
    -------
    Path
        The checkpoint.

    Raises
    ------
    TrainingError
        There is too little data, the checkpoint has another version or model, or the loss is not finite.
    KeyboardInterrupt
        Raised by `on_step`; the checkpoint is that of the step just done.
    OutOfMemoryError
        `torch`'s own, when a batch does not fit into memory; the checkpoint of earlier steps stays.
    """
    torch.manual_seed(recipe.seed)
    torch.cuda.manual_seed_all(recipe.seed)
    run = _TrainingRun(towers, data, folder, recipe, _device(device))
    run.run(on_step)
    return run.checkpoint


class _TrainingRun:
    def __init__(
        self, towers: Towers, data: TrainingSet, folder: Path, recipe: Recipe, device: torch.device
    ) -> None:
        self._towers, self._data, self._recipe, self._device = towers.to(device), data, recipe, device
        towers.offset.requires_grad_(recipe.loss == "sigmoid")
        self._objective = Objective(recipe.loss, captions=recipe.captions, classes=recipe.classes).to(device)
        if recipe.lock_photos:
            for name, parameter in towers.named_parameters():
                if towers.affects_photo_vectors(name):
                    parameter.requires_grad_(False)
        groups = towers.parameter_groups(recipe.photo_rate, recipe.text_rate, recipe.weight_decay)
        trainable = [parameter for parameter in self._objective.parameters() if parameter.requires_grad]
        groups.append({"params": trainable, "lr": recipe.text_rate, "weight_decay": 0.0})
        self._optimiser = torch.optim.AdamW(groups, betas=(0.9, 0.98), fused=device.type == "cuda")
        self._peak_rates = [group["lr"] for group in self._optimiser.param_groups]
        folder.mkdir(parents=True, exist_ok=True)
        self._sampler = _BatchSampler(
            data, recipe, _neighbour_vectors(towers, data, device, folder) if recipe.neighbours > 1 else None
        )
        self._ema = _ExponentialMovingAverage(towers, recipe.average)
        self.checkpoint = folder / "checkpoint.pt"
        self._step = 0
        if self.checkpoint.exists():
            self._step = load_checkpoint(self.checkpoint, towers, self._ema, self._objective, self._optimiser)
        elif _rank() == 0:
            (folder / "recipe.json").write_text(json.dumps(asdict(recipe), indent=2), encoding="utf-8")
        self._title_keys = torch.tensor(
            [
                zlib.crc32((annotation.any_title() or id).lower().encode())
                for id, annotation in zip(data.ids, data.annotations, strict=True)
            ]
        )
        self._frozen_photos: Tensor | None = None
        if recipe.lock_photos:
            self._frozen_photos = _photo_vectors(towers, data, device)
            self._objective.add_candidates(self._frozen_photos, self._title_keys, data.labels)
        self._distillation = _Distillation(data.teacher, device) if data.teacher else None

    def run(self, on_step: Callable[[Progress], None] | None) -> None:
        recipe, data, sampler = self._recipe, self._data, self._sampler
        steps = max(1, int(recipe.epochs * sampler.per_epoch))
        decay = max(1, int(recipe.decay_epochs * sampler.per_epoch))
        without_dropping = int(recipe.whole_epochs * sampler.per_epoch)
        forward: nn.Module = _Forward(self._towers)
        if _processes() > 1:
            forward = nn.parallel.DistributedDataParallel(forward)
        began, first = time.monotonic(), self._step
        self._towers.train()
        batches = _BatchDataset(data, self._title_keys, self._towers.tokenise, recipe, sampler.batch)
        for batch in _prefetched(batches, sampler, range(first, steps), _loader_workers(self._device)):
            # Learning-rate schedule: linear warm-up, constant, linear decay to zero.
            factor = min(1.0, (self._step + 1) / recipe.warmup_steps, (steps - self._step) / decay)
            for group, rate in zip(self._optimiser.param_groups, self._peak_rates, strict=True):
                group["lr"] = rate * factor
            keep = recipe.keep_patches if self._step < steps - without_dropping else None
            losses = self._losses(forward, batch, keep)
            loss = torch.stack(list(losses.values())).sum()
            if not math.isfinite(loss.item()):
                raise TrainingError(
                    f"the loss became {loss.item()} at step {self._step}; lower the learning rates (now "
                    f"{recipe.photo_rate:g} and {recipe.text_rate:g}) or use fp32, and start again: "
                    f"{self.checkpoint} is from before that step"
                )
            self._optimiser.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]
            torch.nn.utils.clip_grad_norm_(self._towers.parameters(), 1.0)
            self._optimiser.step()
            self._ema.update()
            self._step += 1
            if on_step is not None and _rank() == 0:
                photos_per_second = (self._step - first) * sampler.batch / (time.monotonic() - began)
                terms = {name: value.item() for name, value in losses.items()}
                try:
                    on_step(
                        Progress(
                            self._step,
                            steps,
                            loss.item(),
                            terms,
                            photos_per_second,
                            recipe.photo_rate * factor,
                        )
                    )
                except KeyboardInterrupt:
                    self._save()
                    raise
            if self._step % 100 == 0:
                self._save()
        self._save()
        self._ema.copy_to(self._towers)

    def _losses(self, forward: nn.Module, batch: _Batch, keep: int | None) -> dict[str, Tensor]:
        # Patch dropping and dropout are seeded for each step, so that a resumed run repeats an uninterrupted one.
        torch.manual_seed(batch.seed)
        photos = self._augmented(batch) if self._frozen_photos is None else None
        with self._precision():
            photo_vectors, text_vectors, scale, bias = forward(photos, batch.texts.to(self._device), keep)
        titles, captions, classes = text_vectors.float().split(batch.counts)
        vectors = Vectors(
            _all_gather(photo_vectors.float())
            if self._frozen_photos is None
            else self._frozen_photos[batch.index],
            _all_gather(titles),
            _all_gather(captions),
            classes,
        )
        targets = batch.targets.to(self._device)
        losses: dict[str, Tensor] = self._objective(vectors, targets, scale.float(), bias.float())
        if self._distillation is not None:
            index = batch.index.to(self._device)
            losses["teacher"] = self._recipe.distil * self._distillation.loss(vectors, index, scale.float())
        return losses

    def _augmented(self, batch: _Batch) -> Tensor:
        pixels = batch.pixels.to(self._device, non_blocking=True).permute(0, 3, 1, 2).float() / 255
        generator = torch.Generator(self._device).manual_seed(batch.seed)
        return augment(pixels, replaceable=batch.replaceable.to(self._device), generator=generator)

    def _precision(self) -> AbstractContextManager[Any]:
        precision = self._recipe.precision
        if precision == "auto":
            precision = "bf16" if _prefers_bf16(self._device) else "fp32"
        return torch.autocast(self._device.type, torch.bfloat16) if precision == "bf16" else nullcontext()

    def _save(self) -> None:
        if _rank() == 0:
            save_checkpoint(
                self.checkpoint, self._towers, self._ema, self._objective, self._optimiser, self._step
            )


class _Forward(nn.Module):
    """The forward pass of a step in a single call, as `DistributedDataParallel` requires."""

    def __init__(self, towers: Towers) -> None:
        super().__init__()
        self.towers = towers

    def forward(
        self, photos: Tensor | None, texts: Tensor, keep: int | None
    ) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        towers = self.towers
        text_vectors = towers.encode_texts(texts)
        photo_vectors = text_vectors if photos is None else towers.encode_photos(photos, keep)
        return photo_vectors, text_vectors, towers.scale(), towers.bias()


class _Distillation:
    """Distillation of a teacher's photo–photo and, where it knows texts, title–photo similarities."""

    def __init__(self, vectors: TeacherVectors, device: torch.device) -> None:
        self._photos = torch.from_numpy(vectors.photos).to(device)
        self._titles = torch.from_numpy(vectors.titles).to(device) if vectors.titles is not None else None

    def loss(self, vectors: Vectors, index: Tensor, scale: Tensor) -> Tensor:
        photos = self._photos[index]
        photo_logits = (_TEACHER_SCALE * photos @ photos.T).fill_diagonal_(-math.inf)
        loss = distillation_loss(vectors.photos, vectors.photos, photo_logits, scale)
        if self._titles is None:
            return loss
        title_logits = _TEACHER_SCALE * self._titles[index] @ photos.T
        return loss + distillation_loss(vectors.titles, vectors.photos, title_logits, scale)


class _ExponentialMovingAverage(nn.Module):
    """Exponential moving average (EMA) of the weights: better than the last step's, without a long decay.

    The decay is lower in the first steps, as in TensorFlow's ``ExponentialMovingAverage``.
    """

    updates: Tensor

    def __init__(self, towers: Towers, decay: float) -> None:
        super().__init__()
        # In a list, so that the towers are not registered as a submodule.
        self._decay, self._towers = decay, [towers]
        if decay:
            self.weights = nn.ParameterList(
                nn.Parameter(weight.detach().clone(), requires_grad=False) for weight in towers.parameters()
            )
            self.register_buffer("updates", torch.tensor(0))

    @torch.no_grad()
    def update(self) -> None:
        if self._decay:
            self.updates += 1
            decay = min(self._decay, (1 + self.updates.item()) / (10 + self.updates.item()))
            torch._foreach_lerp_(list(self.weights), list(self._towers[0].parameters()), 1 - decay)

    @torch.no_grad()
    def copy_to(self, towers: Towers) -> None:
        if self._decay:
            for weight, average in zip(towers.parameters(), self.weights, strict=True):
                weight.copy_(average)


class _BatchSampler:
    """Indices of each step's examples: a new permutation each epoch, with rare labels oversampled.

    With vectors, a batch is made of groups of neighbours: hard negatives.
    """

    def __init__(self, data: TrainingSet, recipe: Recipe, vectors: NDArray[np.float32] | None) -> None:
        indices = np.arange(len(data))
        rare = (
            np.flatnonzero(data.rarest_label_count() < recipe.rare)
            if len(data) > recipe.rare
            else indices[:0]
        )
        # Separate, so that a repeated example does not become its own neighbour.
        self._repeats = [indices, rare, rare]
        self._vectors, self._neighbours = vectors, recipe.neighbours
        self._seed = recipe.seed
        # Every process gets an equal share of a batch.
        self.batch = max(1, min(recipe.batch, len(data)) // _processes()) * _processes()
        self.per_epoch = (len(indices) + 2 * len(rare)) // self.batch
        self._epoch_order = lru_cache(maxsize=1)(self._permutation)

    def indices_of_step(self, step: int) -> NDArray[np.int64]:
        epoch, position = divmod(step, self.per_epoch)
        return self._epoch_order(epoch)[position * self.batch : (position + 1) * self.batch]

    def _permutation(self, epoch: int) -> NDArray[np.int64]:
        rng = np.random.default_rng([self._seed, epoch])
        if self._vectors is None:
            return rng.permutation(np.concatenate(self._repeats))
        groups = [
            group
            for rows in self._repeats
            for group in _hard_negative_groups(self._vectors, rows, self._neighbours, rng)
        ]
        return np.concatenate([groups[number] for number in rng.permutation(len(groups))])


def _hard_negative_groups(
    vectors: NDArray[np.float32], rows: NDArray[np.int64], size: int, rng: np.random.Generator
) -> Iterator[NDArray[np.int64]]:
    """Divide rows into groups of `size` neighbours, by recursive bisection between two random rows."""
    if len(rows) <= size:
        yield rows
        return
    first, second = vectors[rng.choice(rows, 2, replace=False)]
    half = max(1, round(len(rows) / 2 / size)) * size
    halves = rows[np.argpartition(vectors[rows] @ (first - second), half)]
    yield from _hard_negative_groups(vectors, halves[:half], size, rng)
    yield from _hard_negative_groups(vectors, halves[half:], size, rng)


@dataclass(frozen=True, slots=True)
class _Batch:
    """A process's share of a batch; `index` and `targets` cover the whole batch.

    `texts` are the tokens of titles, captions and class names, `counts` of each.
    """

    index: Tensor
    pixels: Tensor
    replaceable: Tensor
    seed: int
    texts: Tensor
    counts: tuple[int, int, int]
    targets: Targets

    def pin_memory(self) -> _Batch:
        """Pin the pixels for fast transfer to a GPU; the `DataLoader` calls it."""
        return replace(self, pixels=self.pixels.pin_memory())


class _BatchDataset(Dataset[_Batch]):
    """Batches by step; each depends on the seed and the step alone, so that a resumed run repeats none."""

    def __init__(
        self,
        data: TrainingSet,
        keys: Tensor,
        tokenise: Callable[[Sequence[str]], Tensor],
        recipe: Recipe,
        batch: int,
    ) -> None:
        self._data, self._title_keys, self._tokenise, self._recipe = data, keys, tokenise, recipe
        size = batch // _processes()
        self._rank, self._share = _rank(), slice(_rank() * size, (_rank() + 1) * size)
        self._lexicon = Lexicon.bundled()

    def __getitem__(self, item: tuple[int, NDArray[np.int64]]) -> _Batch:
        """Make the batch of a step from the indices of its examples."""
        step, index = item
        data, recipe, share = self._data, self._recipe, self._share
        rng = np.random.default_rng([recipe.seed, 1, step])
        captioner = Captioner(self._lexicon, Random(int(rng.integers(2**31))))
        annotations = [data.annotations[i] for i in index]
        titles = [captioner.title(annotation, _language(rng, recipe.chinese)) for annotation in annotations]
        captions = [captioner.attributes(annotation, _language(rng, 0.5)) for annotation in annotations]
        classes = self._classes(rng)
        names = [
            captioner.class_name(kind, label, _language(rng, 0.5))
            for kind, label in (data.classes[i] for i in classes.tolist())
        ]
        texts = [
            self._with_typos(titles[share], captioner, rng),
            self._with_typos([caption.text for caption in captions[share]], captioner, rng),
            names or [""],
        ]
        return _Batch(
            torch.from_numpy(index),
            torch.from_numpy(data.views(index[share], rng)),
            data.replaceable[index[share]],
            int(rng.integers(2**31)) + self._rank,
            self._tokenise([*texts[0], *texts[1], *texts[2]]),
            (len(texts[0]), len(texts[1]), len(texts[2])),
            Targets(
                self._title_keys[index],
                data.labels[index],
                data.label_ids([caption.names for caption in captions], missing=-1),
                data.class_kinds[classes],
                classes,
            ),
        )

    def _classes(self, rng: np.random.Generator) -> Tensor:
        count = len(self._data.classes)
        if count <= _MAX_CLASS_NAMES:
            return torch.arange(count)
        return torch.from_numpy(np.sort(rng.choice(count, _MAX_CLASS_NAMES, replace=False)))

    def _with_typos(self, texts: Sequence[str], captioner: Captioner, rng: np.random.Generator) -> list[str]:
        typos = rng.random(len(texts)) < self._recipe.misspelt
        return [captioner.misspelt(text) if typo else text for text, typo in zip(texts, typos, strict=True)]


def _prefetched(
    batches: _BatchDataset, sampler: _BatchSampler, steps: Sequence[int], workers: int
) -> Iterator[_Batch]:
    """Batches of the steps, prefetched during the step before.

    With workers, by a `DataLoader` of that many processes, which a GPU needs; without, by a thread.
    """
    items = ((step, sampler.indices_of_step(step)) for step in steps)
    if workers:
        yield from DataLoader(
            batches,
            batch_size=None,
            sampler=cast("Sampler[Any]", items),
            num_workers=workers,
            prefetch_factor=2,
            pin_memory=torch.cuda.is_available(),
            multiprocessing_context="fork",
        )
        return
    with ThreadPoolExecutor(1) as pool:
        pending: Future[_Batch] | None = None
        for item in items:
            ready, pending = pending, pool.submit(batches.__getitem__, item)
            if ready is not None:
                yield ready.result()
        if pending is not None:
            yield pending.result()


def _loader_workers(device: torch.device) -> int:
    """Worker processes of the `DataLoader`: a GPU is faster than a single one."""
    if device.type != "cuda" or "fork" not in multiprocessing.get_all_start_methods():
        return 0
    return min(_MAX_WORKERS, max(1, (os.cpu_count() or 1) // _processes() - 1))


def _language(rng: np.random.Generator, chinese: float) -> Language:
    return "zh" if rng.random() < chinese else "en"


@torch.no_grad()
def _neighbour_vectors(
    towers: Towers, data: TrainingSet, device: torch.device, folder: Path
) -> NDArray[np.float32]:
    """Sum of each example's photo and title vectors, float32 (n, d).

    Stored in the folder, so that a resumed run mines the same hard negatives.
    """
    path = folder / "neighbourhood.npy"
    if _rank() == 0 and not path.exists():
        vectors = _photo_vectors(towers, data, device)
        titles = [annotation.any_title() for annotation in data.annotations]
        for first in range(0, len(titles), _TITLE_BATCH):
            part = slice(first, first + _TITLE_BATCH)
            vectors[part] += towers.encode_texts(towers.tokenise(titles[part]).to(device))
        folder.mkdir(parents=True, exist_ok=True)
        np.save(path, vectors.cpu().numpy())
    if _processes() > 1:
        torch.distributed.barrier()
    stored: NDArray[np.float32] = np.load(path)
    return stored


@torch.no_grad()
def _photo_vectors(towers: Towers, data: TrainingSet, device: torch.device) -> Tensor:
    """Unit vectors of every example's main photo, without augmentation: float (n, d)."""
    towers.eval()
    parts = []
    for index in np.array_split(np.arange(len(data)), max(1, len(data) // 256)):
        pixels = torch.from_numpy(data.first_photos(index)).to(device).permute(0, 3, 1, 2).float() / 255
        parts.append(towers.encode_photos(pixels))
    return torch.cat(parts)


def _device(device: str | torch.device | None) -> torch.device:
    if device is not None:
        return torch.device(device)
    if torch.cuda.is_available():
        return torch.device("cuda", int(os.environ.get("LOCAL_RANK", "0")))
    return torch.device("cpu")


def _prefers_bf16(device: torch.device) -> bool:
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported())
    return bool(torch.cpu._is_amx_tile_supported())


def _distributed() -> bool:
    return torch.distributed.is_available() and torch.distributed.is_initialized()


def _rank() -> int:
    return torch.distributed.get_rank() if _distributed() else 0


def _processes() -> int:
    return torch.distributed.get_world_size() if _distributed() else 1


def _all_gather(vectors: Tensor) -> Tensor:
    """Gather the vectors of all processes, with gradients."""
    if _processes() == 1:
        return vectors
    return torch.cat(list(collective.all_gather(vectors)))  # type: ignore[no-untyped-call]
