"""Fine-tunes of a tiny encoder on drawn products, from the feed to the verdict, and all that can go wrong."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="training needs snapshelf[train]")
pytestmark = pytest.mark.train

from PIL import Image

from snapshelf.encoders import Card, load_encoder
from snapshelf.errors import EncoderError, TrainingError
from snapshelf.evaluation import Verdict
from snapshelf.training import (
    Example,
    Recipe,
    Stage,
    default_recipe,
    feed_examples,
    fine_tune,
    folder_examples,
)
from snapshelf.training.captions import Annotation
from snapshelf.training.model import TwoTowers
from tests.training.small_shop import RECIPE

SHORT = replace(RECIPE, epochs=2.0, decay_epochs=1.0)
Tune = Callable[..., Verdict]


@pytest.fixture
def tune(tiny: Path, other_shop: Path) -> Tune:
    """Fine-tune the tiny encoder in a short run."""

    def run(examples: object, out: Path, recipe: Recipe = SHORT, **options: object) -> Verdict:
        general = feed_examples(other_shop)
        return fine_tune(examples, out, base=tiny, recipe=recipe, general=general, device="cpu", **options)

    return run


def training_steps(stages: list[Stage]) -> list[int]:
    return [stage.done for stage in stages if stage.name == "training"]


@pytest.fixture(scope="module")
def finished(tiny: Path, other_shop: Path, shop: Path, tmp_path_factory: pytest.TempPathFactory):
    """A whole run: its folder, verdict and stages."""
    out = tmp_path_factory.mktemp("finished") / "shop-encoder"
    stages: list[Stage] = []
    verdict = fine_tune(
        feed_examples(shop),
        out,
        base=tiny,
        recipe=replace(RECIPE, epochs=20.0, decay_epochs=6.0),
        general=feed_examples(other_shop),
        device="cpu",
        source="products.jsonl",
        on_progress=stages.append,
    )
    return out, verdict, stages


def test_a_fine_tune_is_better_at_what_it_was_held_back_from(finished) -> None:
    _, verdict, stages = finished
    titles = [
        comparison
        for comparison in verdict.comparisons
        if comparison.side == "target" and comparison.task == "title" and comparison.decides
    ]
    assert {comparison.language for comparison in titles} == {"en", "zh"}
    for comparison in titles:
        assert comparison.queries >= 20
        assert comparison.tuned > comparison.base
    assert any(
        comparison.outcome == "better" for comparison in verdict.comparisons if comparison.side == "target"
    )
    assert list(dict.fromkeys(stage.name for stage in stages)) == [
        "reading",
        "comparing photos",
        "decoding photos",
        "training",
        "judging",
        "exporting",
    ]
    for name in ("comparing photos", "decoding photos", "training", "judging", "exporting"):
        assert [stage.total for stage in stages if stage.name == name][-1] == [
            stage.done for stage in stages if stage.name == name
        ][-1]


def test_the_folder_is_an_encoder_with_its_card_and_verdict(finished, tiny: Path) -> None:
    out, verdict, _ = finished
    encoder = load_encoder(out)
    assert Verdict.read(out / "verdict.json") == verdict
    assert verdict.tuned == encoder.fingerprint
    assert verdict.base == load_encoder(tiny).fingerprint
    card = Card.read(out)
    assert (card.name, card.licence, card.languages) == ("shop-encoder", "MIT", ("en", "zh"))
    fields = json.loads((out / "card.json").read_text("utf-8"))
    assert fields["base"] == {"name": "tiny", "fingerprint": verdict.base}
    assert fields["credits"] == "drawn by lot"
    assert fields["data"]["source"] == "products.jsonl"
    assert fields["data"]["examples"] == fields["data"]["english_titles"] == 100
    assert fields["split"]["learnt_from"] + fields["split"]["held_out"] == 100
    assert fields["split"]["held_out"] >= 25
    assert fields["seed"] == fields["split"]["seed"] == RECIPE.seed
    assert fields["recipe"]["loss"] == "contrastive"
    assert fields["made_with"]["torch"].startswith(torch.__version__.split("+")[0])
    assert {figure["language"] for figure in fields["figures"]["target"]} >= {"en", "zh"}
    assert len(fields["categories"]) == len(verdict.categories) > 5
    readable = (out / "README.md").read_text("utf-8")
    for text in ("# shop-encoder", "tuned from tiny", "| title | Chinese | RR |", "## By category", "MIT"):
        assert text in readable


def test_the_curves_are_there_for_tensorboard(finished) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    out, _, stages = finished
    curves = EventAccumulator(str(out / "logs"))
    curves.Reload()
    losses = curves.Scalars("loss/all")
    assert [event.step for event in losses] == training_steps(stages)
    assert np.mean([event.value for event in losses[-5:]]) < np.mean([event.value for event in losses[:5]])
    assert {"loss/title", "rate", "photos per second"} <= set(curves.Tags()["scalars"])


def test_a_run_that_is_prolonged_goes_on(tune: Tune, shop: Path, tmp_path: Path) -> None:
    stages: list[Stage] = []
    tune(feed_examples(shop), tmp_path, on_progress=stages.append)
    steps = training_steps(stages)
    stages.clear()
    tune(feed_examples(shop), tmp_path, replace(SHORT, epochs=3.0), on_progress=stages.append)
    assert training_steps(stages) == [steps[-1] + number for number in range(1, steps[-1] // 2 + 1)]
    assert "decoding photos" not in {stage.name for stage in stages}


def test_another_run_does_not_go_on_in_its_folder(finished, tune: Tune, shop: Path, tmp_path: Path) -> None:
    out = shutil.copytree(finished[0], tmp_path / "copy")
    for examples, recipe, different in (
        (list(feed_examples(shop)), replace(SHORT, seed=6), "seed"),
        (list(feed_examples(shop))[:60], SHORT, "examples"),
        (list(feed_examples(shop)), replace(SHORT, loss="sigmoid"), "loss"),
    ):
        with pytest.raises(TrainingError, match=rf"made with other .*{different}.*another --out"):
            tune(examples, out, recipe)


def test_classes_alone_are_learnt_from(tune: Tune, tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    for name, colour in (("red_dress", (200, 30, 30)), ("mug", (30, 30, 200))):
        (tmp_path / "photos" / name).mkdir(parents=True)
        for number in range(30):
            noise = rng.integers(-25, 25, (24, 24, 3))
            photo = Image.fromarray(np.clip(np.array(colour) + noise, 0, 255).astype(np.uint8))
            photo.save(tmp_path / "photos" / name / f"{number}.png")
    verdict = tune(folder_examples(tmp_path / "photos"), tmp_path / "out")
    assert {figures.category for figures in verdict.categories} == {"dress", "mug"} or len(
        verdict.categories
    ) == 2
    assert load_encoder(tmp_path / "out").encode_texts(["mug"]).shape == (1, 24)


def test_a_teacher_is_imitated_and_named(tune: Tune, tiny: Path, shop: Path, tmp_path: Path) -> None:
    tune(feed_examples(shop), tmp_path, replace(SHORT, loss="sigmoid"), teacher=load_encoder(tiny))
    card = json.loads((tmp_path / "card.json").read_text("utf-8"))
    assert card["teacher"] == "tiny"
    assert card["recipe"]["loss"] == "sigmoid"
    assert "distilled from tiny" in (tmp_path / "README.md").read_text("utf-8")


def test_weights_and_biases_offline(
    tune: Tune, shop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("wandb", reason="Weights & Biases is not installed")
    monkeypatch.setenv("WANDB_MODE", "offline")
    monkeypatch.setenv("WANDB_SILENT", "true")
    tune(feed_examples(shop), tmp_path)
    assert list((tmp_path / "logs" / "wandb").glob("offline-run-*/*.wandb"))


# What can go wrong


def few(count: int, title: str = "", label: str = "") -> list[Example]:
    """Examples that say the same of differing photos; # stands for the example's number."""

    def photo(number: int) -> Callable[[], Image.Image]:
        return lambda: Image.new("RGB", (16, 16), (number, 255 - number, 0))

    return [
        Example(
            str(number),
            (photo(number),),
            Annotation(
                {"en": title.replace("#", str(number))} if title else {},
                {"class": label.replace("#", str(number))} if label else {},
            ),
            False,
        )
        for number in range(count)
    ]


@pytest.mark.parametrize(
    ("examples", "said"),
    [
        (few(3, "Dress #"), "3 products are too few .* at least 20"),
        (few(0), "0 products are too few"),
        (few(40), "neither titles nor labels"),
        (few(40, label="dress"), r"say the same \('dress'\).*at least two classes"),
        (few(40, "Dress", "colour #"), "titles that tell"),
    ],
    ids=["three products", "none", "no text", "one class", "one title"],
)
def test_examples_that_teach_nothing_are_refused(tune: Tune, examples, said: str, tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match=said):
        tune(examples, tmp_path)
    with pytest.raises(EncoderError):
        load_encoder(tmp_path)


def test_corrupt_photos_are_left_out_and_told(tune: Tune, shop: Path, tmp_path: Path) -> None:
    feed = shutil.copytree(shop.parent, tmp_path / "shop") / "products.jsonl"
    broken = sorted((feed.parent / "photos").iterdir())[:40]
    for number, photo in enumerate(broken):
        photo.write_bytes(photo.read_bytes()[: 60 * (number % 2)])
    notes: list[str] = []
    tune(feed_examples(feed), tmp_path / "out", on_notice=notes.append)
    assert len(notes) == 2
    assert "photos cannot be used and are left out; the first: " in notes[0]
    assert "photos of the evaluation cannot be used" in notes[1]
    left_out = [int(note.split()[0]) for note in notes]
    assert sum(left_out) == 40
    card = json.loads((tmp_path / "out" / "card.json").read_text("utf-8"))
    assert card["data"]["unusable"] == left_out[0]


def test_only_corrupt_photos_are_refused(tune: Tune, shop: Path, tmp_path: Path) -> None:
    feed = shutil.copytree(shop.parent, tmp_path / "shop") / "products.jsonl"
    for number, photo in enumerate(sorted((feed.parent / "photos").iterdir())):
        photo.write_bytes(f"no photo {number}".encode())
    with pytest.raises(TrainingError, match=r"too few to learn from.*could not be read"):
        tune(feed_examples(feed), tmp_path / "out")


def test_products_without_a_word_are_left_out(tune: Tune, shop: Path, tmp_path: Path) -> None:
    silent = few(5)
    notes: list[str] = []
    tune([*silent, *feed_examples(shop)], tmp_path, on_notice=notes.append)
    assert notes == ["5 examples are left out: they have no photo, or neither a title nor a label"]


@pytest.mark.parametrize("content", [b"not one", {"format": 0}])
def test_a_checkpoint_of_another_version_is_refused(
    tune: Tune, shop: Path, tmp_path: Path, content: bytes | dict[str, int]
) -> None:
    (tmp_path / "run").mkdir()
    path = tmp_path / "run" / "checkpoint.pt"
    path.write_bytes(content) if isinstance(content, bytes) else torch.save(content, path)
    with pytest.raises(
        TrainingError, match=r"(?s)checkpoint\.pt: not a checkpoint .*delete it to start again"
    ):
        tune(feed_examples(shop), tmp_path)
    assert not (tmp_path / "card.json").exists()


def test_a_loss_that_is_no_number_leaves_no_encoder(tune: Tune, shop: Path, tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match=r"the loss became .*lower the learning rates"):
        tune(feed_examples(shop), tmp_path, replace(SHORT, photo_rate=1e36, text_rate=1e36))
    with pytest.raises(EncoderError):
        load_encoder(tmp_path)


@pytest.fixture
def little_memory(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """More than so many photos at once ask for more memory than there is."""
    room, encode = [12], TwoTowers.encode_photos

    def encode_photos(self, pixels, keep=None):
        if self.training and len(pixels) > room[0]:
            torch.empty(1 << 50)
        return encode(self, pixels, keep)

    monkeypatch.setattr(TwoTowers, "encode_photos", encode_photos)
    return room


def test_a_batch_that_does_not_fit_is_halved(tune: Tune, shop: Path, tmp_path: Path, little_memory) -> None:
    notes: list[str] = []
    stages: list[Stage] = []
    tune(feed_examples(shop), tmp_path, on_progress=stages.append, on_notice=notes.append)
    assert notes == ["memory does not suffice; going on with 12 in a step"]
    steps = training_steps(stages)
    assert steps == list(range(1, len(steps) + 1))
    assert json.loads((tmp_path / "card.json").read_text("utf-8"))["recipe"]["batch"] == 12
    # Another start does not try the larger batch again.
    notes.clear()
    tune(feed_examples(shop), tmp_path, replace(SHORT, epochs=2.5), on_notice=notes.append)
    assert notes == []


def test_too_little_memory_is_said(tune: Tune, shop: Path, tmp_path: Path, little_memory) -> None:
    little_memory[0] = 1
    with pytest.raises(TrainingError, match="a batch of 8 does not fit into memory"):
        tune(feed_examples(shop), tmp_path)


def test_an_adapter_is_for_large_models(tune: Tune, shop: Path, tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match=r"adapters .* are for large models"):
        tune(feed_examples(shop), tmp_path, lora=4)
    with pytest.raises(TrainingError, match="no such model"):
        fine_tune([], tmp_path, base="nowhere")


def test_large_models_learn_slower_unless_by_an_adapter(tiny: Path, tmp_path: Path) -> None:
    small = default_recipe("bundled")
    assert default_recipe(tiny) == small
    assert default_recipe(tmp_path).photo_rate < small.photo_rate
    assert default_recipe(tmp_path, lora=8).photo_rate == small.photo_rate


def test_a_large_model_learns_through_an_adapter(shop: Path, other_shop: Path, tmp_path: Path) -> None:
    if not (find_spec("transformers") and find_spec("peft")):
        pytest.skip("large models need their libraries")
    from tests.training.large_checkpoints import siglip

    siglip(tmp_path / "siglip")
    verdict = fine_tune(
        feed_examples(shop),
        tmp_path / "out",
        base=tmp_path / "siglip",
        recipe=SHORT,
        general=feed_examples(other_shop),
        lora=2,
        device="cpu",
    )
    card = json.loads((tmp_path / "out" / "card.json").read_text("utf-8"))
    assert (card["kind"], card["lora"], card["licence"]) == ("siglip", 2, "NOASSERTION")
    assert card["base"] == {"name": "siglip", "fingerprint": verdict.base}
    assert load_encoder(tmp_path / "out").fingerprint == verdict.tuned
    assert (tmp_path / "out" / "adapter" / "adapter_model.safetensors").is_file()


def test_two_processes_train_one_model(shop: Path, other_shop: Path, tiny: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2"]
    command += ["--rdzv-backend", "c10d", "--rdzv-endpoint", "localhost:0", "--no-python"]
    command += [
        str(Path(sys.executable).with_name("snapshelf")),
        "train",
        str(shop),
        "--out",
        str(tmp_path / "out"),
    ]
    command += ["--base", str(tiny), "--general", str(other_shop), "--device", "cpu", "--epochs", "2"]
    command += ["--batch", "24", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=240)
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert result["tuned"] == load_encoder(tmp_path / "out").fingerprint
    assert "training: 6 of 6" in done.stderr
