"""A real, small training run: drawn products, both towers, checkpoint, export."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="training needs snapshelf[train]")
pytestmark = pytest.mark.train

from snapshelf.demo import draw_catalogue  # noqa: E402
from snapshelf.encoders import load_encoder, square  # noqa: E402
from snapshelf.errors import TrainingError  # noqa: E402
from snapshelf.training._augment import augment  # noqa: E402
from snapshelf.training._export import export  # noqa: E402
from snapshelf.training._loss import caption_positives, contrastive_loss, same_text  # noqa: E402
from snapshelf.training._model import Architecture, PhotoTower, TwoTowers, load_checkpoint  # noqa: E402
from snapshelf.training._sources import drawn  # noqa: E402
from snapshelf.training._train import Recipe, encode_tokens, train  # noqa: E402

RECIPE = Recipe(epochs=3, decay_epochs=1, batch=16, warmup_steps=2, vocabulary=600, seed=3)
CARD = {"name": "small", "licence": "Apache-2.0", "languages": ["en", "zh"]}


@pytest.fixture(scope="module")
def examples():
    return list(drawn(48, 96, seed=99))


@pytest.fixture(scope="module")
def run(examples, tmp_path_factory: pytest.TempPathFactory):
    folder = tmp_path_factory.mktemp("run")
    losses: list[float] = []
    checkpoint = train(examples, folder, RECIPE, on_step=lambda step: losses.append(step.loss))
    return checkpoint, losses


def test_the_loss_falls(run) -> None:
    _, losses = run
    assert len(losses) == 9
    assert np.mean(losses[-3:]) < np.mean(losses[:3])


def test_a_run_goes_on_from_its_checkpoint(run, examples, tmp_path: Path) -> None:
    checkpoint, _ = run
    for name in ("checkpoint.pt", "tokenizer.json"):
        (tmp_path / name).write_bytes(checkpoint.with_name(name).read_bytes())
    steps: list[int] = []
    train(
        examples,
        tmp_path,
        dataclasses.replace(RECIPE, epochs=4),
        on_step=lambda step: steps.append(step.step),
    )
    assert steps == [10, 11, 12]


def test_the_export_equals_the_model(run, tmp_path: Path) -> None:
    checkpoint, _ = run
    export(checkpoint, tmp_path / "encoder", CARD)
    encoder = load_encoder(tmp_path / "encoder")
    state = load_checkpoint(checkpoint)
    model = TwoTowers(Architecture(**state["shape"]))
    model.load_state_dict(state["model"])
    model.eval()
    products = list(draw_catalogue(count=5, seed=5))
    photos = [product.photo() for product in products]
    pixels = torch.from_numpy(np.stack([square(photo, 96) for photo in photos])).permute(0, 3, 1, 2).float()
    with torch.inference_mode():
        expected = model.photo(pixels / 127.5 - 1).numpy()
    assert (np.sum(encoder.encode_photos(photos) * expected, axis=1) > 0.999).all()
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(checkpoint.with_name("tokenizer.json")))
    for text in ("red dress", "红色连衣裙", "Quillmere 龘 😀"):
        from snapshelf.language import normalise

        with torch.inference_mode():
            vector = model.text(encode_tokens(tokenizer, [normalise(text)])).numpy()
        assert float(vector[0] @ encoder.encode_texts([text])[0]) > 0.999
    card = json.loads((tmp_path / "encoder" / "card.json").read_text(encoding="utf-8"))
    assert card["dimension"] == 256
    assert card["parameters"] == sum(parameter.numel() for parameter in model.parameters())


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


def test_too_few_examples_and_foreign_checkpoints_are_refused(examples, tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="too few"):
        train(examples[:1], tmp_path, RECIPE)
    (tmp_path / "checkpoint.pt").write_bytes(b"not one")
    with pytest.raises(TrainingError, match="not a checkpoint"):
        load_checkpoint(tmp_path / "checkpoint.pt")
    torch.save({"format": 0}, tmp_path / "checkpoint.pt")
    with pytest.raises(TrainingError, match="of this version"):
        load_checkpoint(tmp_path / "checkpoint.pt")


def test_dropped_patches_leave_a_unit_vector() -> None:
    tower = PhotoTower(Architecture(vocabulary=10))
    vectors = tower(torch.rand(3, 3, 96, 96), keep=8)
    torch.testing.assert_close(vectors.norm(dim=1), torch.ones(3))


def test_positives_are_what_captions_are_true_of() -> None:
    labels = torch.tensor([[1, 5], [1, 6], [2, 5], [-2, 5]])
    constraints = torch.tensor([[1, -1], [-1, 5], [2, 5], [-1, -1]])
    expected = torch.tensor(
        [[True, True, False, False], [True, False, True, True], [False, False, True, False], [True] * 4]
    )
    assert torch.equal(caption_positives(constraints, labels), expected)
    assert torch.equal(
        same_text(torch.tensor([7, 8, 7])), torch.tensor([[1, 0, 1], [0, 1, 0], [1, 0, 1]]).bool()
    )


def test_the_loss_is_clips_for_single_positives_and_least_when_all_is_right() -> None:
    vectors = torch.nn.functional.normalize(
        torch.randn(6, 8, generator=torch.Generator().manual_seed(1)), dim=1
    )
    one = torch.eye(6, dtype=torch.bool)
    scale = torch.tensor(10.0)
    logits = scale * vectors @ vectors.T
    target = torch.arange(6)
    clip = (
        torch.nn.functional.cross_entropy(logits, target)
        + torch.nn.functional.cross_entropy(logits.T, target)
    ) / 2
    torch.testing.assert_close(contrastive_loss(vectors, vectors, one, scale), clip)
    assert contrastive_loss(vectors, vectors.roll(1, 0), one, scale) > clip


def test_augmentation_keeps_shape_and_range_and_is_reproducible() -> None:
    photos = torch.rand(12, 3, 96, 96, generator=torch.Generator().manual_seed(2))
    views = [
        augment(
            photos, replaceable=torch.ones(12, dtype=torch.bool), generator=torch.Generator().manual_seed(4)
        )
        for _ in range(2)
    ]
    assert views[0].shape == photos.shape
    assert 0 <= float(views[0].min()) <= float(views[0].max()) <= 1
    assert torch.equal(views[0], views[1])
    assert not torch.equal(views[0], photos)
