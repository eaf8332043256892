"""The training run: steps, checkpoints that a run can go on from, one process or several."""

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
from snapshelf.training.loss import LossName, Objective, Targets, Vectors, relational_loss
from snapshelf.training.model import Towers

_MOST_CLASS_NAMES = 256
"""Class names in one step; of more, so many are drawn."""
_TITLES_AT_ONCE = 1_024
_MOST_WORKERS = 16
"""Each takes shared memory for the photos of two steps."""
_TEACHER_SCALE = 20.0
"""Inverse temperature of a teacher's similarities."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """Everything that decides a run, besides the data and the model it starts from.

    Parameters
    ----------
    epochs : float
        Passes over the examples.
    decay_epochs : float
        The last passes, in which the learning rates fall to zero. Until then they are constant after a short
        warm-up, so that a run can be prolonged.
    whole_epochs : float
        The last passes, in which the photo tower sees every patch.
    batch : int
        Examples in a step, over all processes; each brings its title and an attribute caption.
    photo_rate, text_rate : float
        Peak learning rates of AdamW.
    keep_patches : int or None
        Patches of each photo that are seen before the last passes; None for all.
    chinese : float
        Share of Chinese among titles; captions and class names are half and half.
    misspelt : float
        Share of English texts with a slip of the keyboard.
    rare : int
        Examples with a label that fewer examples than this have are seen three times in a pass.
    loss : "contrastive" or "sigmoid"
    captions, classes : float
        Weights of the losses from labels: between attribute captions and photos, and between class names and photos;
        0 leaves one out.
    neighbours : int
        So many examples that are near each other stand together in a step, as hard negatives (mining-aware batches,
        NGAME, Dahiya et al., 2023); 1 for steps drawn by lot. The towers that the run starts from say who is near.
    lock_photos : bool
        The photo tower stays as it is and the words learn to find its vectors among all photos at once (locked-image
        tuning, Zhai et al., 2022). A step costs a fraction, so that it may be larger.
    average : float
        The model that a run ends with is the moving average of its steps' weights; this much of it stays at each step.
        0 for the last step's weights.
    distil : float
        Weight of the distillation from a teacher, when there is one.
    precision : "auto", "fp32" or "bf16"
        Arithmetic of the towers; "auto" takes bf16 where the device is faster with it.
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
    """State after a step, for a progress bar or a log; `losses` are the parts of `loss`."""

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
    """Train both towers; goes on from the folder's checkpoint when there is one.

    Under ``torchrun`` the batch is shared by the processes; every process must be given the same data and recipe.

    Parameters
    ----------
    towers : Towers
        Trained in place.
    data : TrainingSet
        Built with a teacher, its similarities are imitated.
    folder : Path
        Gets ``recipe.json`` and ``checkpoint.pt``.
    recipe : Recipe
    device : str, torch.device or None
        None takes a GPU where there is one.
    on_step : callable or None

    Returns
    -------
    Path
        The checkpoint.

    Raises
    ------
    TrainingError
        There is too little data, the checkpoint is of another version or model, or the loss is not a number.
    KeyboardInterrupt
        Raised by `on_step`, it leaves a checkpoint of the step just done.
    OutOfMemoryError
        `torch`'s own, when a step does not fit; the checkpoint of earlier steps stays.
    """
    torch.manual_seed(recipe.seed)
    torch.cuda.manual_seed_all(recipe.seed)
    run = _Run(towers, data, folder, recipe, _device(device))
    run.go(on_step)
    return run.checkpoint


class _Run:
    def __init__(
        self, towers: Towers, data: TrainingSet, folder: Path, recipe: Recipe, device: torch.device
    ) -> None:
        self._towers, self._data, self._recipe, self._device = towers.to(device), data, recipe, device
        towers.offset.requires_grad_(recipe.loss == "sigmoid")
        self._objective = Objective(recipe.loss, captions=recipe.captions, classes=recipe.classes).to(device)
        if recipe.lock_photos:
            for name, parameter in towers.named_parameters():
                if towers.is_of_photos(name):
                    parameter.requires_grad_(False)
        groups = towers.parameter_groups(recipe.photo_rate, recipe.text_rate, recipe.weight_decay)
        own = [one for one in self._objective.parameters() if one.requires_grad]
        groups.append({"params": own, "lr": recipe.text_rate, "weight_decay": 0.0})
        self._optimiser = torch.optim.AdamW(groups, betas=(0.9, 0.98), fused=device.type == "cuda")
        self._rates = [group["lr"] for group in self._optimiser.param_groups]
        folder.mkdir(parents=True, exist_ok=True)
        self._order = _Order(
            data, recipe, _neighbourhood(towers, data, device, folder) if recipe.neighbours > 1 else None
        )
        self._average = _Average(towers, recipe.average)
        self.checkpoint = folder / "checkpoint.pt"
        self._step = 0
        if self.checkpoint.exists():
            self._step = load_checkpoint(
                self.checkpoint, towers, self._average, self._objective, self._optimiser
            )
        elif _rank() == 0:
            (folder / "recipe.json").write_text(json.dumps(asdict(recipe), indent=2), encoding="utf-8")
        self._keys = torch.tensor(
            [
                zlib.crc32((one.any_title() or key).lower().encode())
                for key, one in zip(data.ids, data.about, strict=True)
            ]
        )
        self._locked: Tensor | None = None
        if recipe.lock_photos:
            self._locked = _photo_vectors(towers, data, device)
            self._objective.lock(self._locked, self._keys, data.labels)
        self._teacher = _Teacher(data.teacher, device) if data.teacher else None

    def go(self, on_step: Callable[[Progress], None] | None) -> None:
        recipe, data, order = self._recipe, self._data, self._order
        steps = max(1, int(recipe.epochs * order.per_epoch))
        decay = max(1, int(recipe.decay_epochs * order.per_epoch))
        whole = int(recipe.whole_epochs * order.per_epoch)
        forward: nn.Module = _Forward(self._towers)
        if _processes() > 1:
            forward = nn.parallel.DistributedDataParallel(forward)
        began, first = time.monotonic(), self._step
        self._towers.train()
        batches = _Batches(data, self._keys, self._towers.tokenise, recipe, order.batch)
        for batch in _ahead(batches, order, range(first, steps), _workers(self._device)):
            factor = min(1.0, (self._step + 1) / recipe.warmup_steps, (steps - self._step) / decay)
            for group, rate in zip(self._optimiser.param_groups, self._rates, strict=True):
                group["lr"] = rate * factor
            losses = self._losses(forward, batch, recipe.keep_patches if self._step < steps - whole else None)
            loss = torch.stack(list(losses.values())).sum()
            if not math.isfinite(loss.item()):
                raise TrainingError(
                    f"the loss became {loss.item()} at step {self._step}; lower the learning rates (now "
                    f"{recipe.photo_rate:g} and {recipe.text_rate:g}) or use fp32, and start again: "
                    f"{self.checkpoint} is of before"
                )
            self._optimiser.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]
            torch.nn.utils.clip_grad_norm_(self._towers.parameters(), 1.0)
            self._optimiser.step()
            self._average.update()
            self._step += 1
            if on_step is not None and _rank() == 0:
                speed = (self._step - first) * order.batch / (time.monotonic() - began)
                parts = {name: value.item() for name, value in losses.items()}
                try:
                    on_step(
                        Progress(self._step, steps, loss.item(), parts, speed, recipe.photo_rate * factor)
                    )
                except KeyboardInterrupt:
                    self._save()
                    raise
            if self._step % 100 == 0:
                self._save()
        self._save()
        self._average.copy_to(self._towers)

    def _losses(self, forward: nn.Module, batch: _Batch, keep: int | None) -> dict[str, Tensor]:
        # Dropped patches and dropout are drawn anew: so that a step does not depend on those before it.
        torch.manual_seed(batch.seed)
        photos = self._augmented(batch) if self._locked is None else None
        with self._precision():
            of_photos, of_texts, scale, bias = forward(photos, batch.texts.to(self._device), keep)
        titles, captions, classes = of_texts.float().split(batch.counts)
        vectors = Vectors(
            _gathered(of_photos.float()) if self._locked is None else self._locked[batch.index],
            _gathered(titles),
            _gathered(captions),
            classes,
        )
        targets = batch.targets.to(self._device)
        losses: dict[str, Tensor] = self._objective(vectors, targets, scale.float(), bias.float())
        if self._teacher is not None:
            index = batch.index.to(self._device)
            losses["teacher"] = self._recipe.distil * self._teacher.loss(vectors, index, scale.float())
        return losses

    def _augmented(self, batch: _Batch) -> Tensor:
        pixels = batch.pixels.to(self._device, non_blocking=True).permute(0, 3, 1, 2).float() / 255
        generator = torch.Generator(self._device).manual_seed(batch.seed)
        return augment(pixels, replaceable=batch.replaceable.to(self._device), generator=generator)

    def _precision(self) -> AbstractContextManager[Any]:
        wanted = self._recipe.precision
        if wanted == "auto":
            wanted = "bf16" if _faster_with_bf16(self._device) else "fp32"
        return torch.autocast(self._device.type, torch.bfloat16) if wanted == "bf16" else nullcontext()

    def _save(self) -> None:
        if _rank() == 0:
            save_checkpoint(
                self.checkpoint, self._towers, self._average, self._objective, self._optimiser, self._step
            )


class _Forward(nn.Module):
    """One call for all that a step encodes, as distributed training wants it."""

    def __init__(self, towers: Towers) -> None:
        super().__init__()
        self.towers = towers

    def forward(
        self, photos: Tensor | None, texts: Tensor, keep: int | None
    ) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        towers = self.towers
        of_texts = towers.encode_texts(texts)
        of_photos = of_texts if photos is None else towers.encode_photos(photos, keep)
        return of_photos, of_texts, towers.scale(), towers.bias()


class _Teacher:
    """A teacher's opinion of which photos are alike, and which a title could mean."""

    def __init__(self, vectors: TeacherVectors, device: torch.device) -> None:
        self._photos = torch.from_numpy(vectors.photos).to(device)
        self._titles = torch.from_numpy(vectors.titles).to(device) if vectors.titles is not None else None

    def loss(self, vectors: Vectors, index: Tensor, scale: Tensor) -> Tensor:
        photos = self._photos[index]
        alike = (_TEACHER_SCALE * photos @ photos.T).fill_diagonal_(-math.inf)
        loss = relational_loss(vectors.photos, vectors.photos, alike, scale)
        if self._titles is None:
            return loss
        between = _TEACHER_SCALE * self._titles[index] @ photos.T
        return loss + relational_loss(vectors.titles, vectors.photos, between, scale)


class _Average(nn.Module):
    """Moving average of the weights: better than the last step's, and without a long decay of the rate.

    Exponential, with a short memory in the first steps, as in TensorFlow's ``ExponentialMovingAverage``.
    """

    updates: Tensor

    def __init__(self, towers: Towers, share: float) -> None:
        super().__init__()
        # In a list, so that the towers do not become a part of this module.
        self._share, self._of = share, [towers]
        if share:
            self.weights = nn.ParameterList(
                nn.Parameter(one.detach().clone(), requires_grad=False) for one in towers.parameters()
            )
            self.register_buffer("updates", torch.tensor(0))

    @torch.no_grad()
    def update(self) -> None:
        if self._share:
            self.updates += 1
            kept = min(self._share, (1 + self.updates.item()) / (10 + self.updates.item()))
            torch._foreach_lerp_(list(self.weights), list(self._of[0].parameters()), 1 - kept)

    @torch.no_grad()
    def copy_to(self, towers: Towers) -> None:
        if self._share:
            for weight, average in zip(towers.parameters(), self.weights, strict=True):
                weight.copy_(average)


class _Order:
    """Which examples a step takes: every pass a new permutation, rare labels more often.

    With vectors, neighbours by them stay together.
    """

    def __init__(self, data: TrainingSet, recipe: Recipe, vectors: NDArray[np.float32] | None) -> None:
        everything = np.arange(len(data))
        rare = (
            np.flatnonzero(data.rarest_label() < recipe.rare) if len(data) > recipe.rare else everything[:0]
        )
        # Apart, so that an example does not become its own neighbour.
        self._passes = [everything, rare, rare]
        self._vectors, self._neighbours = vectors, recipe.neighbours
        self._seed = recipe.seed
        # Every process has the same share of a step.
        self.batch = max(1, min(recipe.batch, len(data)) // _processes()) * _processes()
        self.per_epoch = (len(everything) + 2 * len(rare)) // self.batch
        self._of_epoch = lru_cache(maxsize=1)(self._drawn)

    def of_step(self, step: int) -> NDArray[np.int64]:
        epoch, place = divmod(step, self.per_epoch)
        return self._of_epoch(epoch)[place * self.batch : (place + 1) * self.batch]

    def _drawn(self, epoch: int) -> NDArray[np.int64]:
        rng = np.random.default_rng([self._seed, epoch])
        if self._vectors is None:
            return rng.permutation(np.concatenate(self._passes))
        groups = [
            group
            for rows in self._passes
            for group in _near_each_other(self._vectors, rows, self._neighbours, rng)
        ]
        return np.concatenate([groups[place] for place in rng.permutation(len(groups))])


def _near_each_other(
    vectors: NDArray[np.float32], rows: NDArray[np.int64], size: int, rng: np.random.Generator
) -> Iterator[NDArray[np.int64]]:
    """Divide rows into groups of `size` near each other, by halving between two that are drawn, again and again."""
    if len(rows) <= size:
        yield rows
        return
    one, other = vectors[rng.choice(rows, 2, replace=False)]
    half = max(1, round(len(rows) / 2 / size)) * size
    divided = rows[np.argpartition(vectors[rows] @ (one - other), half)]
    yield from _near_each_other(vectors, divided[:half], size, rng)
    yield from _near_each_other(vectors, divided[half:], size, rng)


@dataclass(frozen=True, slots=True)
class _Batch:
    """Of one process; `index` and `targets` are of the whole step.

    `texts` are tokens of `counts` titles, captions and class names.
    """

    index: Tensor
    pixels: Tensor
    replaceable: Tensor
    seed: int
    texts: Tensor
    counts: tuple[int, int, int]
    targets: Targets

    def pin_memory(self) -> _Batch:
        """Pixels where a GPU reads them fast; the loader calls it."""
        return replace(self, pixels=self.pixels.pin_memory())


class _Batches(Dataset[_Batch]):
    """The batches of steps, each made of the seed and its number, so that a resumed run does not repeat any."""

    def __init__(
        self,
        data: TrainingSet,
        keys: Tensor,
        tokenise: Callable[[Sequence[str]], Tensor],
        recipe: Recipe,
        batch: int,
    ) -> None:
        self._data, self._keys, self._tokenise, self._recipe = data, keys, tokenise, recipe
        own = batch // _processes()
        self._rank, self._share = _rank(), slice(_rank() * own, (_rank() + 1) * own)
        self._lexicon = Lexicon.bundled()

    def __getitem__(self, place: tuple[int, NDArray[np.int64]]) -> _Batch:
        """The batch of a step and the examples that it takes."""
        step, index = place
        data, recipe, share = self._data, self._recipe, self._share
        rng = np.random.default_rng([recipe.seed, 1, step])
        captioner = Captioner(self._lexicon, Random(int(rng.integers(2**31))))
        about = [data.about[i] for i in index]
        titles = [captioner.title(one, _language(rng, recipe.chinese)) for one in about]
        captions = [captioner.attributes(one, _language(rng, 0.5)) for one in about]
        classes = self._classes(rng)
        names = [
            captioner.class_name(kind, label, _language(rng, 0.5))
            for kind, label in (data.classes[i] for i in classes.tolist())
        ]
        texts = [
            self._slips(titles[share], captioner, rng),
            self._slips([caption.text for caption in captions[share]], captioner, rng),
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
                self._keys[index],
                data.labels[index],
                data.label_ids([caption.names for caption in captions], missing=-1),
                data.class_kinds[classes],
                classes,
            ),
        )

    def _classes(self, rng: np.random.Generator) -> Tensor:
        known = len(self._data.classes)
        if known <= _MOST_CLASS_NAMES:
            return torch.arange(known)
        return torch.from_numpy(np.sort(rng.choice(known, _MOST_CLASS_NAMES, replace=False)))

    def _slips(self, texts: Sequence[str], captioner: Captioner, rng: np.random.Generator) -> list[str]:
        slips = rng.random(len(texts)) < self._recipe.misspelt
        return [captioner.misspelt(text) if slip else text for text, slip in zip(texts, slips, strict=True)]


def _ahead(batches: _Batches, order: _Order, steps: Sequence[int], workers: int) -> Iterator[_Batch]:
    """The batches of the steps, made while those before them are learnt from.

    With workers by so many processes, as a GPU wants it; without, by a thread beside the processor's own work.
    """
    places = ((step, order.of_step(step)) for step in steps)
    if workers:
        yield from DataLoader(
            batches,
            batch_size=None,
            sampler=cast("Sampler[Any]", places),
            num_workers=workers,
            prefetch_factor=2,
            pin_memory=torch.cuda.is_available(),
            multiprocessing_context="fork",
        )
        return
    with ThreadPoolExecutor(1) as ahead:
        waiting: Future[_Batch] | None = None
        for place in places:
            made, waiting = waiting, ahead.submit(batches.__getitem__, place)
            if made is not None:
                yield made.result()
        if waiting is not None:
            yield waiting.result()


def _workers(device: torch.device) -> int:
    """Processes that make batches: a GPU would wait for a single one."""
    if device.type != "cuda" or "fork" not in multiprocessing.get_all_start_methods():
        return 0
    return min(_MOST_WORKERS, max(1, (os.cpu_count() or 1) // _processes() - 1))


def _language(rng: np.random.Generator, chinese: float) -> Language:
    return "zh" if rng.random() < chinese else "en"


@torch.no_grad()
def _neighbourhood(
    towers: Towers, data: TrainingSet, device: torch.device, folder: Path
) -> NDArray[np.float32]:
    """Sum of each example's photo and title vectors, float32 (n, d); kept, so that a resumed run draws the same."""
    kept = folder / "neighbourhood.npy"
    if _rank() == 0 and not kept.exists():
        vectors = _photo_vectors(towers, data, device)
        titles = [one.any_title() for one in data.about]
        for first in range(0, len(titles), _TITLES_AT_ONCE):
            part = slice(first, first + _TITLES_AT_ONCE)
            vectors[part] += towers.encode_texts(towers.tokenise(titles[part]).to(device))
        folder.mkdir(parents=True, exist_ok=True)
        np.save(kept, vectors.cpu().numpy())
    if _processes() > 1:
        torch.distributed.barrier()
    neighbourhood: NDArray[np.float32] = np.load(kept)
    return neighbourhood


@torch.no_grad()
def _photo_vectors(towers: Towers, data: TrainingSet, device: torch.device) -> Tensor:
    """Unit vectors of every example's main photo as it is: float (n, d)."""
    towers.eval()
    parts = []
    for index in np.array_split(np.arange(len(data)), max(1, len(data) // 256)):
        pixels = torch.from_numpy(data.first_photos(index)).to(device).permute(0, 3, 1, 2).float() / 255
        parts.append(towers.encode_photos(pixels))
    return torch.cat(parts)


def _device(wanted: str | torch.device | None) -> torch.device:
    if wanted is not None:
        return torch.device(wanted)
    if torch.cuda.is_available():
        return torch.device("cuda", int(os.environ.get("LOCAL_RANK", "0")))
    return torch.device("cpu")


def _faster_with_bf16(device: torch.device) -> bool:
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported())
    return bool(torch.cpu._is_amx_tile_supported())


def _distributed() -> bool:
    return torch.distributed.is_available() and torch.distributed.is_initialized()


def _rank() -> int:
    return torch.distributed.get_rank() if _distributed() else 0


def _processes() -> int:
    return torch.distributed.get_world_size() if _distributed() else 1


def _gathered(vectors: Tensor) -> Tensor:
    """The vectors of all processes, with gradients that find their way back."""
    if _processes() == 1:
        return vectors
    return torch.cat(list(collective.all_gather(vectors)))  # type: ignore[no-untyped-call]
