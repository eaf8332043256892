"""A real, small training run: drawn products, both towers, checkpoint, export."""

from __future__ import annotations

import copy
import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="training needs snapshelf[train]")
pytestmark = pytest.mark.train

from snapshelf.demo import draw_catalogue
from snapshelf.encoders import load_encoder
from snapshelf.errors import TrainingError
from snapshelf.language import normalise
from snapshelf.training.augment import augment, jpeg
from snapshelf.training.checkpoint import read_checkpoint
from snapshelf.training.data import TrainingSet
from snapshelf.training.export import export, load_towers
from snapshelf.training.fresh import fresh_towers
from snapshelf.training.loss import (
    Objective,
    Targets,
    Vectors,
    caption_positives,
    contrastive_loss,
    distillation_loss,
    mil_nce_loss,
    sigmoid_loss,
)
from snapshelf.training.model import Architecture, PhotoTower
from snapshelf.training.sources.bundled import drawn
from snapshelf.training.train import (
    Recipe,
    _BatchDataset,
    _BatchSampler,
    _hard_negative_groups,
    _prefetched,
    train,
)

RECIPE = Recipe(epochs=3, decay_epochs=1, batch=16, warmup_steps=2, keep_patches=12, rare=0, seed=3)
SIDE = 64
"""Pixels: small photos, so that a step takes no longer than it must."""
CARD = {"name": "small", "licence": "Apache-2.0", "languages": ["en", "zh"]}


@pytest.fixture(scope="module")
def examples():
    return list(drawn(48, seed=99))


@pytest.fixture
def towers(examples):
    torch.manual_seed(1)
    return fresh_towers([example.annotation for example in examples], image_size=SIDE)


@pytest.fixture(scope="module")
def data(examples, tmp_path_factory: pytest.TempPathFactory) -> TrainingSet:
    towers = fresh_towers([example.annotation for example in examples], image_size=SIDE)
    return TrainingSet.build(examples, towers, tmp_path_factory.mktemp("data"))


@pytest.mark.parametrize("loss", ["contrastive", "sigmoid"])
def test_the_loss_falls(towers, data, tmp_path: Path, loss: str) -> None:
    losses: list[float] = []
    train(
        towers,
        data,
        tmp_path,
        dataclasses.replace(RECIPE, loss=loss, epochs=10),
        on_step=lambda s: losses.append(s.loss),
    )
    assert len(losses) == 30
    assert np.mean(losses[-10:]) < np.mean(losses[:10])


def test_a_run_goes_on_from_its_checkpoint(towers, data, tmp_path: Path) -> None:
    train(towers, data, tmp_path, RECIPE)
    steps: list[int] = []
    longer = dataclasses.replace(RECIPE, epochs=4)
    train(towers, data, tmp_path, longer, on_step=lambda step: steps.append(step.step))
    assert steps == [10, 11, 12]


def test_a_stopped_run_takes_the_batches_that_it_would_have_taken(towers, data, tmp_path: Path) -> None:
    """Stopping and going on changes nothing at all."""
    recipe = dataclasses.replace(
        RECIPE, warmup_steps=1, decay_epochs=0.1, whole_epochs=0, neighbours=4, average=0.5
    )
    start = {name: value.clone() for name, value in towers.state_dict().items()}
    train(towers, data, tmp_path / "whole", recipe)
    whole = {name: value.clone() for name, value in towers.state_dict().items()}
    towers.load_state_dict(start)
    for epochs in (2, 3):
        train(towers, data, tmp_path / "parts", dataclasses.replace(recipe, epochs=epochs))
    # The first part ends with the last step at a tenth of an epoch's decay, which is one step: equal rates.
    for name, value in towers.state_dict().items():
        torch.testing.assert_close(value, whole[name], msg=name)


@pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork:DeprecationWarning")
def test_processes_make_the_batches_that_a_thread_makes(towers, data) -> None:
    order = _BatchSampler(data, RECIPE, None)
    keys = torch.arange(len(data))
    batches = _BatchDataset(data, keys, towers.tokenise, RECIPE, order.batch)
    by_thread, by_processes = (list(_prefetched(batches, order, range(2, 7), workers)) for workers in (0, 2))
    assert len(by_thread) == len(by_processes) == 5
    for first, second in zip(by_thread, by_processes, strict=True):
        assert (first.seed, first.counts) == (second.seed, second.counts)
        for name in ("index", "pixels", "texts"):
            assert torch.equal(getattr(first, name), getattr(second, name))
        assert torch.equal(first.targets.caption_labels, second.targets.caption_labels)
    assert not list(_prefetched(batches, order, range(0), 0))


def test_a_run_ends_with_the_average_of_its_steps(towers, data, tmp_path: Path) -> None:
    recipe = dataclasses.replace(RECIPE, average=0.1)
    average = towers.photo.cls_token.detach().clone()
    seen: list[torch.Tensor] = []
    train(
        towers, data, tmp_path, recipe, on_step=lambda _: seen.append(towers.photo.cls_token.detach().clone())
    )
    for step, weight in enumerate(seen, start=1):
        kept = min(0.1, (1 + step) / (10 + step))
        average = kept * average + (1 - kept) * weight
    torch.testing.assert_close(towers.photo.cls_token.detach(), average)
    assert not torch.equal(average, seen[-1])


def test_neighbours_stand_together_and_everything_comes_once() -> None:
    rng = np.random.default_rng(5)
    centres = np.repeat(rng.normal(size=(12, 6)), 8, axis=0)
    vectors = (centres + 0.01 * rng.normal(size=centres.shape)).astype(np.float32)
    rows = rng.permutation(len(vectors))
    groups = list(_hard_negative_groups(vectors, rows, 8, rng))
    assert [len(group) for group in groups] == [8] * 12
    assert sorted(np.concatenate(groups)) == list(range(96))
    alone = [len(set(group // 8)) for group in groups]
    by_lot = [len(set(group // 8)) for group in np.split(rows, 12)]
    assert np.mean(alone) < np.mean(by_lot) / 2
    assert [len(group) for group in _hard_negative_groups(vectors, np.arange(13), 8, rng)] == [8, 5]


def test_a_teacher_is_imitated(towers, examples, tmp_path: Path) -> None:
    data = TrainingSet.build(examples, towers, tmp_path / "data", teacher=load_encoder())
    parts: list[float] = []
    recipe = dataclasses.replace(RECIPE, epochs=6, decay_epochs=2)
    train(towers, data, tmp_path / "run", recipe, on_step=lambda step: parts.append(step.losses["teacher"]))
    assert np.mean(parts[-3:]) < np.mean(parts[:3])


def test_a_run_in_bfloat16_goes_as_one_in_float32(towers, data, tmp_path: Path) -> None:
    losses: dict[str, list[float]] = {"fp32": [], "bf16": []}
    for precision, seen in losses.items():
        recipe = dataclasses.replace(RECIPE, precision=precision)
        model = copy.deepcopy(towers)
        train(
            model, data, tmp_path / precision, recipe, on_step=lambda step, seen=seen: seen.append(step.loss)
        )
    assert losses["bf16"] != losses["fp32"]
    assert losses["bf16"][:3] == pytest.approx(losses["fp32"][:3], rel=0.05)


@pytest.mark.parametrize(("weights", "least"), [("fp32", 0.99999), ("fp16", 0.9999), ("int8", 0.999)])
def test_the_export_equals_the_model_and_can_be_trained_further(
    towers, data, tmp_path: Path, weights, least: float
) -> None:
    train(towers, data, tmp_path / "run", RECIPE)
    export(towers, tmp_path / "encoder", CARD, weights=weights)
    encoder = load_encoder(tmp_path / "encoder")
    photos = [product.photo() for product in draw_catalogue(count=5, seed=5)]
    pixels = torch.from_numpy(np.stack([towers.preprocess(photo) for photo in photos])).permute(0, 3, 1, 2)
    texts = ["red dress", "红色连衣裙", "Quillmere 龘 😀"]
    towers.eval()
    again = load_towers(tmp_path / "encoder").eval()
    with torch.inference_mode():
        of_photos = towers.encode_photos(pixels.float() / 255).numpy()
        of_texts = towers.encode_texts(towers.tokenise([normalise(text) for text in texts])).numpy()
        reread = again.encode_photos(pixels.float() / 255).numpy()
    together = encoder.encode_photos(photos)
    assert (np.sum(together * of_photos, axis=1) > least).all()
    assert (np.sum(encoder.encode_texts(texts) * of_texts, axis=1) > least).all()
    np.testing.assert_allclose(reread, together, atol=1e-4)
    np.testing.assert_allclose(
        np.concatenate([encoder.encode_photos([photo]) for photo in photos]), together, atol=1e-4
    )
    card = json.loads((tmp_path / "encoder" / "card.json").read_text(encoding="utf-8"))
    assert card["dimension"] == 256
    assert card["weights"] == weights


def test_the_bundled_encoder_can_be_trained_further() -> None:
    towers, encoder = load_towers("bundled").eval(), load_encoder()
    photos = [product.photo() for product in draw_catalogue(count=3, seed=6)]
    pixels = torch.from_numpy(np.stack([towers.preprocess(photo) for photo in photos])).permute(0, 3, 1, 2)
    with torch.inference_mode():
        vectors = towers.encode_photos(pixels.float() / 255).numpy()
    np.testing.assert_allclose(vectors, encoder.encode_photos(photos), atol=1e-3)


def test_many_texts_are_encoded_as_few_are(towers) -> None:
    texts = ["red dress", "women's navy blue running shoes with laces", "包", "黑色男士手表"] * 50
    with torch.inference_mode():
        tokens = towers.tokenise(texts)
        torch.testing.assert_close(towers.encode_texts(tokens)[:4], towers.encode_texts(tokens[:4]))


def test_starting_weights_are_taken_over(shared: Path) -> None:
    from safetensors.torch import load_file

    weights = load_file(shared / "models" / "vit_tiny_patch16_224" / "model.fp16.safetensors")
    tower = PhotoTower(Architecture(vocabulary=10))
    tower.load_timm(weights)
    torch.testing.assert_close(
        tower.blocks[3].mlp.fc1.weight.data, weights["blocks.3.mlp.fc1.weight"].float()
    )
    with pytest.raises(TrainingError, match="not those of vit_tiny"):
        tower.load_timm({**weights, "another.weight": weights["norm.bias"]})


def test_too_few_examples_and_foreign_checkpoints_are_refused(towers, data, examples, tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="too few"):
        TrainingSet.build(examples[:3], towers, tmp_path / "data")
    (tmp_path / "checkpoint.pt").write_bytes(b"not one")
    with pytest.raises(TrainingError, match="not a checkpoint"):
        read_checkpoint(tmp_path / "checkpoint.pt")
    torch.save({"format": 0}, tmp_path / "checkpoint.pt")
    with pytest.raises(TrainingError, match="of this version"):
        train(towers, data, tmp_path, RECIPE)


def test_a_loss_that_is_no_number_stops_the_run_and_keeps_the_checkpoint(
    towers, data, tmp_path: Path
) -> None:
    checkpoint = train(towers, data, tmp_path, RECIPE)
    before = checkpoint.read_bytes()
    with torch.no_grad():
        state = torch.load(checkpoint, weights_only=True)
        state["towers"]["log_scale"].fill_(float("nan"))
        torch.save(state, checkpoint)
    broken = checkpoint.read_bytes()
    with pytest.raises(TrainingError, match="the loss became nan at step 9"):
        train(towers, data, tmp_path, dataclasses.replace(RECIPE, epochs=5))
    assert checkpoint.read_bytes() == broken != before


def test_dropped_patches_leave_a_unit_vector() -> None:
    tower = PhotoTower(Architecture(vocabulary=10))
    vectors = tower(torch.rand(3, 3, 112, 112), keep=8)
    torch.testing.assert_close(vectors.norm(dim=1), torch.ones(3))


def test_positives_are_what_captions_are_true_of() -> None:
    labels = torch.tensor([[1, 5], [1, 6], [2, 5], [-2, 5]])
    caption_labels = torch.tensor([[1, -1], [-1, 5], [2, 5], [-1, -1]])
    expected = torch.tensor(
        [[True, True, False, False], [True, False, True, True], [False, False, True, False], [True] * 4]
    )
    assert torch.equal(caption_positives(caption_labels, labels), expected)


def _unit(n: int, seed: int):
    numbers = torch.randn(n, 8, generator=torch.Generator().manual_seed(seed))
    return torch.nn.functional.normalize(numbers, dim=1)


def test_with_one_positive_a_row_it_is_cross_entropy() -> None:
    logits = 10 * _unit(6, 1) @ _unit(6, 2).T
    expected = torch.nn.functional.cross_entropy(logits, torch.arange(6))
    torch.testing.assert_close(contrastive_loss(logits, torch.eye(6, dtype=torch.bool)), expected)


def test_rows_without_a_positive_say_nothing() -> None:
    logits, positives = 10 * _unit(6, 1) @ _unit(6, 2).T, torch.eye(6, dtype=torch.bool)
    positives[2:] = False
    torch.testing.assert_close(
        contrastive_loss(logits, positives), contrastive_loss(logits[:2], positives[:2])
    )
    assert contrastive_loss(logits, positives & False) == 0


def test_the_head_loss_asks_for_some_positives_only() -> None:
    logits = torch.tensor([[3.0, 1.0, -1.0, 0.0], [0.0, 0.0, 0.0, 0.0]])
    positives = torch.tensor([[True, False, True, False], [False] * 4])
    chance = np.exp([3.0, -1.0]).sum() / np.exp([3.0, 1.0, -1.0, 0.0]).sum()
    assert float(mil_nce_loss(logits, positives)) == pytest.approx(-np.log(chance), rel=1e-5)
    assert mil_nce_loss(logits, positives & False) == 0


def test_the_sigmoid_loss_is_the_papers() -> None:
    logits, positives = torch.tensor([[2.0, -1.0], [0.5, 3.0]]), torch.eye(2, dtype=torch.bool)
    expected = sum(np.log1p(np.exp(-x)) for x in (2.0, 1.0, -0.5, 3.0)) / 2
    assert float(sigmoid_loss(logits, positives)) == pytest.approx(expected, rel=1e-5)


def test_a_teacher_that_agrees_costs_nothing() -> None:
    vectors = _unit(5, 3)
    teacher = (20 * vectors @ vectors.T).fill_diagonal_(-torch.inf)
    assert float(distillation_loss(vectors, vectors, teacher, torch.tensor(20.0))) == pytest.approx(
        0, abs=1e-5
    )
    assert float(distillation_loss(_unit(5, 4), _unit(5, 4), teacher, torch.tensor(20.0))) > 0.01


def _targets(n: int) -> Targets:
    nothing = torch.full((n, 2), -1)
    return Targets(
        torch.arange(n), torch.zeros(n, 2, dtype=torch.int64), nothing, torch.tensor([0]), torch.tensor([0])
    )


def test_locked_photos_are_further_candidates() -> None:
    objective = Objective("contrastive", captions=1.0, classes=0.0)
    vectors = Vectors(_unit(6, 5), _unit(6, 6), _unit(6, 7), _unit(1, 8))
    scale, bias = torch.tensor(10.0), torch.tensor(0.0)
    alone = objective(vectors, _targets(6), scale, bias)
    objective.add_candidates(_unit(4, 9), torch.arange(4) + 100, torch.zeros(4, 2, dtype=torch.int64))
    among = objective(vectors, _targets(6), scale, bias)
    assert set(alone) == {"title", "caption"}
    assert among["title"] > alone["title"]


@pytest.mark.parametrize(
    "device",
    ["cpu", pytest.param("cuda", marks=pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU"))],
)
def test_augmentation_keeps_shape_and_range_and_is_reproducible(device: str) -> None:
    photos = torch.rand(64, 3, 96, 96, generator=torch.Generator().manual_seed(2)).to(device)
    replaceable = torch.ones(64, dtype=torch.bool, device=device)
    views = [
        augment(photos, replaceable=replaceable, generator=torch.Generator(device).manual_seed(4))
        for _ in range(2)
    ]
    assert views[0].shape == photos.shape
    assert views[0].device == photos.device
    assert 0 <= float(views[0].min()) <= float(views[0].max()) <= 1
    assert torch.equal(views[0], views[1])
    assert not torch.equal(views[0], photos)


def test_compression_is_jpegs() -> None:
    """Pillow, at the quality of the quantisation table, changes the same photo about as much."""
    from io import BytesIO

    from PIL import Image

    photo = next(iter(draw_catalogue(count=1, seed=8))).photo().resize((96, 96))
    file = BytesIO()
    photo.save(file, "JPEG", quality=50, subsampling=0)
    theirs = np.asarray(Image.open(file), np.float32) / 255
    plain = np.asarray(photo, np.float32) / 255
    pixels = torch.from_numpy(plain).permute(2, 0, 1)[None]

    ours = jpeg(pixels, torch.ones(1))
    lost = np.abs(ours[0].permute(1, 2, 0).numpy() - plain).mean()
    assert lost == pytest.approx(np.abs(theirs - plain).mean(), rel=0.3)


def test_locked_photos_stay_and_the_words_learn(towers, data, tmp_path: Path) -> None:
    photos = {name: value.clone() for name, value in towers.photo.state_dict().items()}
    losses: list[float] = []
    recipe = dataclasses.replace(RECIPE, lock_photos=True, epochs=6)
    train(towers, data, tmp_path, recipe, on_step=lambda step: losses.append(step.loss))
    assert np.mean(losses[-4:]) < np.mean(losses[:4])
    for name, value in towers.photo.state_dict().items():
        assert torch.equal(value, photos[name]), name


def test_a_run_stopped_by_its_watcher_keeps_the_step_just_done(towers, data, tmp_path: Path) -> None:
    def stop(step) -> None:
        if step.step == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(towers, data, tmp_path, RECIPE, on_step=stop)
    steps: list[int] = []
    train(towers, data, tmp_path, RECIPE, on_step=lambda step: steps.append(step.step))
    assert steps == [3, 4, 5, 6, 7, 8, 9]
