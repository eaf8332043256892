"""The guard, with towers whose skill on either set is a number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from PIL import Image
from torch import Tensor, nn
from torch.nn import functional

from snapshelf.errors import EvaluationError, PhotoError, TrainingError
from snapshelf.evaluation import Verdict
from snapshelf.training.captions import Annotation
from snapshelf.training.guard import (
    EvaluationSet,
    general_examples,
    interpolate_weights,
    sweep_alphas,
    verdict,
)
from snapshelf.training.model import Towers
from snapshelf.training.sources.example import Example

pytestmark = pytest.mark.train

PRODUCTS = 120
ALPHAS = (0.25, 0.5, 1.0)


class SkilledTowers(Towers):
    """Knows product k of either set by the colour (k, set, 0); a text's vector is as near to it as the skill says."""

    def __init__(self, target: float, general: float) -> None:
        super().__init__()
        self.image_size, self.dimension = 8, 24
        self.skill = nn.Parameter(torch.tensor([target, general]))
        generator = torch.Generator().manual_seed(0)
        self.register_buffer("meaning", torch.randn(2, PRODUCTS, 24, generator=generator))
        self.register_buffer("noise", torch.randn(2, 2 * PRODUCTS, 24, generator=generator))
        self.register_buffer("steps", torch.tensor(0))

    def preprocess(self, photo: Image.Image) -> np.ndarray:
        return np.asarray(photo.resize((8, 8), Image.Resampling.NEAREST))

    def tokenise(self, texts: Sequence[str]) -> Tensor:
        rows = []
        for text in texts:
            side, number = text.split()[-2:]
            rows.append([int(side == "general"), int(number), int(text.startswith("商品"))])
        return torch.tensor(rows)

    def encode_photos(self, pixels: Tensor, keep: int | None = None) -> Tensor:
        number, side = (pixels[:, channel, 0, 0].mul(255).round().long() for channel in (0, 1))
        return functional.normalize(self.meaning[side, number], dim=-1)

    def encode_texts(self, tokens: Tensor) -> Tensor:
        side, number, chinese = tokens.T
        skill = self.skill[side, None]
        noise = self.noise[side, number + PRODUCTS * chinese]
        return functional.normalize(skill * self.meaning[side, number] + (1 - skill) * noise, dim=-1)

    def belongs_to_photo_tower(self, parameter: str) -> bool:
        return False


def examples(side: str, count: int = PRODUCTS) -> list[Example]:
    def photo(number: int) -> Image.Image:
        return Image.new("RGB", (20, 30), (number, int(side == "general"), 0))

    return [
        Example(
            f"{side}/{number}",
            (lambda number=number: photo(number),),
            Annotation({"en": f"product {side} {number}", "zh": f"商品 {side} {number}"}, {}),
            False,
        )
        for number in range(count)
    ]


def judged(base: tuple[float, float], tuned: tuple[float, float], count: int = PRODUCTS):
    towers = SkilledTowers(*base)
    target, general = (EvaluationSet(examples(side, count), towers) for side in ("target", "general"))
    states = [SkilledTowers(*skills).state_dict() for skills in (base, tuned)]
    mixes = sweep_alphas(*states, towers, target, general, ALPHAS)
    assert towers.skill.tolist() == pytest.approx(tuned)
    return mixes, verdict(mixes, target, general, base="the base")


def test_a_better_model_may_be_promoted_whole() -> None:
    mixes, decision = judged(base=(0.2, 0.6), tuned=(0.6, 0.6))
    assert [mix.alpha for mix in mixes] == [0.0, *ALPHAS]
    assert (decision.may_be_promoted, decision.alpha) == (True, 1.0)
    assert {
        comparison.outcome
        for comparison in decision.comparisons
        if comparison.side == "target" and comparison.decides
    } == {"better"}
    assert {comparison.outcome for comparison in decision.comparisons if comparison.side == "general"} == {
        "unchanged"
    }
    assert {comparison.language for comparison in decision.comparisons} == {"en", "zh"}
    assert all(reason.startswith("better: target: title") for reason in decision.reasons)


def test_forgetting_is_held_against_a_model_and_mixed_away() -> None:
    """The whole tuned model forgets; the mix that is chosen does not."""
    mixes, decision = judged(base=(0.1, 0.9), tuned=(0.6, 0.2))
    assert decision.may_be_promoted
    assert 0 < decision.alpha < 1
    by_alpha = {each.alpha: each for each in decision.mixes}
    assert by_alpha[1.0].general < by_alpha[0.0].general - 0.1
    assert by_alpha[decision.alpha].target > by_alpha[0.0].target
    assert len(mixes) == len(by_alpha)


def test_a_model_that_is_worse_in_every_mix_is_refused_with_the_reason() -> None:
    _, decision = judged(base=(0.5, 0.5), tuned=(0.9, -3.0))
    assert not decision.may_be_promoted
    assert any("general: title, Chinese: RR" in reason for reason in decision.reasons)


def test_a_model_that_says_the_same_of_everything_is_refused() -> None:
    _, decision = judged(base=(0.5, 0.5), tuned=(0.0, 0.0))
    assert not decision.may_be_promoted or decision.alpha < 1


def test_nothing_is_decided_by_a_handful_of_queries() -> None:
    _, decision = judged(base=(0.2, 0.6), tuned=(0.9, 0.6), count=3)
    assert not decision.may_be_promoted
    assert not any(comparison.decides for comparison in decision.comparisons)
    assert [reason.split(":")[0] for reason in decision.reasons] == ["target", "general"]


def test_weights_that_are_no_numbers_are_refused() -> None:
    towers = SkilledTowers(0.5, 0.5)
    evaluation_set = EvaluationSet(examples("target", 12), towers)
    broken = SkilledTowers(float("nan"), 0.5).state_dict()
    with pytest.raises(TrainingError, match=r"skill.*lower learning rates"):
        sweep_alphas(towers.state_dict(), broken, towers, evaluation_set, evaluation_set)


def test_mixes_are_linear_and_low_rank_factors_are_mixed_once() -> None:
    class Adapted(nn.Module):
        def __init__(self, a: float, b: float) -> None:
            super().__init__()
            self.lora_A = nn.Parameter(torch.tensor(a))
            self.lora_B = nn.Parameter(torch.tensor(b))

    towers = Adapted(0.0, 0.0)
    interpolate_weights(towers, Adapted(5.0, 0.0).state_dict(), Adapted(7.0, 4.0).state_dict(), 0.25)
    assert towers.lora_A.item() * towers.lora_B.item() == pytest.approx(0.25 * 7 * 4)


def test_the_models_own_state_may_be_given() -> None:
    """A ``state_dict`` shares memory with the model that the sweep_alphas writes to."""
    towers = SkilledTowers(0.6, 0.6)
    evaluation_set = EvaluationSet(examples("target", 40), towers)
    mixes = sweep_alphas(
        SkilledTowers(0.1, 0.1).state_dict(),
        towers.state_dict(),
        towers,
        evaluation_set,
        evaluation_set,
        (0.5, 1.0),
    )
    means = [float(mix.sides["target"][0].values[:, 2].mean()) for mix in mixes]
    assert means == sorted(means)
    assert means[0] < means[1] < means[2]


def test_photos_that_cannot_be_used_are_told_and_left_out() -> None:
    def broken() -> Image.Image:
        raise PhotoError("half a file")

    good = examples("target", 12)
    messages: list[str] = []
    towers = SkilledTowers(0.5, 0.5)
    evaluation_set = EvaluationSet(
        [replace(good[0], photos=(broken,)), *good[1:]], towers, on_skipped=messages.append
    )
    assert (len(evaluation_set), messages) == (11, ["target/0: half a file"])
    with pytest.raises(TrainingError, match="not one photo"):
        EvaluationSet([replace(good[0], photos=(broken,))], towers)


def test_tasks_are_made_of_what_examples_say() -> None:
    """Labels that the lexicon knows are asked in both languages, others as they are; further photos find the first."""
    towers = SkilledTowers(0.5, 0.5)
    colours, classes = ("Red", "Blue"), ("Dresses", "Tshirts", "sprocket 17")
    rows = [
        replace(
            example,
            photos=example.photos * 2,
            annotation=Annotation({}, {"article": classes[n % 3], "colour": colours[n % 2]}),
        )
        for n, example in enumerate(examples("target", 12))
    ]
    tasks = {(task.name, task.language): task for task in EvaluationSet(rows, towers).tasks}
    assert tasks["class: article", "en"].parts[0].queries == classes
    assert len(tasks["class: article", "zh"].parts[0].queries) == 2
    assert len(tasks["class: colour + article", "en"].parts[0].queries) == 6
    assert ("photo → picture", None) in tasks
    assert ("look-alike", None) in tasks
    assert ("title", "en") not in tasks
    parts = tasks["class", "en"].parts
    assert [part.name for part in parts] == ["article", "colour", "colour + article"]


def test_the_general_set_has_both_languages_and_shoppers_photos() -> None:
    first = next(general_examples())
    assert set(first.annotation.titles) == {"en", "zh"}
    assert len(first.photos) == 2


def test_a_verdict_is_written_and_read(tmp_path: Path) -> None:
    _, decision = judged(base=(0.2, 0.6), tuned=(0.6, 0.6), count=30)
    decision.write(tmp_path / "verdict.json")
    assert Verdict.read(tmp_path / "verdict.json") == decision
    (tmp_path / "verdict.json").write_text('{"format": 99}', encoding="utf-8")
    with pytest.raises(EvaluationError, match="another version"):
        Verdict.read(tmp_path / "verdict.json")
    with pytest.raises(EvaluationError, match=r"none\.json"):
        Verdict.read(tmp_path / "none.json")
